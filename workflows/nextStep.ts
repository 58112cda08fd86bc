import type { BackOff, RetryClass, RetryPolicy } from './callRequest.js';
import { classesOf, type Ending, hangsOnReason } from './retryClass.js';

/** `because`: the class after which the policy dials again. `waitFrom`: the field of the policy that set the wait. */
export type NextStep =
  | { kind: 'stop'; why: string }
  | { kind: 'dial-again'; afterSeconds: number; because: RetryClass; waitFrom: string };

/**
 * What follows an attempt that is over, by the retry policy: when the number is dialled again, or why not.
 *
 * `attempt` counts from 1 and is the one that has just ended. `chance` gives a number 0..1, and is asked only
 * by a policy with jitter.
 */
export function nextStep(
  policy: RetryPolicy,
  attempt: number,
  ending: Ending,
  chance: () => number,
): NextStep {
  const classes = classesOf(ending);
  const stop = (why: string): NextStep => ({ kind: 'stop', why });

  if (!ending.retryable) return stop(`${classes.join(', ') || ending.outcome} is final`);

  const never = classes.find((one) => policy.neverOn?.includes(one));
  if (never) return stop(`the policy never dials again after ${never}`);

  const because = classes.find((one) => policy.retryOn.includes(one));
  if (!because) return stop(`the policy does not dial again after ${classes.join(', ')}`);

  if (attempt >= policy.maxAttempts) return stop(`attempt ${attempt} of ${policy.maxAttempts} was the last`);

  const wait = waitAfter(policy, attempt, classes);
  const afterSeconds = policy.jitter ? drawn(wait, policy.jitter, chance) : wait.seconds;
  return { kind: 'dial-again', afterSeconds, because, waitFrom: wait.from };
}

/** Whether a step is still the same, and when it is due at the earliest, does not hang on chance. */
export const noChance = () => 0;

/**
 * For how long the reason of a failure may be sought, so that the number is not dialled again later than the policy says.
 * Null: for as long as it takes, since nothing waits for it, or since the policy asks for the reason.
 */
export function reasonWithinSeconds(policy: RetryPolicy, attempt: number, ending: Ending): number | null {
  const { retryOn, neverOn = [], intervals = {}, backoff = {} } = policy;
  const named = [...retryOn, ...neverOn, ...Object.keys(intervals), ...Object.keys(backoff)];
  if (named.some(hangsOnReason)) return null;
  const step = nextStep(policy, attempt, ending, noChance);
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
    const listed = policy.intervals?.[one];
    if (listed?.length) {
      const seconds = listed[Math.min(attempt, listed.length) - 1] as number;
      return { seconds, ceilingSeconds: Number.POSITIVE_INFINITY, from: `intervals.${one}` };
    }
    const own = policy.backoff?.[one];
    if (own) return { ...grown(own, attempt), from: `backoff.${one}` };
  }
  return { ...grown(policy, attempt), from: 'initialIntervalSeconds' };
}

function grown(by: BackOff, attempt: number): Omit<Wait, 'from'> {
  const seconds = by.initialIntervalSeconds * by.backoffCoefficient ** (attempt - 1);
  const ceilingSeconds = by.maximumIntervalSeconds;
  return { seconds: Math.min(seconds, ceilingSeconds), ceilingSeconds };
}

/**
 * Evenly from all that lies between the wait less and the wait plus its jitter, up to the ceiling: so calls whose
 * waits have grown to the ceiling are spread as well.
 */
function drawn({ seconds, ceilingSeconds }: Wait, jitter: number, chance: () => number): number {
  const earliest = seconds * (1 - jitter);
  const latest = Math.min(seconds * (1 + jitter), ceilingSeconds);
  return earliest + (latest - earliest) * chance();
}
