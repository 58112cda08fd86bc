import { callingWindowFaults } from '../../../activities/calling-window/callingWindowFaults.js';
import type { CallRules } from '../../../activities/deps/activitySettings.js';
import { destinationFaults } from '../../../activities/destinations/destinationFaults.js';
import { type checkCallRequest, validFields } from '../../../activities/validation/callRequestSchema.js';
import type { Fault } from '../../../activities/validation/fault.js';
import { privateUrlFaults } from '../../../activities/webhooks/privateUrlFaults.js';
import type { CallRequest } from '../../../workflows/callRequest.js';

/** The operator's settings that a request may be at odds with. */
export type MomentRules = Pick<CallRules, 'callingWindow' | 'destinations' | 'notify'>;

/**
 * Faults of a request at this moment, by the clock and by the operator's settings; whatever else is wrong with it. They hold only
 * when a call is requested: when a workflow begins, `giveUpAt` may rightly have passed. Settings that are null rule nothing out.
 */
export function momentFaults(
  body: unknown,
  checked: ReturnType<typeof checkCallRequest>,
  { callingWindow, destinations, notify }: MomentRules,
): Fault[] {
  const fields = 'request' in checked ? checked.request : validFields(body);
  const { to, notBefore, giveUpAt } = fields;
  const isWindowFaulty =
    (body as Partial<CallRequest> | null)?.callingWindow !== undefined && !fields.callingWindow;
  // With a faulty window of its own, the operator's does not count.
  const timed = isWindowFaulty
    ? { ...(notBefore === undefined ? {} : { notBefore }), ...(giveUpAt === undefined ? {} : { giveUpAt }) }
    : fields;
  return [
    ...giveUpAtFaults(giveUpAt),
    ...callingWindowFaults(timed, callingWindow),
    ...(to === undefined ? [] : destinationFaults(to, destinations)),
    ...privateUrlFaults(fields, notify.allowPrivate),
  ];
}

function giveUpAtFaults(giveUpAt: string | undefined): Fault[] {
  if (giveUpAt === undefined || Date.parse(giveUpAt.toUpperCase()) > Date.now()) return [];
  const message = `is ${JSON.stringify(giveUpAt)}, which has passed; must lie in the future`;
  return [{ path: 'giveUpAt', message }];
}
