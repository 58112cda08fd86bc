import { reckoning } from './activityOptions.js';
import type { Attempt } from './callOutcome.js';
import type { CallPlan } from './callRequest.js';
import { noteWaiting } from './noteWaiting.js';
import { undecided, verdictOfAttempt } from './outcomeOf.js';
import type { RunningCall } from './runningCall.js';
import { isPast, secondsUntil } from './workflowTime.js';

/** Timers are set for at most this long at once; what they wait for is looked at again when they fire. */
const longestTimerSeconds = 7 * 86_400;

/**
 * Waits until the phone may ring: not before `notBefore`, and inside the calling window, which is looked at
 * again at the moment itself.
 */
export async function waitForTurn(
  call: RunningCall,
  plan: CallPlan,
): Promise<'now' | 'canceled' | 'too-late'> {
  for (;;) {
    if (call.cancelRequested) return 'canceled';
    if (isPast(plan.giveUpAt)) return 'too-late';
    const due = await turnOf(plan);
    if (due === null) return 'too-late';
    if (secondsUntil(due.at) <= 0) return 'now';
    if (plan.giveUpAt !== null && Date.parse(due.at) > Date.parse(plan.giveUpAt)) return 'too-late';
    call.enter('waiting', `${due.why}: ${due.at}`, due.at);
    await noteWaiting(call);
    await waitUntil(call, due.at, due.why, () => call.cancelRequested);
  }
}

/** The earliest moment for the next dialling; null when the window never opens. */
async function turnOf(plan: CallPlan): Promise<{ at: string; why: string } | null> {
  const now = new Date().toISOString();
  const begun = plan.notBefore === null || isPast(plan.notBefore);
  const earliest = begun ? now : new Date(plan.notBefore as string).toISOString();
  if (plan.callingWindow === null)
    return { at: earliest, why: 'notBefore, the earliest time for a first attempt' };
  const { opensAt, timeZones } = await reckoning.findOpening({
    to: plan.to,
    window: plan.callingWindow,
    from: earliest,
  });
  return opensAt === null
    ? null
    : {
        at: opensAt,
        why: `the calling window to open in ${timeZones.length > 3 ? `${timeZones.length} time zones` : timeZones.join(', ')}`,
      };
}

/**
 * Waits until the next attempt is due or somebody asks for it now. `changed`: a late word of Twilio's about
 * the attempt turned its outcome into another one.
 */
export async function waitForRetry(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  dueAt: string,
): Promise<'due' | 'changed' | 'canceled'> {
  const { outcome } = attempt;
  const next = `attempt ${attempt.number + 1} of ${plan.retry.maxAttempts}`;
  call.retryNowRequested = false;
  call.enter('waiting-to-retry', `${next} after ${outcome}, due ${dueAt}`, dueAt);
  const changed = () => (verdictOfAttempt(attempt) ?? undecided).outcome !== outcome;
  const wakes = () => call.cancelRequested || call.retryNowRequested || changed();
  await waitUntil(call, dueAt, `${next}, after ${outcome}`, wakes);
  if (call.cancelRequested) return 'canceled';
  return changed() ? 'changed' : 'due';
}

async function waitUntil(
  call: RunningCall,
  time: string,
  summary: string,
  wakes: () => boolean,
): Promise<void> {
  while (!wakes() && secondsUntil(time) > 0)
    await call.until(wakes, Math.min(secondsUntil(time), longestTimerSeconds), summary);
}
