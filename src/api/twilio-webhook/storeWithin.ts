import { StoreUnavailable } from '../../../activities/store/database/storeError.js';

/** Twilio waits 15 s for all its tries together, and the signal to Temporal needs most of them. */
const storeWithinMs = 1_000;

/** The answer of the store. Throws `StoreUnavailable` if it takes longer than a second. */
export async function storeWithin<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const why = `The outcome store did not answer within ${storeWithinMs / 1000} s.`;
    timer = setTimeout(() => reject(new StoreUnavailable(why)), storeWithinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    // A later failure must not become an unhandled rejection.
    answer.catch(() => {});
  }
}
