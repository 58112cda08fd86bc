import type { BatchOrder } from '../workflows/batchActivities.js';
import type { BatchProgress } from '../workflows/batchProgress.js';
import type { World } from './world.js';

/** Writes an order to a batch down, and comes back with where the batch stands then. */
export function steerBatch({ store }: World) {
  return async (order: BatchOrder): Promise<BatchProgress> => {
    await store.steerBatch(order);
    return store.concludeStep(order.batchId);
  };
}
