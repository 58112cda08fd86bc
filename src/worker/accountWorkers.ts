import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import { createDialWorker, currentCapacity, type DialWorkerParts } from './createDialWorker.js';
import { createStoppedWorker } from './stoppedWorker.js';

/** The workers of one account: what becomes of its placements and reads delays no other account. */
export interface AccountWorkers {
  workers: Promise<Worker>[];
  /** Takes no further placement. */
  stopPolling(): Promise<void>;
}

export interface AccountWorkersParts extends DialWorkerParts {
  settings: ActivitySettings;
  /** The activities that read from Twilio. */
  readActivities: object;
}

/** What a worker of one account may read at once, and how many polls wait for that. */
interface ReadSlots {
  slots: number;
  polls: number;
}

/**
 * Creates the workers of an account: for placements (`-dial`), for reads from Twilio (`-read`), and for calls that wait while
 * the account's dialing is stopped (`-stopped`). The queues of the main account have no further suffix; those of another one
 * end in its SID.
 */
export function accountWorkers(
  parts: AccountWorkersParts,
  sid: string | null,
  { slots, polls }: ReadSlots,
  options: Partial<WorkerOptions>,
): AccountWorkers {
  const { connection, taskQueue, store, settings, readActivities } = parts;
  const queueOf = (what: 'dial' | 'read' | 'stopped') =>
    `${taskQueue}-${what}${sid === null ? '' : `-${sid}`}`;
  const readCapacity = () => currentCapacity(store, settings, sid);
  const dial = createDialWorker(parts, { taskQueue: queueOf('dial'), readCapacity }, options);
  return {
    workers: [
      Worker.create({
        ...options,
        connection,
        taskQueue: queueOf('read'),
        activities: readActivities,
        maxConcurrentActivityTaskExecutions: slots,
        maxConcurrentActivityTaskPolls: polls,
      }),
      dial.worker,
      createStoppedWorker(
        {
          connection,
          taskQueue: queueOf('stopped'),
          readCapacity,
          eligibilityUrl: () => settings.doNotCall.eligibilityUrl,
        },
        options,
      ),
    ],
    stopPolling: dial.stopPolling,
  };
}
