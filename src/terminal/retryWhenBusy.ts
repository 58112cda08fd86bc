import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionError, ProblemError } from '../client/ringtrue.js';

/** Repeats a request as long as the API answers that these are too many. */
export async function retryWhenBusy<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof ProblemError && error.status === 429)) throw error;
      await pause((error.retryAfterSeconds ?? 1) * 1000);
    }
  }
}

/** May the same request succeed later? */
export function isTemporary(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof ProblemError && (error.status >= 500 || error.status === 429);
}
