import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { Log } from './log.js';
import { retryForever } from './retryForever.js';

/**
 * Asks the outcome store at start until it answers, and logs what is wrong with it and when the next try
 * follows.
 */
export async function watchStore(
  store: OutcomeStore,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  let failed = false;
  try {
    await retryForever(() => store.ping(), {
      signal,
      onFailure: (error, seconds) => {
        failed = true;
        log.error(
          `The outcome store cannot be used: ${(error as Error).message.replace(/[^.?!]$/, '$&.')} Calls wait; next try in ${seconds} s.`,
        );
      },
    });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (failed) log.info('The outcome store can be used.');
}
