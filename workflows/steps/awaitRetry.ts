import { condition } from '@temporalio/workflow';
import { recordAttempt, recordAttemptOnce } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import { isPast } from '../call/workflowTime.js';
import type { Attempt, EndedBecause } from '../callOutcome.js';
import { canceledBecause, type NotPlaced } from '../rules/decision.js';
import { earliest, isAfter, nextStep, type PlannedRetry } from '../rules/retry.js';
import { type Verdict, verdictOfAttempt } from '../rules/verdict.js';
import { notifyAttemptEnded } from './notifyClient.js';
import { waitUntil } from './waitUntilAllowed.js';

/** A planned retry, in the run that planned or took it over. */
export interface Retry extends PlannedRetry {
  /** The attempt that it follows. */
  after: Attempt;
  /** Settles once the last attempt is on record: until then the store counts it as in flight. */
  recorded: Promise<void>;
}

/** The retry that the run before had planned; null when this is the first run, or there was none. */
export function plannedRetry({ retry, attempts }: RunningCall): Retry | null {
  const after = attempts.at(-1);
  return retry && after ? { ...retry, after, recorded: Promise.resolve() } : null;
}

/** What follows an attempt that is settled: when the number is dialed again, or why it is not. */
export function planRetry(
  call: RunningCall,
  attempt: Attempt,
  verdict: Verdict,
): Retry | { kind: 'stop'; endedBecause: EndedBecause } {
  if (call.cancelRequested) return { kind: 'stop', endedBecause: canceledBecause(call.cancelReason) };
  const { giveUpAt, retry: policy } = call.plan;
  const step = nextStep(policy, attempt.number, verdict, Math.random);
  const result = `attempt ${attempt.number}: ${verdict.outcome}`;
  if (step.kind === 'stop') {
    call.note(`${result}; ${step.endedBecause.message}`);
    return step;
  }
  call.note(result);
  const dueAt = new Date(call.overAt(attempt) + step.afterSeconds * 1000).toISOString();
  if (!isAfter(dueAt, giveUpAt))
    return {
      ...step,
      after: attempt,
      outcome: verdict.outcome,
      callSid: attempt.callSid,
      dueAt,
      recorded: Promise.resolve(),
    };
  const message = `The next attempt would be at ${dueAt}, and the call gives up at ${giveUpAt}`;
  call.note(message);
  return { kind: 'stop', endedBecause: { code: 'give-up-at', message } };
}

/** Records the attempt and notifies the client, before the wait for the next one. */
export async function announceRetry(call: RunningCall, retry: Retry): Promise<void> {
  const input = {
    callId: call.callId,
    state: 'waiting-to-retry',
    attempt: retry.after,
    nextAttemptAt: retry.dueAt,
  } as const;
  try {
    await recordAttemptOnce(input);
  } catch {
    call.note('the store is away: the attempt is recorded when it is back');
    retry.recorded = recordAttempt(input).catch(() => {});
  }
  await notifyAttemptEnded(call, retry.after, retry.dueAt);
}

/** Waits until the next attempt is due or somebody asks for it now. Null: it is due. */
export async function waitForRetry(
  call: RunningCall,
  retry: Retry,
  superseded: () => boolean,
): Promise<'superseded' | NotPlaced | null> {
  const { controls, plan } = call;
  const next = `attempt ${retry.after.number + 1} of ${plan.retry.maxAttempts} after ${retry.because}`;
  const interrupted = () => call.cancelRequested || controls.retryNowRequested || superseded();
  let at: string;
  if (superseded()) return 'superseded';
  do {
    at = controls.rescheduledTo ?? retry.dueAt;
    const isRescheduled = () => (controls.rescheduledTo ?? retry.dueAt) !== at;
    call.enterWait('waiting-to-retry', `${next}, due ${at}`, at);
    await waitUntil(call, at, next, () => interrupted() || isRescheduled());
  } while (!interrupted() && (controls.rescheduledTo ?? retry.dueAt) !== at);
  if (call.cancelRequested) return { by: 'canceled' };
  if (superseded()) return 'superseded';
  controls.retryNowRequested = false;
  controls.rescheduledTo = null;
  // Until it is on record, the store counts what the attempt dialed as in flight, and delays what is dialed next.
  call.setWaitingFor(`attempt ${retry.after.number} to be recorded`);
  await Promise.race([retry.recorded, condition(() => call.cancelRequested)]);
  return isPast(plan.giveUpAt) ? { by: 'give-up-at' } : null;
}

/** Has a late update changed the attempt's outcome, or what the policy makes of it? */
export function verdictChanged(call: RunningCall, planned: Retry): boolean {
  const attempt = planned.after;
  // A callback named the call of an attempt that had none.
  if (attempt.callSid !== planned.callSid) return true;
  if (!call.hasLateUpdate(attempt)) return false;
  const verdict = verdictOfAttempt(attempt);
  if (verdict.outcome !== planned.outcome) return true;
  const step = nextStep(call.plan.retry, attempt.number, verdict, earliest);
  return step.kind === 'stop' || step.because !== planned.because || step.waitFrom !== planned.waitFrom;
}
