import { findUnclearCall } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import { now } from '../call/workflowTime.js';
import type { PlaceCallInput } from '../callActivities.js';
import type { Attempt } from '../callOutcome.js';
import { maxQueueSeconds } from '../rules/twilioStatus.js';
import { recordSid } from './recordSid.js';
import { unlessInterrupted } from './unlessInterrupted.js';

/**
 * Finds out whether an unclear placement made a call: by callback, by the placement journal, by Twilio's list. `absent`: it
 * certainly made none. `unresolved`: nobody could tell in time.
 */
export async function resolveUnclear(
  call: RunningCall,
  input: PlaceCallInput & { answered: boolean },
  attempt: Attempt,
  why: string,
): Promise<'found' | 'absent' | 'unresolved'> {
  call.note(`unclear whether Twilio made the call: ${why}`);
  call.enter('placing', `a trace of the call at Twilio, since it is unclear whether it was made (${why})`);
  call.publish();
  const find = (isLast: boolean) => () => findUnclearCall({ ...input, isLast });
  const callbackCame = () => call.hasCallbackBeforeSid;
  let search = await unlessInterrupted(callbackCame, find(false), {
    seconds: maxQueueSeconds + call.plan.timeouts.decideWithinSeconds,
    summary: 'the last moment for a trace of the call',
  });
  // After any outage Twilio is asked once more before nobody can tell.
  if (search === 'interrupted' && !callbackCame()) search = await unlessInterrupted(callbackCame, find(true));
  if (call.assignSidFromCallback(attempt)) {
    await recordSid(call, attempt, input.placement);
    return 'found';
  }
  if (search === 'interrupted' || search.value.kind === 'unresolved') return 'unresolved';
  if (search.value.kind === 'absent') {
    call.note('Twilio has no trace of the call: it was never made');
    return 'absent';
  }
  const { callSid, sidFrom } = search.value;
  call.note(`found at Twilio (${sidFrom}): ${callSid}`);
  call.assignSid(attempt, callSid, sidFrom, now());
  return 'found';
}
