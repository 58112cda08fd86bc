import { StoreUnavailable } from '../../../activities/store/database/storeError.js';

/** Twilio waits 15 s for all its tries together, and Temporal is to have its share of them. */
const storeWithinMs = 1_000;

/** What the store says, if it says it soon; else `StoreUnavailable`: whoever can do without it must not wait for it. */
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
    // What comes later is nobody's business any more.
    answer.catch(() => {});
  }
}
