import { activityInfo, heartbeat } from '@temporalio/activity';
import type { FinalUpdate } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/rules/twilioStatus.js';
import type { ActivityDeps } from './deps.js';
import { isNotFound, retryLater, twilioUnavailable } from './retryable.js';
import { secondsSinceLastCallback, withStoredCallbacks } from './storedCallbacks.js';
import { updateFromCall } from './twilio/callResource.js';

/**
 * Polls Twilio for the final status of a call. Any other status, even one that Twilio never used before, and any trouble in
 * asking is no answer: throws `CallNotOver`, and Temporal retries. `isLast`: returns null once Twilio has
 * answered with another status.
 */
export function pollCall(deps: ActivityDeps) {
  const { twilio } = deps;
  return async ({ callSid, isLast, patienceSeconds }: PollCallInput): Promise<FinalUpdate | null> => {
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
    const call = await twilio
      .calls(callSid)
      .fetch()
      .catch((error) => {
        if (isLast && isNotFound(error)) return null;
        if (rangBefore) heartbeat({ rang: true });
        throw twilioUnavailable('CallNotOver', error);
      });
    if (call === null) return null;
    if (call.sid !== callSid)
      throw retryLater('CallNotOver', `Twilio answered about another call: ${call.sid}`);
    const update = updateFromCall(call, rangBefore);
    if (isTerminal(update.status)) return withStoredCallbacks(deps, update);
    if (isLast) return null;
    if (update.rang) heartbeat({ rang: true });
    throw retryLater('CallNotOver', `Twilio says: ${update.status || 'no status'}`);
  };
}

interface PollCallInput {
  callSid: string;
  /** Nobody asks again after this answer. */
  isLast: boolean;
  /** Silence after which Twilio is asked. The call may have been told of less than callbacks said: postponed once for those. */
  patienceSeconds?: number;
}
