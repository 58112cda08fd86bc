import type { BatchControl } from '../workflows/batch/batchActivities.js';
import type { BatchProgress } from '../workflows/batch/batchProgress.js';
import type { ActivityDeps } from './deps.js';

/** Writes an order to a batch down, and comes back with where the batch stands then. */
export function controlBatch({ store }: ActivityDeps) {
  return async (input: BatchControl): Promise<BatchProgress> => {
    await store.controlBatch(input);
    return store.finishStep(input.batchId);
  };
}
