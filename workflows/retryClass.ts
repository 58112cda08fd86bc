import type { Attempt } from './callOutcome.js';
import type { RetryClass } from './callRequest.js';
import { knownOf } from './callUpdate.js';
import { answeredByOf, isMachine, undecided, type Verdict, verdictOfAttempt } from './outcomeOf.js';

/** How an attempt ended, as far as it matters to whether and when the number is dialled again. */
export type Ending = Pick<Verdict, 'outcome' | 'reachability' | 'retryable'> &
  Pick<Attempt, 'answeredBy' | 'sipResponseCode' | 'errorCode'>;

/** The ending that the evidence shows at this moment; `unknown` while it does not decide. */
export function endingOf(attempt: Attempt): Ending {
  const known = knownOf(attempt.evidence.updates);
  const { outcome, reachability, retryable } = verdictOfAttempt(attempt) ?? undecided;
  return {
    outcome,
    reachability,
    retryable,
    answeredBy: answeredByOf(known?.answeredBy ?? null),
    sipResponseCode: known?.sipResponseCode ?? null,
    errorCode: known?.errorCode ?? attempt.errorCode ?? attempt.evidence.create?.error?.code ?? null,
  };
}

/**
 * The classes that an ending belongs to, the most specific first: error code, SIP code, unreachable, outcome.
 *
 * `unknown` has no finer class, so that nothing but its own name brings it back; neither has an answer, which
 * is a class at all only if it was no person's.
 */
export function classesOf(ending: Ending): RetryClass[] {
  const { outcome, errorCode, sipResponseCode, reachability } = ending;
  if (outcome === 'unknown') return ['unknown'];
  if (outcome === 'answered') return isMachine(ending.answeredBy) ? ['answered-by-machine'] : [];
  const classes: RetryClass[] = [];
  if (errorCode !== null) classes.push(`error:${errorCode}`);
  if (sipResponseCode !== null) classes.push(`sip:${sipResponseCode}`);
  if (reachability === 'unreachable') classes.push('unreachable');
  return [...classes, outcome];
}

/** May only the error code of a failure tell whether it belongs to this class? */
export function hangsOnReason(one: string): boolean {
  return one === 'unreachable' || one.startsWith('error:');
}
