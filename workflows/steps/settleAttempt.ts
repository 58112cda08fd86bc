import { fetchErrorCode } from '../activityProxies.js';
import { accountOf } from '../call/accountOf.js';
import { isFinal } from '../call/attempt.js';
import type { RunningCall } from '../call/runningCall.js';
import { now } from '../call/workflowTime.js';
import type { Attempt, CallUpdate, DecidedBy } from '../callOutcome.js';
import { disagree, mergeUpdates } from '../rules/callUpdate.js';
import { type Decision, neverRetried } from '../rules/decision.js';
import { errorCodeWithinSeconds } from '../rules/retry.js';
import { type Verdict, verdictOfAttempt } from '../rules/verdict.js';

/** Looks for a missing error code, then settles the attempt. */
export async function settleAttempt(call: RunningCall, attempt: Attempt): Promise<Decision> {
  call.markOver(attempt);
  const merged = mergeUpdates(attempt.evidence.updates);
  if (needsErrorCode(attempt, merged)) {
    const verdict = verdictOfAttempt(attempt, merged);
    const withinSeconds = errorCodeWithinSeconds(call.plan.retry, attempt.number, verdict);
    await findErrorCode(call, attempt, { withinSeconds });
  }
  return settle(call, attempt);
}

/** Reads the verdict off all that is known about the attempt at this moment, and writes it into the attempt. */
export function settle(call: RunningCall, attempt: Attempt): Decision {
  const merged = mergeUpdates(attempt.evidence.updates);
  const verdict = verdictOfAttempt(attempt, merged);
  // A late update that makes it another outcome also decides it, and says when it ended.
  if (verdict.outcome !== attempt.outcome) {
    attempt.decidedBy = null;
    attempt.endedAt = null;
  }
  writeVerdict(attempt, verdict, merged);
  attempt.decidedBy ??= deciderOf(attempt, merged);
  attempt.endedAt ??= merged?.at ?? now();
  call.settled(attempt);
  call.setWaitingFor(null);
  return { ...verdict, decidedBy: attempt.decidedBy, endedBecause: neverRetried(verdict) };
}

function writeVerdict(attempt: Attempt, verdict: Verdict, merged: CallUpdate | null): void {
  attempt.outcome = verdict.outcome;
  attempt.reason = verdict.reason;
  attempt.errorCode = verdict.errorCode;
  attempt.sipResponseCode = verdict.sipResponseCode;
  attempt.durationSeconds = merged?.durationSeconds ?? null;
  if (verdict.outcome === 'answered') attempt.answeredAt ??= answeredAtOf(merged);
  attempt.evidence.disagreed = disagree(attempt.evidence.updates);
}

function deciderOf(attempt: Attempt, merged: CallUpdate | null): DecidedBy {
  if (isFinal(attempt) && merged) return merged.source;
  return attempt.callSid ? 'poll' : 'create';
}

/** Did the attempt fail without any code? No callback and no Call resource tells it; Twilio's notifications may. */
export function needsErrorCode(
  attempt: Attempt,
  merged: CallUpdate | null = mergeUpdates(attempt.evidence.updates),
): boolean {
  return merged?.status === 'failed' && (merged.errorCode ?? attempt.errorCode) === null;
}

/**
 * Looks for the error code of a failed attempt. `withinSeconds` null: for as long as the search takes. `once`: Twilio has had
 * the time to note it.
 */
export async function findErrorCode(
  call: RunningCall,
  attempt: Attempt,
  search: { withinSeconds: number | null; once?: true },
): Promise<void> {
  call.setWaitingFor("Twilio's notifications, for the reason of the failure");
  const input = { callSid: attempt.callSid as string, ...accountOf(call.plan) };
  const found = await fetchErrorCode(input, search).catch(() => null);
  attempt.errorCode = found?.code ?? attempt.errorCode;
}

/** When no callback reported the answer: Twilio counts the duration from it to the end. */
function answeredAtOf(merged: CallUpdate | null): string | null {
  if (!merged?.at || merged.durationSeconds === null) return null;
  return new Date(Date.parse(merged.at) - merged.durationSeconds * 1000).toISOString();
}
