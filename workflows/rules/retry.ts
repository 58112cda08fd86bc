import type { EndedBecause } from '../callOutcome.js';
import type { BackOff, Outcome, RetryClass, RetryPolicy } from '../callRequest.js';
import { neverRetried } from './decision.js';
import { isMachine, type Verdict } from './verdict.js';

/** What the retry policy reads of a verdict. */
export type RetryBasis = Pick<
  Verdict,
  'outcome' | 'reachability' | 'retryable' | 'answeredBy' | 'sipResponseCode' | 'errorCode'
>;

/** `because`: the class after which the policy dials again. `waitFrom`: the field of the policy that set the wait. */
export type NextStep =
  | { kind: 'stop'; endedBecause: EndedBecause }
  | { kind: 'retry'; afterSeconds: number; because: RetryClass; waitFrom: string };

/** A retry as it was planned: what for, and when it is due. */
export interface PlannedRetry extends Extract<NextStep, { kind: 'retry' }> {
  /** How the attempt before it turned out when the retry was planned, and its SID. */
  outcome: Outcome;
  callSid: string | null;
  /** ISO 8601. */
  dueAt: string;
}

/**
 * What follows an attempt that is over, by the retry policy: when the number is dialed again, or why not.
 *
 * `attempt` counts from 1 and is the one that has just ended. `random` returns a number 0..1; only a policy with jitter
 * calls it.
 */
export function nextStep(
  policy: RetryPolicy,
  attempt: number,
  verdict: RetryBasis,
  random: () => number,
): NextStep {
  const classes = classesOf(verdict);
  const stop = (code: string, message: string): NextStep => ({
    kind: 'stop',
    endedBecause: { code, message },
  });

  if (!verdict.retryable) return { kind: 'stop', endedBecause: neverRetried(verdict) };

  const never = classes.find((one) => policy.neverOn.includes(one));
  if (never) return stop('never-retried', `The policy never dials again after ${never}`);

  const because = classes.find((one) => policy.retryOn.includes(one));
  if (!because) return stop('not-in-policy', `The policy does not dial again after ${classes.join(', ')}`);

  if (attempt >= policy.maxAttempts)
    return stop('max-attempts', `Attempt ${attempt} of ${policy.maxAttempts} was the last`);

  const wait = waitAfter(policy, attempt, classes);
  const afterSeconds = policy.jitter ? jittered(wait, policy.jitter, random) : wait.seconds;
  return { kind: 'retry', afterSeconds, because, waitFrom: wait.from };
}

/** For `random`: the earliest wait. Whether a step is still the same does not depend on chance. */
export const earliest = () => 0;

/**
 * The classes that a verdict belongs to, the most specific first: error code, SIP code, unreachable, outcome.
 *
 * `unknown` has no finer class, so that nothing but its own name brings it back; neither has an answer, which
 * is a class at all only if it was no person's.
 */
export function classesOf({
  outcome,
  answeredBy,
  errorCode,
  sipResponseCode,
  reachability,
}: RetryBasis): RetryClass[] {
  if (outcome === 'unknown') return ['unknown'];
  if (outcome === 'answered') return isMachine(answeredBy) ? ['answered-by-machine'] : [];
  const classes: RetryClass[] = [];
  if (errorCode !== null) classes.push(`error:${errorCode}`);
  if (sipResponseCode !== null) classes.push(`sip:${sipResponseCode}`);
  if (reachability === 'unreachable') classes.push('unreachable');
  return [...classes, outcome];
}

/**
 * For how long the error code of a failure may be looked for, so that the number is not dialed again later than the policy
 * says. Null: for as long as it takes, since nothing waits for it, or since the policy asks for the code.
 */
export function errorCodeWithinSeconds(
  policy: RetryPolicy,
  attempt: number,
  verdict: RetryBasis,
): number | null {
  const { retryOn, neverOn, intervals, backoff } = policy;
  const named = [...retryOn, ...neverOn, ...Object.keys(intervals), ...Object.keys(backoff)];
  if (named.some((one) => one === 'unreachable' || one.startsWith('error:'))) return null;
  const step = nextStep(policy, attempt, verdict, earliest);
  return step.kind === 'stop' ? null : step.afterSeconds;
}

/** `ceilingSeconds`: chance does not lift it above. */
interface Wait {
  seconds: number;
  ceilingSeconds: number;
  from: string;
}

/** The most specific class that has a wait of its own decides: by its list, else by its back-off. */
function waitAfter(policy: RetryPolicy, attempt: number, classes: RetryClass[]): Wait {
  for (const one of classes) {
    const listed = policy.intervals[one];
    if (listed?.length) {
      const seconds = listed[Math.min(attempt, listed.length) - 1] as number;
      return { seconds, ceilingSeconds: Number.POSITIVE_INFINITY, from: `intervals.${one}` };
    }
    const own = policy.backoff[one];
    if (own) return { ...backedOff(own, attempt), from: `backoff.${one}` };
  }
  return { ...backedOff(policy, attempt), from: 'initialIntervalSeconds' };
}

function backedOff(by: BackOff, attempt: number): Omit<Wait, 'from'> {
  const seconds = by.initialIntervalSeconds * by.backoffCoefficient ** (attempt - 1);
  const ceilingSeconds = by.maximumIntervalSeconds;
  return { seconds: Math.min(seconds, ceilingSeconds), ceilingSeconds };
}

/**
 * Evenly from all that lies between the wait less and the wait plus its jitter, up to the ceiling: so calls whose
 * waits have grown to the ceiling are spread as well.
 */
function jittered({ seconds, ceilingSeconds }: Wait, jitter: number, random: () => number): number {
  const earliest = seconds * (1 - jitter);
  const latest = Math.min(seconds * (1 + jitter), ceilingSeconds);
  return earliest + (latest - earliest) * random();
}

/**
 * The time after which no attempt of a call begins, RFC 3339; null: there is none. The earlier of what the request
 * says and of what its policy allows from the moment at which the call may first be placed.
 */
export function deadlineOf(
  { giveUpAfterSeconds }: RetryPolicy,
  call: { startedAt: string; notBefore: string | null; giveUpAt: string | null },
): string | null {
  if (giveUpAfterSeconds === null) return call.giveUpAt;
  const beginsAt = Math.max(Date.parse(call.startedAt), Date.parse(call.notBefore ?? call.startedAt));
  const byPolicy = new Date(beginsAt + giveUpAfterSeconds * 1000).toISOString();
  return call.giveUpAt !== null && !isAfter(call.giveUpAt, byPolicy) ? call.giveUpAt : byPolicy;
}

/** Does a moment lie after a time that may not be set? */
export function isAfter(moment: string, limit: string | null): boolean {
  return limit !== null && Date.parse(moment) > Date.parse(limit);
}
