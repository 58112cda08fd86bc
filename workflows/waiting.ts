import { CancellationScope, condition, patched } from '@temporalio/workflow';
import { reckoning } from './activityOptions.js';
import type { Attempt } from './callOutcome.js';
import type { CallPlan } from './callRequest.js';
import { isAfter } from './deadline.js';
import { type NextStep, nextStep, noChance } from './nextStep.js';
import { noteWaiting } from './noteWaiting.js';
import { endingOf } from './retryClass.js';
import type { RunningCall } from './runningCall.js';
import { movedByHand } from './steering.js';
import { isPast, secondsUntil } from './workflowTime.js';

type DialAgain = Extract<NextStep, { kind: 'dial-again' }>;

/** Timers are set for at most this long at once; what they wait for is looked at again when they fire. */
const longestTimerSeconds = 7 * 86_400;

/**
 * Waits until the phone may ring: not before `notBefore`, and inside the calling window, which is looked at
 * again at the moment itself; nor while the call is paused. Somebody may move the moment. `heard`: something came up
 * for which the wait must not go on. `shutIn`: the window never opens in all of these time zones at once.
 */
export async function waitForTurn(
  call: RunningCall,
  plan: CallPlan,
  heard: () => boolean = () => false,
): Promise<'now' | 'canceled' | 'too-late' | { shutIn: string[] }> {
  const { steering } = call;
  for (;;) {
    if (heard()) break;
    if (call.cancelRequested) return 'canceled';
    if (isPast(plan.giveUpAt)) return 'too-late';
    const { movedTo } = steering;
    const due = await turnOrStop(call, plan, movedTo);
    if (due === 'stop' || steering.movedTo !== movedTo) continue;
    if ('shutIn' in due) return due;
    const wakes = () => call.cancelRequested || steering.movedTo !== movedTo || heard();
    if (secondsUntil(due.at) <= 0) {
      if (steering.paused) {
        await waitForResume(call, plan, wakes);
        continue;
      }
      break;
    }
    if (isAfter(due.at, plan.giveUpAt)) return 'too-late';
    call.awaitTurn('waiting', `${due.why}: ${due.at}`, due.at);
    await noteWaiting(call);
    await waitUntil(call, due.at, due.why, wakes);
  }
  steering.movedTo = null;
  return 'now';
}

/** Waits until somebody resumes the call, or `giveUpAt` comes: one wait, however long, that costs nothing meanwhile. */
async function waitForResume(call: RunningCall, plan: CallPlan, wakes: () => boolean): Promise<void> {
  const { steering } = call;
  const resumed = () => !steering.paused || wakes();
  call.awaitTurn('waiting', null, null);
  await noteWaiting(call);
  if (plan.giveUpAt === null) await call.until(resumed, null, steering.waitingFor);
  else await waitUntil(call, plan.giveUpAt, steering.waitingFor, resumed);
}

/** `stop`: somebody wants the call to stop, and the moment is not known yet: no worker can reckon it. */
async function turnOrStop(
  call: RunningCall,
  plan: CallPlan,
  movedTo: string | null,
): Promise<Awaited<ReturnType<typeof turnOf>> | 'stop'> {
  const scope = new CancellationScope();
  let due: Awaited<ReturnType<typeof turnOf>> | null = null;
  const reckoned = scope
    .run(() => turnOf(plan, movedTo))
    .then((found) => {
      due = found;
    });
  await Promise.race([reckoned, condition(() => call.cancelRequested)]);
  if (due === null && patched('cancel-while-reckoning')) {
    scope.cancel();
    reckoned.catch(() => {});
    return 'stop';
  }
  await reckoned;
  return due ?? 'stop';
}

/** The earliest moment for the next dialling, or the zones in which the window never opens. */
async function turnOf(
  plan: CallPlan,
  movedTo: string | null,
): Promise<{ at: string; why: string } | { shutIn: string[] }> {
  const now = new Date().toISOString();
  const asked = movedTo ?? plan.notBefore;
  const earliest = asked === null || isPast(asked) ? now : new Date(asked).toISOString();
  if (plan.callingWindow === null || plan.urgent)
    return {
      at: earliest,
      why: movedTo === null ? 'notBefore, the earliest time for a first attempt' : movedByHand,
    };
  const { opensAt, timeZones } = await reckoning.findOpening({
    to: plan.to,
    window: plan.callingWindow,
    from: earliest,
  });
  return opensAt === null
    ? { shutIn: timeZones }
    : {
        at: opensAt,
        why: `the calling window to open in ${timeZones.length > 3 ? `${timeZones.length} time zones` : timeZones.join(', ')}`,
      };
}

/**
 * Waits until the next attempt is due or somebody asks for it now. `changed`: a late word of Twilio's about
 * the attempt turned its outcome into another one, or into one that the policy treats otherwise.
 */
export async function waitForRetry(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  { because, waitFrom, dueAt }: Pick<DialAgain, 'because' | 'waitFrom'> & { dueAt: string },
): Promise<'due' | 'changed' | 'canceled'> {
  const { outcome } = attempt;
  const { steering } = call;
  const next = `attempt ${attempt.number + 1} of ${plan.retry.maxAttempts}`;
  // Asked for while a late word was being weighed: it still holds, in runs that did not forget it at this point before.
  if (call.retryNowRequested && !patched('retry-now-is-kept')) call.retryNowRequested = false;
  const changed = () => isOtherEnding(plan, attempt, { outcome, because, waitFrom });
  const wakes = () => call.cancelRequested || call.retryNowRequested || changed();
  let movedTo: string | null;
  do {
    movedTo = steering.movedTo;
    const at = movedTo ?? dueAt;
    call.awaitTurn('waiting-to-retry', `${next} after ${because}, due ${at}`, at);
    await waitUntil(call, at, `${next}, after ${because}`, () => wakes() || steering.movedTo !== movedTo);
  } while (steering.movedTo !== movedTo && !wakes());
  if (call.cancelRequested) return 'canceled';
  if (changed()) return 'changed';
  call.retryNowRequested = false;
  steering.movedTo = null;
  return 'due';
}

/** Has a late word turned the attempt's outcome into another one, or into one that the policy treats otherwise? */
export function isOtherEnding(
  plan: CallPlan,
  attempt: Attempt,
  decided: Pick<DialAgain, 'because' | 'waitFrom'> & Pick<Attempt, 'outcome'>,
): boolean {
  const ending = endingOf(attempt);
  if (ending.outcome !== decided.outcome) return true;
  const step = nextStep(plan.retry, attempt.number, ending, noChance);
  return step.kind === 'stop' || step.because !== decided.because || step.waitFrom !== decided.waitFrom;
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
