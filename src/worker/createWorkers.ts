import { setTimeout as pause } from 'node:timers/promises';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { knownSids } from '../../activities/accounts/account.js';
import {
  type ActivityEvent,
  activitiesByQueue,
  createActivities,
} from '../../activities/createActivities.js';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import type { CallStarter } from '../../activities/deps/callStarter.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { CallActivities } from '../../workflows/callActivities.js';
import { accountWorkers } from './accountWorkers.js';
import { ringtrueServiceHandler } from './nexus/ringtrueServiceHandler.js';

/**
 * Activities that run at once, per worker process and queue. An activity that waits for an answer costs a
 * socket and some memory, and no CPU.
 *
 * `main`: what a call does with the store and its own rules, all of it short, and Lookup, which takes no more
 * than half of it. `notify`: several hosts may hang at once, each with as many posts as one host may have.
 * `read`: Twilio is one host, and allows only so many requests at once.
 */
const slots = { main: 300, notify: 300, read: 100 } as const;
/** Of a further account: polls that wait cost memory, and there may be many accounts. */
const readsOfFurther = { slots: 50, polls: 2 } as const;
/** Enough to fill the slots: a poll takes some milliseconds. */
const polls = 5;
/** Operations start, cancel or query a call: each takes some milliseconds. */
const nexusPolls = 2;

/** How soon a new account has its workers. */
const lookForAccountsMs = 1_000;

export interface WorkersParts {
  connection: NativeConnection;
  /** The task queue of the workflows; those of the other workers are named after it. */
  taskQueue: string;
  settings: ActivitySettings;
  store: OutcomeStore;
  callStarter: CallStarter;
  emit: (event: ActivityEvent) => void;
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
  /** Replace the real ones, in tests. */
  activities?: Partial<CallActivities>;
}

/** The workers of a process. */
export interface Workers {
  /** Resolves once all have ended. When one ends, the others follow: with only some of them, calls would stand still. */
  run(): Promise<void>;
  /** Takes no new task. What runs may finish, for as long as `shutdownGraceTime`. */
  shutDown(): Promise<void>;
}

/**
 * Creates every worker of a process. What may be slow has a queue and a worker of its own: posts to clients
 * (`-notify`), and for each account reads from Twilio (`-read`), placements (`-dial`), and calls that wait while dialing is
 * stopped (`-stopped`). Then what is slow delays only itself. An account that comes while the process runs gets its workers
 * then. One that is taken out keeps them: its calls go on being followed, or show what they wait for.
 */
export async function createWorkers(
  parts: WorkersParts,
  options: Partial<WorkerOptions> = {},
): Promise<Workers> {
  const { connection, taskQueue, workflowBundle } = parts;
  const { accounts } = parts.settings;
  const activities = activitiesByQueue({ ...createActivities(parts), ...parts.activities });
  const dialing: (() => Promise<void>)[] = [];
  const workersOf = (sid: string | null) => {
    const reads = sid === null ? { slots: slots.read, polls } : readsOfFurther;
    const own = accountWorkers({ ...parts, readActivities: activities.read }, sid, reads, options);
    dialing.push(own.stopPolling);
    return own.workers;
  };
  const served = knownSids(accounts);
  const workers = await allOrNone([
    Worker.create({
      ...options,
      connection,
      taskQueue,
      workflowBundle,
      activities: activities.main,
      maxConcurrentActivityTaskExecutions: slots.main,
      nexusServices: [ringtrueServiceHandler(parts)],
      maxConcurrentNexusTaskPolls: nexusPolls,
    }),
    Worker.create({
      ...options,
      connection,
      taskQueue: `${taskQueue}-notify`,
      activities: activities.notify,
      maxConcurrentActivityTaskExecutions: slots.notify,
      maxConcurrentActivityTaskPolls: polls,
    }),
    ...[null, ...served].flatMap(workersOf),
  ]);
  const stopping = new AbortController();
  const shutDown = async () => {
    stopping.abort();
    // Temporal loses a task that it hands to a poll which a worker cuts off at that moment. A lost placement is unclear until
    // Twilio has shown no trace of it for long enough. The tasks of the other queues are repeated by themselves.
    await Promise.all(dialing.map((stopPolling) => stopPolling()));
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runOne = async (worker: Worker) => {
    try {
      await worker.run();
    } finally {
      await shutDown();
    }
  };
  const runAll = async (some: Worker[]) => {
    const ends = await Promise.allSettled(some.map(runOne));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  };
  /** Runs the workers of accounts that come, until all are to stop. */
  const runNewAccounts = async (): Promise<void> => {
    const added: Promise<void>[] = [];
    try {
      while (!stopping.signal.aborted) {
        for (const sid of knownSids(accounts)) {
          if (served.has(sid)) continue;
          served.add(sid);
          const own = await allOrNone(workersOf(sid));
          workers.push(...own);
          added.push(runAll(own));
        }
        await pause(lookForAccountsMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
      }
    } finally {
      // Also those that came just before the stop.
      await shutDown();
    }
    await Promise.all(added);
  };
  return {
    shutDown,
    async run() {
      const ends = await Promise.allSettled([runAll(workers.slice()), runNewAccounts()]);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}

/** If one worker cannot be created, ends the others: a connection that a worker uses cannot be closed. */
async function allOrNone(creating: Promise<Worker>[]): Promise<Worker[]> {
  const created = await Promise.allSettled(creating);
  const failed = created.find((one) => one.status === 'rejected');
  const workers = created.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (!failed) return workers;
  for (const worker of workers) {
    const ended = worker.run();
    worker.shutdown();
    await ended;
  }
  throw failed.reason;
}
