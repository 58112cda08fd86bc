import { activityInfo, heartbeat } from '@temporalio/activity';
import type { FinalUpdate } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/rules/twilioStatus.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { throwIfOtherAccount } from './otherAccount.js';
import { secondsSinceLastCallback, withStoredCallbacks } from './storedCallbacks.js';
import { updateFromCall } from './twilio/callResource.js';
import { isNotFound, orReadRefusal, retryLater, twilioUnavailable } from './twilio/retryable.js';

/**
 * Polls Twilio for the final status of a call. Throws `CallNotOver`, and Temporal retries, on any other
 * status (even one that Twilio never used before) and when Twilio cannot be reached. `isLast`: null once
 * Twilio has answered without a final status. A refusal to be read is returned once: see `orReadRefusal`.
 */
export function pollCall(deps: ActivityDeps) {
  const { twilio } = deps;
  return (input: PollCallInput) => orReadRefusal(input.knownRefusal, () => poll(input));

  async function poll({ callSid, isLast, patienceSeconds }: PollCallInput): Promise<FinalUpdate | null> {
    // An earlier poll may have seen it ring. The Call resource no longer shows that once the call is over.
    const rangBefore = activityInfo().heartbeatDetails?.rang === true;
    if (activityInfo().attempt === 1 && patienceSeconds !== undefined) {
      const silentSeconds = await secondsSinceLastCallback(deps, callSid);
      if (silentSeconds !== null && silentSeconds < patienceSeconds)
        throw retryLater(
          'CallNotOver',
          'callbacks still come, so Twilio is not polled yet',
          Math.ceil(patienceSeconds - silentSeconds),
        );
    }
    const call = await twilio
      .calls(callSid)
      .fetch()
      .catch(async (error) => {
        await throwIfOtherAccount(deps, callSid, error);
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
  }
}

interface PollCallInput {
  callSid: string;
  knownRefusal: number | null;
  /** The last moment has passed: any answer of Twilio's is returned. */
  isLast: boolean;
  /**
   * Polls only after this long without a stored callback, which the workflow may not know. Postpones the
   * first try only.
   */
  patienceSeconds?: number;
}
