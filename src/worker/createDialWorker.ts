import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type ActivityEvent, createPlaceCallActivity } from '../../activities/createActivities.js';
import type { ActivitySettings } from '../../activities/settings.js';
import { type Capacity, type DialLimits, dialLimitsOf } from '../../activities/store/dialLimits.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { dialSlotSupplier, fetchAheadSeconds } from './dialSlotSupplier.js';

/** As many orders as calls per second can want are fetched at a time; a poll takes some milliseconds. */
const maxPolls = 10;

/**
 * The worker of the queue on which orders to dial wait in Temporal's order, by priority and fairness. It fetches one
 * only when the account may dial.
 */
export function createDialWorker(
  parts: {
    connection: NativeConnection;
    /** Of the workflow; the orders are on a queue of their own beside it. */
    taskQueue: string;
    settings: ActivitySettings;
    store: OutcomeStore;
    emit: (event: ActivityEvent) => void;
  },
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const { connection, taskQueue, settings, store } = parts;
  const slots = dialSlotSupplier(() => currentCapacity(store, settings));
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return Worker.create({
    ...options,
    connection,
    taskQueue: `${taskQueue}-dial`,
    activities: createPlaceCallActivity(parts, slots.onClaim, slots.onCheck),
    maxConcurrentActivityTaskPolls: maxPolls,
    tuner: {
      activityTaskSlotSupplier: slots.supplier,
      workflowTaskSlotSupplier: none,
      localActivityTaskSlotSupplier: none,
      nexusTaskSlotSupplier: none,
    },
  });
}

/** What the account may dial within the time for which orders are fetched ahead. */
export function currentCapacity(
  store: OutcomeStore,
  settings: DialLimits & Pick<ActivitySettings, 'twilio'>,
): Promise<Capacity> {
  const { accountSid } = settings.twilio;
  return store.availableCapacity({
    accountSid,
    limits: dialLimitsOf(settings),
    withinSeconds: fetchAheadSeconds,
  });
}
