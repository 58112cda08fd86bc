/** How long a batch waits between two looks at its calls. */
export interface FeedInterval {
  shortestSeconds: number;
  longestSeconds: number;
}

export const standardInterval: FeedInterval = { shortestSeconds: 1, longestSeconds: 30 };

/**
 * The wait before the next look: so long that, as things went, a twentieth to a fifth of the window empties meanwhile.
 * Shorter would cost Temporal actions for nothing, longer would leave the window half empty.
 */
export function nextWait(
  lastSeconds: number,
  step: { ended: number; window: number },
  pace: FeedInterval,
): number {
  const share = step.ended / step.window;
  const wanted = share > 1 / 5 ? lastSeconds / 2 : share < 1 / 20 ? lastSeconds * 1.5 : lastSeconds;
  return Math.min(pace.longestSeconds, Math.max(pace.shortestSeconds, wanted));
}
