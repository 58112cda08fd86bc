import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type ActivityEvent, createPlaceCallActivity } from '../../activities/createActivities.js';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import {
  type Capacity,
  type DialLimits,
  dialLimitsOf,
} from '../../activities/store/placements/dialLimits.js';
import { dialSlotSupplier, fetchAheadSeconds } from './dialSlotSupplier.js';

/** Enough for any rate limit: a poll takes some milliseconds. */
const maxPolls = 10;

/**
 * Creates the worker for `placeCall` tasks. They have a queue of their own, in Temporal's order by priority
 * and fairness, and the worker fetches one only while the account has capacity.
 */
export function createDialWorker(
  parts: {
    connection: NativeConnection;
    /** The task queue of the workflow; the one for `placeCall` is named after it. */
    taskQueue: string;
    settings: ActivitySettings;
    store: OutcomeStore;
    emit: (event: ActivityEvent) => void;
  },
  options: Partial<WorkerOptions> = {},
): { worker: Promise<Worker>; stopPolling: () => Promise<void> } {
  const { connection, taskQueue, settings, store } = parts;
  const slots = dialSlotSupplier(() => currentCapacity(store, settings));
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  const worker = Worker.create({
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
  return { worker, stopPolling: slots.stopPolling };
}

/** What the account may place within the time by which tasks are fetched ahead. */
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
