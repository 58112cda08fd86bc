import type { DialLimits } from '../../../activities/store/placements/dialLimits.js';
import { isObject, limitFaults } from '../../../activities/validation/fault.js';
import { longestReason, reasonRule } from '../do-not-call/doNotCallSchema.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { readJson } from '../http/jsonBody.js';
import { invalidRequest } from '../http/problem.js';
import { checkLimits, type DialingAnswer } from './dialingSchema.js';

/** `GET /dialing`: limits, pause, breaker, and what is under way. */
export function readDialing(tools: ApiTools) {
  return (c: ApiContext): Promise<Response> => answerDialing(tools, c);
}

/** `PATCH /dialing/limits`: holds from the next dial on. */
export function setLimits(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const checked = checkLimits(json.body);
    if ('faults' in checked) return invalidRequest(c, checked.faults);
    const { accountSid, store, log } = tools;
    await store.setDialLimits({ accountSid, limits: checked.limits });
    log.warn({ limits: checked.limits, by: c.get('client') }, 'limits of dialing were set');
    return answerDialing(tools, c);
  };
}

/** `POST /dialing/pause`: nothing more is dialed; calls under way go on. */
export function pauseDialing(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const input = await pauseInput(c);
    if ('refusal' in input) return input.refusal;
    const { accountSid, store, log } = tools;
    await store.pauseDialing({ accountSid, reason: input.reason });
    log.warn({ by: c.get('client') }, 'dialing was paused');
    return answerDialing(tools, c);
  };
}

/** `POST /dialing/resume`: ends a pause, and closes an open breaker. */
export function resumeDialing(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const { accountSid, store, log } = tools;
    await store.resumeDialing({ accountSid });
    log.warn({ by: c.get('client') }, 'dialing was resumed');
    return answerDialing(tools, c);
  };
}

async function answerDialing({ accountSid, store, dialLimits }: ApiTools, c: ApiContext): Promise<Response> {
  const configured = dialLimits ? configuredLimits(dialLimits) : null;
  const answer: DialingAnswer = { accountSid, ...(await store.readDialing({ accountSid })), configured };
  return c.json(answer);
}

/** The workers' limits in the form of the operators' ones, in which 0 means no limit. */
function configuredLimits(limits: DialLimits): NonNullable<DialingAnswer['configured']> {
  return {
    callsPerSecond: limits.callsPerSecond,
    callsInFlight: limits.callsInFlight ?? 0,
    contactsPerNumber: limits.contactsPerNumber?.count ?? 0,
    contactsPeriodSeconds: limits.contactsPerNumber?.seconds ?? null,
    callsPerNumber: limits.callsPerNumber ?? 0,
  };
}

async function pauseInput(c: ApiContext): Promise<{ reason: string | null } | { refusal: Response }> {
  if ((await c.req.arrayBuffer()).byteLength === 0) return { reason: null };
  const json = await readJson(c);
  if ('refusal' in json) return json;
  const { body } = json;
  if (!isObject(body)) {
    const message = 'must be a JSON object with an optional reason, or no body at all';
    return { refusal: invalidRequest(c, [{ path: '', message }]) };
  }
  const { reason = null, ...others } = body;
  const isReason = reason === null || (typeof reason === 'string' && reason.length <= longestReason);
  const faults = [
    ...(isReason ? [] : [{ path: 'reason', message: `must be ${reasonRule}` }]),
    ...Object.keys(others).map((path) => ({ path, message: 'is unknown; must be reason' })),
  ];
  if (faults.length > 0) return { refusal: invalidRequest(c, limitFaults(faults)) };
  return { reason: reason as string | null };
}
