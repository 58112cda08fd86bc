import { activityInfo, heartbeat } from '@temporalio/activity';
import type { CallActivities, FinalUpdate } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/rules/twilioStatus.js';
import { withClientOf } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { secondsSinceLastCallback, withStoredCallbacks } from './storedCallbacks.js';
import { updateFromCall } from './twilio/callResource.js';
import { isNotFound, orReadRefusal, retryLater, twilioUnavailable } from './twilio/retryable.js';

/**
 * Polls Twilio for the final status of a call. Throws `CallNotOver`, and Temporal retries, on any other
 * status (even one that Twilio never used before) and when Twilio cannot be reached. `isLast`: null once
 * Twilio has answered without a final status. A refusal to be read is returned once: see `orReadRefusal`.
 */
export function pollCall(deps: ActivityDeps) {
  return (input: PollCallInput) => orReadRefusal(input.knownRefusal, () => poll(input));

  async function poll(input: PollCallInput): Promise<FinalUpdate | null> {
    const { callSid, isLast, patienceSeconds } = input;
    // An earlier poll may have seen it ring. The Call resource no longer shows that once the call is over.
    const rangBefore = activityInfo().heartbeatDetails?.rang === true;
    if (activityInfo().attempt === 1 && patienceSeconds !== undefined) {
      const silentSeconds = await secondsSinceLastCallback(deps, input);
      if (silentSeconds !== null && silentSeconds < patienceSeconds)
        throw retryLater(
          'CallNotOver',
          'callbacks still come, so Twilio is not polled yet',
          Math.ceil(patienceSeconds - silentSeconds),
        );
    }
    const call = await withClientOf(deps, input, ({ calls }) => calls(callSid).fetch()).catch((error) => {
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

type PollCallInput = Parameters<CallActivities['pollCall']>[0];
