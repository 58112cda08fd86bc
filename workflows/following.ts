import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { ending, polling } from './activityOptions.js';
import type { FinalWord } from './callActivities.js';
import type { Attempt } from './callOutcome.js';
import type { CallPlan } from './callRequest.js';
import { isFinal, type RunningCall } from './runningCall.js';
import { secondsUntil } from './workflowTime.js';

/** Calls over the account's rate wait in Twilio's queue, at most this long. Source: Twilio help, "queued calls". */
const longestQueueSeconds = 24 * 3600;
/** Carriers get this long to respond before it rings, and Twilio adds five seconds to the ring time-out. Source: Twilio error 32016; "Timeout". */
const postDialSeconds = 60 + 5;

/**
 * Follows a placed call until Twilio has said its final word, or cannot say it any more: `undecided`.
 *
 * Callbacks are listened to all along. Silence makes us ask, and an answer that is not final makes us ask
 * again. When the call is to stop, it is ended at Twilio; what counts is still only what Twilio then says.
 */
export async function follow(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
): Promise<'final' | 'undecided'> {
  const decideBy = lastMoment(attempt, plan);
  while (!isFinal(attempt)) {
    const left = secondsUntil(decideBy);
    if (left <= 0) return 'undecided';
    if (call.cancelRequested) {
      call.waitingFor('Twilio to end the call');
      if (!(await ask(call, attempt, (callSid) => ending(left).endCall({ callSid })))) return 'undecided';
    } else if (await isSilent(call, plan, attempt, decideBy)) {
      call.note('no callback came: Twilio is asked');
      call.waitingFor(
        `Twilio's final word on ${attempt.callSid}: asked again and again, since no callback came`,
      );
      // Postponed for callbacks, it is still to be asked well before the end.
      const patienceSeconds = Math.min(patienceOf(plan), left / 2);
      const poll = (callSid: string) => polling(plan, left).pollCall({ callSid, patienceSeconds });
      const asked = await ask(call, attempt, poll, true);
      if (!asked) return 'undecided';
    }
  }
  return 'final';
}

/** The last moment at which the Twilio call can be alive, and the time in which the truth is sought after it. */
function lastMoment(attempt: Attempt, plan: CallPlan): string {
  const alive = longestQueueSeconds + postDialSeconds + plan.ringTimeoutSeconds + plan.maxDurationSeconds;
  const from = Date.parse(attempt.placedAt as string);
  return new Date(from + (alive + plan.waits.decideWithinSeconds) * 1000).toISOString();
}

/** How long nothing may be heard of a call before Twilio is asked. */
function patienceOf({ waits, hears }: CallPlan): number {
  const { callbackWaitSeconds, pollIntervalSeconds } = waits;
  // With an application Twilio sends its callbacks elsewhere, so there is nothing to wait for.
  return 'applicationSid' in hears ? Math.min(callbackWaitSeconds, pollIntervalSeconds) : callbackWaitSeconds;
}

/** Waits for a callback. True when none came for as long as the plan allows; false when there is something to do. */
async function isSilent(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  decideBy: string,
): Promise<boolean> {
  const patience = patienceOf(plan);
  call.waitingFor(`a status callback about ${attempt.callSid}`);
  // One timer that is looked at when it fires, not a new one with each callback: timers cost history.
  for (;;) {
    const quiet = (Date.now() - call.lastHeardAt) / 1000;
    if (quiet >= patience) return true;
    const woken = await call.until(
      () => isFinal(attempt) || call.cancelRequested,
      Math.min(patience - quiet, secondsUntil(decideBy)),
      `status callback about ${attempt.callSid}`,
    );
    if (woken || secondsUntil(decideBy) <= 0) return false;
  }
}

/**
 * Asks Twilio until its word is final; loses at once to a callback that says it first, to another SID, and,
 * `untilCanceled`, to a request to stop. False when Twilio could not say it in time.
 */
async function ask(
  call: RunningCall,
  attempt: Attempt,
  question: (callSid: string) => Promise<FinalWord>,
  untilCanceled = false,
): Promise<boolean> {
  call.publish();
  const callSid = attempt.callSid as string;
  const scope = new CancellationScope();
  let inTime = true;
  const answer = scope.run(async () => {
    try {
      const { heard = [], ...update } = await question(callSid);
      if (attempt.callSid === callSid) for (const one of [...heard, update]) call.learn(attempt, one);
    } catch (error) {
      if (!isCancellation(error)) inTime = false;
    }
  });
  const heard = () =>
    isFinal(attempt) || attempt.callSid !== callSid || (untilCanceled && call.cancelRequested);
  await Promise.race([answer, condition(heard)]);
  if (heard()) scope.cancel();
  await answer;
  return inTime || isFinal(attempt);
}
