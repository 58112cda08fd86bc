import { setTimeout as pause } from 'node:timers/promises';

/** Does something so many times, at most `inFlight` at once. */
export async function together(
  count: number,
  inFlight: number,
  work: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker));
}

/**
 * Begins something so many times a second, whether what was begun before is done or not; done when all is.
 */
export async function paced(
  count: number,
  perSecond: number,
  work: (number: number) => Promise<unknown>,
): Promise<void> {
  const begun = performance.now();
  const all: Promise<unknown>[] = [];
  for (let number = 0; number < count; number++) {
    const due = begun + (number * 1000) / perSecond;
    if (due > performance.now()) await pause(due - performance.now());
    all.push(work(number));
  }
  await Promise.all(all);
}

/** Per second, without the first and the last fifth of `times` (ms), in which not all were under way. */
export function steadyRate(times: number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const from = Math.floor(sorted.length * 0.2);
  const to = Math.ceil(sorted.length * 0.8) - 1;
  return ((to - from) * 1000) / ((sorted[to] ?? 0) - (sorted[from] ?? 0));
}

/** The value below which this share of all lies; by the nearest rank. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
