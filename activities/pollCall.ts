import { activityInfo, heartbeat } from '@temporalio/activity';
import type { FinalUpdate } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/rules/twilioStatus.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { secondsSinceLastCallback, withStoredCallbacks } from './storedCallbacks.js';
import { updateFromCall } from './twilio/callResource.js';
import { isNotFound, isPast, retryLater, twilioUnavailable } from './twilio/retryable.js';

/**
 * Polls Twilio for the final status of a call. Any other status, even one that Twilio never used before, and any trouble in
 * asking is no answer: throws `CallNotOver`, and Temporal retries. Null: Twilio answered after `decideBy`, and not with a
 * final status.
 */
export function pollCall(deps: ActivityDeps) {
  const { twilio } = deps;
  return async ({ callSid, decideBy, patienceSeconds }: PollCallInput): Promise<FinalUpdate | null> => {
    // What an earlier poll saw survives in the heartbeat: that it rang is gone from the resource when the call is over.
    const rangBefore = activityInfo().heartbeatDetails?.rang === true;
    if (activityInfo().attempt === 1 && patienceSeconds !== undefined) {
      const silentSeconds = await secondsSinceLastCallback(deps, callSid);
      if (silentSeconds !== null && silentSeconds < patienceSeconds)
        throw retryLater(
          'CallNotOver',
          'callbacks come: not asked yet',
          Math.ceil(patienceSeconds - silentSeconds),
        );
    }
    const isLate = isPast(twilio, decideBy);
    const call = await twilio
      .calls(callSid)
      .fetch()
      .catch((error) => {
        if (isLate && isNotFound(error)) return null;
        if (rangBefore) heartbeat({ rang: true });
        throw twilioUnavailable('CallNotOver', error);
      });
    if (call === null) return null;
    if (call.sid !== callSid)
      throw retryLater('CallNotOver', `Twilio answered about another call: ${call.sid}`);
    const update = updateFromCall(call, rangBefore);
    if (isTerminal(update.status)) return withStoredCallbacks(deps, update);
    if (isLate) return null;
    if (update.rang) heartbeat({ rang: true });
    throw retryLater('CallNotOver', `Twilio says: ${update.status || 'no status'}`);
  };
}

interface PollCallInput {
  callSid: string;
  /** ISO 8601, by Twilio's clock. */
  decideBy: string;
  /** Silence after which Twilio is asked. The call may have been told of less than callbacks said: postponed once for those. */
  patienceSeconds?: number;
}
