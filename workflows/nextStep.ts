import type { RetryPolicy } from './callRequest.js';
import type { Verdict } from './outcomeOf.js';

export type NextStep = { kind: 'stop'; why: string } | { kind: 'dial-again'; afterSeconds: number };

/**
 * What follows an attempt that is over, by the retry policy: when the number is dialled again, or why not.
 * `attempt` counts from 1 and is the one that has just ended.
 */
export function nextStep(policy: RetryPolicy, attempt: number, verdict: Verdict): NextStep {
  const { outcome } = verdict;
  if (!verdict.retryable) return { kind: 'stop', why: `${outcome} is final` };
  if (!policy.retryOn.includes(outcome))
    return { kind: 'stop', why: `the policy does not dial again after ${outcome}` };
  if (attempt >= policy.maxAttempts)
    return { kind: 'stop', why: `attempt ${attempt} of ${policy.maxAttempts} was the last` };
  return { kind: 'dial-again', afterSeconds: waitAfter(policy, attempt, verdict) };
}

function waitAfter(policy: RetryPolicy, attempt: number, verdict: Verdict): number {
  const listed = policy.intervals?.[verdict.outcome];
  if (listed?.length) return listed[Math.min(attempt, listed.length) - 1] as number;
  const grown = policy.initialIntervalSeconds * policy.backoffCoefficient ** (attempt - 1);
  return Math.min(grown, policy.maximumIntervalSeconds);
}
