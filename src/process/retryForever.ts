import { setTimeout as pause } from 'node:timers/promises';

export interface RetryForeverOptions {
  /** Ends the tries: `retryForever` then throws the signal's reason. */
  signal: AbortSignal;
  /** Called after each failure, with the seconds until the next try. */
  onFailure: (error: unknown, seconds: number) => void;
}

const firstPauseSeconds = 1;
const longestPauseSeconds = 15;

/** Tries until it works, with pauses of 1, 2, 4 … 15 seconds: for servers that will come back. */
export async function retryForever<T>(work: () => Promise<T>, options: RetryForeverOptions): Promise<T> {
  for (let seconds = firstPauseSeconds; ; seconds = Math.min(seconds * 2, longestPauseSeconds)) {
    options.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      options.signal.throwIfAborted();
      options.onFailure(error, seconds);
    }
    // An abort rejects with a wrapper. The start of the loop then throws the reason itself.
    await pause(seconds * 1000, undefined, { signal: options.signal }).catch(() => {});
  }
}
