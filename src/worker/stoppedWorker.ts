import { setTimeout as pause } from 'node:timers/promises';
import {
  type ActivitySlotInfo,
  type CustomSlotSupplier,
  type NativeConnection,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { eligibilityHealth } from '../../activities/place-call/eligibilityHealth.js';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';

/** While dialing is stopped, the store is asked this often, by each worker. */
const checkAgainMs = 1000;
/** Polls that were under way when dialing stopped still let as many calls go, which find that it is stopped. */
const maxSlots = 2;

/**
 * The worker of the queue on which the calls of an account wait while dialing is stopped. It polls only while dialing is not stopped, so that a
 * waiting call is one task in Temporal and nothing else; once dialing goes on, it lets them go as fast as it can. While
 * a circuit breaker tests the provider, it lets one call at a time go; so it does now and then while the operator's eligibility
 * URL gives no clear answers.
 */
export function createStoppedWorker(
  parts: {
    connection: NativeConnection;
    taskQueue: string;
    readCapacity: () => Promise<Capacity>;
    /** The operator's. While it gives no clear answers, one call at a time goes and tests it. */
    eligibilityUrl: () => string | null;
  },
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const { connection, taskQueue, readCapacity, eligibilityUrl } = parts;
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return Worker.create({
    ...options,
    connection,
    taskQueue,
    activities: { awaitDialing: async () => {} },
    maxConcurrentActivityTaskPolls: 2,
    tuner: {
      activityTaskSlotSupplier: stoppedSlotSupplier(readCapacity, () => {
        const url = eligibilityUrl();
        return url === null || eligibilityHealth(url).mayGo();
      }),
      workflowTaskSlotSupplier: none,
      localActivityTaskSlotSupplier: none,
      nexusTaskSlotSupplier: none,
    },
  });
}

/** Hands out a slot, and so lets a call go, only while dialing is not stopped, and nothing else forbids it. */
function stoppedSlotSupplier(
  readCapacity: () => Promise<Capacity>,
  mayBeDialed: () => boolean,
): CustomSlotSupplier<ActivitySlotInfo> {
  let given = 0;
  let isStopped = true;
  const waiting: (() => void)[] = [];
  /** Resolves once a slot is free, and rejects when the worker stops. */
  const slotFree = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      waiting.push(resolve);
    });
  const mayGo = async () => {
    // A store that cannot be asked tells nothing new.
    const capacity = await readCapacity().catch(() => null);
    if (capacity !== null) isStopped = capacity.stopped !== null && !capacity.stopped.isTesting;
    return !isStopped && mayBeDialed();
  };
  return {
    type: 'custom',
    async reserveSlot(_, signal) {
      for (;;) {
        signal.throwIfAborted();
        if (given >= maxSlots) await slotFree(signal);
        else if (await mayGo()) {
          if (given < maxSlots) break;
        } else
          await pause(checkAgainMs * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(
            () => {},
          );
      }
      given++;
      return {};
    },
    tryReserveSlot: () => null,
    markSlotUsed() {},
    releaseSlot() {
      given--;
      waiting.shift()?.();
    },
  };
}
