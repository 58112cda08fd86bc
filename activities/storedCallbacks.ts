import { activityInfo, heartbeat } from '@temporalio/activity';
import type { CallActivities, FinalUpdate } from '../workflows/callActivities.js';
import type { CallUpdate } from '../workflows/callOutcome.js';
import { clientIfConfigured } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { retryLater } from './twilio/retryable.js';

/**
 * Adds the stored callbacks of this Twilio call to a final update. Throws `CallNotOver` while the store is
 * away: without it nothing can be recorded anyway, and the evidence that it rang must not be lost.
 */
export async function withStoredCallbacks(deps: ActivityDeps, update: CallUpdate): Promise<FinalUpdate> {
  try {
    const stored = await readStoredCallbacks(deps, update.callSid);
    return stored.length === 0 ? update : { ...update, stored };
  } catch (error) {
    if (update.rang) heartbeat({ rang: true });
    const why = error instanceof Error ? error.message : String(error);
    throw retryLater(
      'CallNotOver',
      `the call is over (${update.status}), but its stored callbacks cannot be read: ${why}`,
    );
  }
}

/** Twilio's clock is known to the second only, so what has just happened may seem to lie in the future. */
const clockSlackSeconds = 5;

/** Seconds since the latest event that a stored callback reported; null when there is none. */
export async function secondsSinceLastCallback(
  deps: ActivityDeps,
  { callSid, account }: Pick<Parameters<CallActivities['pollCall']>[0], 'callSid' | 'account'>,
): Promise<number | null> {
  const stored = await readStoredCallbacks(deps, callSid).catch(() => []);
  const times = stored.flatMap(({ at }) => (at === null ? [] : [Date.parse(at)]));
  if (times.length === 0) return null;
  const aheadSeconds = clientIfConfigured(deps, account)?.clockAheadSeconds() ?? 0;
  const seconds = aheadSeconds + (Date.now() - Math.max(...times)) / 1000;
  return seconds < -clockSlackSeconds ? null : Math.max(0, seconds);
}

async function readStoredCallbacks({ store }: ActivityDeps, callSid: string): Promise<CallUpdate[]> {
  const callId = activityInfo().workflowExecution?.workflowId ?? '';
  return (await store.storedUpdates({ callId, callSid })) ?? [];
}
