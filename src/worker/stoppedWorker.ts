import { setTimeout as pause } from 'node:timers/promises';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Capacity, DialingStop } from '../../activities/store/placements/dialLimits.js';

/** While dialing is stopped, the store is asked this often, by each worker. */
const checkAgainMs = 1000;

/**
 * The worker of the queue on which calls wait while dialing is stopped. It polls only while dialing is not stopped, so that a
 * waiting call is one task in Temporal and nothing else; once dialing goes on, it lets them go as fast as it can. While
 * a circuit breaker tests the provider, it lets one call at a time go.
 */
export function createStoppedWorker(
  parts: { connection: NativeConnection; taskQueue: string; readCapacity: () => Promise<Capacity> },
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const { connection, taskQueue, readCapacity } = parts;
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return Worker.create({
    ...options,
    connection,
    taskQueue: `${taskQueue}-stopped`,
    activities: { awaitDialing: async () => {} },
    maxConcurrentActivityTaskPolls: 2,
    tuner: {
      activityTaskSlotSupplier: {
        type: 'custom',
        async reserveSlot(_, signal) {
          while (!mayGo(await readCapacity().catch(() => null))) {
            await pause(checkAgainMs * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(
              () => {},
            );
            signal.throwIfAborted();
          }
          return {};
        },
        tryReserveSlot: () => null,
        markSlotUsed() {},
        releaseSlot() {},
      },
      workflowTaskSlotSupplier: none,
      localActivityTaskSlotSupplier: none,
      nexusTaskSlotSupplier: none,
    },
  });
}

/** A store that cannot be asked stops nothing here: the claim decides. */
function mayGo(capacity: Capacity | null): boolean {
  const stopped: DialingStop | null = capacity?.stopped ?? null;
  return stopped === null || stopped.isTesting;
}
