import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type AccountSettings, placingAccount } from '../../activities/accounts/account.js';
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

export interface DialWorkerParts {
  connection: NativeConnection;
  /** The task queue of the workflow; the others are named after it. */
  taskQueue: string;
  settings: ActivitySettings;
  store: OutcomeStore;
  emit: (event: ActivityEvent) => void;
}

/**
 * Creates the worker for `placeCall` tasks of one account. They have a queue of their own, in Temporal's order by priority
 * and fairness, and the worker fetches one only while the account has capacity.
 */
export function createDialWorker(
  parts: DialWorkerParts,
  { taskQueue, readCapacity }: { taskQueue: string; readCapacity: () => Promise<Capacity> },
  options: Partial<WorkerOptions> = {},
): { worker: Promise<Worker>; stopPolling: () => Promise<void> } {
  const slots = dialSlotSupplier(readCapacity);
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  const worker = Worker.create({
    ...options,
    connection: parts.connection,
    taskQueue,
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

/** What an account may place within the time by which tasks are fetched ahead. `sid`: null for the main account. */
export async function currentCapacity(
  store: OutcomeStore,
  settings: DialLimits & AccountSettings,
  sid: string | null = null,
): Promise<Capacity> {
  const account = placingAccount(settings, sid === null ? undefined : { sid });
  if (account === null) return unconfigured;
  return store.availableCapacity({
    accountSid: account.twilio.accountSid,
    limits: dialLimitsOf({ ...settings, ...account }),
    withinSeconds: fetchAheadSeconds,
  });
}

/** Its calls are fetched all the same, so that they show what they wait for. */
const unconfigured: Capacity = {
  stopped: { by: 'unconfigured-account', reason: null, isTesting: false },
  available: null,
  waitSeconds: 0,
};
