import type { CallActivities, FinalUpdate } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/rules/twilioStatus.js';
import { withClientOf } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { withStoredCallbacks } from './storedCallbacks.js';
import { updateFromCall } from './twilio/callResource.js';
import { isNotFound, orReadRefusal, retryLater, twilioUnavailable } from './twilio/retryable.js';
import { TwilioRestError } from './twilio/twilioRestError.js';

/** "Call is not in a state for this operation": it has ended in the meantime. */
const callAlreadyEnded = 21220;

/**
 * Ends a call and returns what Twilio then says of it. Throws `CallNotOver`, and Temporal retries, until the
 * status is final. `isLast`: null once Twilio has answered without a final status. A refusal to be read is
 * returned once: see `orReadRefusal`.
 *
 * `canceled` stops a call that was not answered and has no effect on one that was; `completed` hangs up. Both
 * may be repeated. Source: Twilio, "Update a Call resource".
 */
export function endCall(deps: ActivityDeps) {
  return (input: EndCallInput) => orReadRefusal(input.knownRefusal, () => end(input));

  async function end(input: EndCallInput): Promise<FinalUpdate | null> {
    const { callSid, isLast } = input;
    const fetchUpdate = () =>
      withClientOf(deps, input, ({ calls }) => calls(callSid).fetch()).then(
        (call) => {
          if (call.sid !== callSid)
            throw retryLater('CallNotOver', `Twilio answered about another call: ${call.sid}`);
          return updateFromCall(call, false);
        },
        (error) => {
          if (isLast && isNotFound(error)) return null;
          throw twilioUnavailable('CallNotOver', error);
        },
      );
    const before = await fetchUpdate();
    if (before === null) return null;
    if (isTerminal(before.status)) return withStoredCallbacks(deps, before);
    const answered = before.status === 'in-progress';
    const status = answered ? 'completed' : 'canceled';
    await withClientOf(deps, input, ({ calls }) => calls(callSid).update({ status })).catch((error) => {
      if (!(error instanceof TwilioRestError && error.error.code === callAlreadyEnded))
        throw twilioUnavailable('CallNotOver', error);
    });
    const after = await fetchUpdate();
    if (after !== null && isTerminal(after.status))
      return withStoredCallbacks(deps, { ...after, rang: after.rang || before.rang });
    if (isLast) return null;
    throw retryLater(
      'CallNotOver',
      `the call is being ended; Twilio still says: ${after?.status || 'no status'}`,
    );
  }
}

type EndCallInput = Parameters<CallActivities['endCall']>[0];
