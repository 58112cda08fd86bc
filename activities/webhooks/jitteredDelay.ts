import type { RetryPolicy } from '@temporalio/common';

/** How far a pause may lie from what the policy says, as a share of it. */
const jitterShare = 0.25;

/**
 * The pause before the next try of an activity, in ms: by its own retry policy, up to a quarter longer or
 * shorter by chance. Temporal adds no jitter, and what failed together would be tried together forever. Null
 * when no policy is known.
 */
export function jitteredDelay(attempt: number, policy: RetryPolicy | undefined): number | null {
  const { initialInterval, backoffCoefficient = 2, maximumInterval } = policy ?? {};
  if (typeof initialInterval !== 'number') return null;
  const maxDelay = typeof maximumInterval === 'number' ? maximumInterval : initialInterval * 100;
  const delay = Math.min(initialInterval * backoffCoefficient ** (attempt - 1), maxDelay);
  return Math.round(delay * (1 + jitterShare * (2 * Math.random() - 1)));
}
