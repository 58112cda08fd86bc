import { setTimeout as pause } from 'node:timers/promises';

/** Runs `work` this many times, at most `inFlight` at the same time. */
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

/** Starts `work` at a steady rate, whether earlier work is done or not. Returns when all is done. */
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

/**
 * How many of `times` (ms) are in a second. The first and last fifth do not count, because the load is lower
 * there.
 */
export function steadyRate(times: number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const from = Math.floor(sorted.length * 0.2);
  const to = Math.ceil(sorted.length * 0.8) - 1;
  return ((to - from) * 1000) / ((sorted[to] ?? 0) - (sorted[from] ?? 0));
}

/** The value that this share of all values does not exceed, by nearest rank. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
