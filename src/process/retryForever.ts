import { setTimeout as pause } from 'node:timers/promises';

export interface RetryForeverOptions {
  /** Ends the trying; `persist` then throws the signal's reason. */
  signal: AbortSignal;
  /** Hears of each failure, and how long it is until the next try. */
  onFailure: (error: unknown, seconds: number) => void;
}

const firstPauseSeconds = 1;
const longestPauseSeconds = 15;

/** Tries until it works, with pauses of 1, 2, 4 … 15 seconds: for what is somewhere else and will come back. */
export async function retryForever<T>(work: () => Promise<T>, options: RetryForeverOptions): Promise<T> {
  for (let seconds = firstPauseSeconds; ; seconds = Math.min(seconds * 2, longestPauseSeconds)) {
    options.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      options.signal.throwIfAborted();
      options.onFailure(error, seconds);
    }
    // Rejects with the reason's wrapper when aborted; the loop's head then throws the reason itself.
    await pause(seconds * 1000, undefined, { signal: options.signal }).catch(() => {});
  }
}
