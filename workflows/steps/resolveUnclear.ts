import { findUnclearCall, recordCallSid } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import { now } from '../call/workflowTime.js';
import type { PlaceCallInput } from '../callActivities.js';
import type { Attempt } from '../callOutcome.js';
import { unlessInterrupted } from './unlessInterrupted.js';

/** Twilio holds a call in its queue for at most a day: a trace would have shown. Source: Twilio help, "queued calls". */
const maxQueueSeconds = 24 * 3600;

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
    const callSid = attempt.callSid as string;
    // Keeps others from taking this call for theirs; the outcome does not depend on it.
    await recordCallSid({
      callId: call.callId,
      attempt: attempt.number,
      placement: input.placement,
      callSid,
    }).catch(() => {});
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
