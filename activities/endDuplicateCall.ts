import { activityInfo, heartbeat, log } from '@temporalio/activity';
import type { DuplicateCall } from '../workflows/callActivities.js';
import { isTerminal } from '../workflows/rules/twilioStatus.js';
import { clientOf } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { isNotFound, retryLater, twilioUnavailable } from './twilio/retryable.js';
import { isSpellingOf } from './validation/canonicalNumber.js';

/** What the heartbeat says once the alarm was raised. */
const raised = 'raised';
/** A callback named the call under a right signature, so it is reported even if Twilio does not show it. */
const triesBeforeAlarm = 5;

/**
 * Ends a second Twilio call of one attempt. Does nothing to a call that is not ours: to another number, from another caller
 * id, or of another attempt. Throws `CallNotOver` until the call is over.
 */
export function endDuplicateCall(deps: ActivityDeps) {
  const { store, emit } = deps;
  return async (input: DuplicateCall): Promise<void> => {
    const { callId, attempt, callSid, duplicateSid, account, to, requestedTo, from } = input;
    const resource = clientOf(deps, 'CallNotOver', account).calls(duplicateSid);
    // Once, however often the call has to be ended.
    const raiseAlarm = (what: string) => {
      if (activityInfo().heartbeatDetails === raised) return;
      emit({ kind: 'duplicate-call', callId, attempt, callSid, duplicateSid });
      log.error(`Two Twilio calls for one attempt: ${what}`, { callSid, duplicateSid });
      heartbeat(raised);
    };
    const call = await resource.fetch().catch((error) => {
      // A callback may come before Twilio shows its call: a moment later it does.
      if (activityInfo().attempt < triesBeforeAlarm) throw twilioUnavailable('CallNotOver', error);
      raiseAlarm('the second one cannot be read');
      if (isNotFound(error)) return null;
      throw twilioUnavailable('CallNotOver', error);
    });
    if (call === null || call.sid !== duplicateSid || call.direction !== 'outbound-api') return;
    // A run that could not ask Lookup has dialed the number as it was requested.
    const isCallee = isSpellingOf(to, call.to) || isSpellingOf(requestedTo ?? to, call.to);
    if (!isCallee || !isSpellingOf(from, call.from)) return;
    if ((await store.claimedSids([duplicateSid], { callId, attempt })).has(duplicateSid)) return;
    raiseAlarm('the second one is ended');
    if (isTerminal(call.status)) return;
    const status = call.status === 'in-progress' ? 'completed' : 'canceled';
    const ended = await resource.update({ status }).catch((error) => {
      throw twilioUnavailable('CallNotOver', error);
    });
    if (!isTerminal(ended.status))
      throw retryLater('CallNotOver', `asked to end, Twilio says: ${ended.status}`);
  };
}
