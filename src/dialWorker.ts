import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type ActivityEvent, createDialling } from '../activities/createActivities.js';
import { type DialLimits, type DialRoom, limitsOf } from '../activities/dialGate.js';
import type { OutcomeStore } from '../activities/outcomeStore.js';
import type { ActivitySettings } from '../activities/settings.js';
import { dialTurns, fetchAheadSeconds } from './dialTurns.js';

/** As many orders as calls per second can want are fetched at a time; a poll takes some milliseconds. */
const polls = 10;

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
    notice: (event: ActivityEvent) => void;
  },
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const { connection, taskQueue, settings, store } = parts;
  const turns = dialTurns(() => dialRoomNow(store, settings));
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return Worker.create({
    ...options,
    connection,
    taskQueue: `${taskQueue}-dial`,
    activities: createDialling(parts, turns.onClaim, turns.onAsk),
    maxConcurrentActivityTaskPolls: polls,
    tuner: {
      activityTaskSlotSupplier: turns.supplier,
      workflowTaskSlotSupplier: none,
      localActivityTaskSlotSupplier: none,
      nexusTaskSlotSupplier: none,
    },
  });
}

/** What the account may dial within the time for which orders are fetched ahead. */
export function dialRoomNow(
  store: OutcomeStore,
  settings: DialLimits & Pick<ActivitySettings, 'twilio'>,
): Promise<DialRoom> {
  const { accountSid } = settings.twilio;
  return store.dialRoom({ accountSid, limits: limitsOf(settings), withinSeconds: fetchAheadSeconds });
}
