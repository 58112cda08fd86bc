import { setTimeout as pause } from 'node:timers/promises';
import { type DoctorCheck, type Finding, fault, fine } from './doctorCheck.js';
import type { StoreFacts } from './storeFacts.js';
import type { TemporalFacts } from './temporalChecks.js';
import type { CheckedAccount } from './twilioChecks.js';

/** Source: `temporal.api.enums.v1.TaskQueueType`. */
const queueTypes = { workflow: 1, activity: 2 } as const;
/** A poll of a worker lasts about a minute, then the next one begins. */
const freshSeconds = 75;

const startWorker =
  'Start `ringtrue worker` with the same TEMPORAL_… variables and RINGTRUE_TASK_QUEUE. If one runs, its log and its `/readyz` say what it waits for.';

/** One check for each task queue that a worker must poll. While an account's dialing is stopped, no worker polls its `-dial`. */
export function workerChecks(
  temporal: TemporalFacts,
  {
    store,
    clockAhead,
    accounts,
  }: { store: StoreFacts; clockAhead: () => Promise<number>; accounts: readonly CheckedAccount[] },
): DoctorCheck[] {
  const { taskQueue } = temporal;
  const main = accounts.find(({ name }) => name === null) ?? null;
  const others = accounts.filter(({ name }) => name !== null);
  const queues = [
    { name: taskQueue, type: queueTypes.workflow, dialing: null },
    ...['read', 'notify', 'dial'].map((what) => ({
      name: `${taskQueue}-${what}`,
      type: queueTypes.activity,
      dialing: what === 'dial' ? main : null,
    })),
    ...others.flatMap((account) =>
      (['read', 'dial'] as const).map((what) => ({
        name: `${taskQueue}-${what}-${account.settings.accountSid}`,
        type: queueTypes.activity,
        dialing: what === 'dial' ? account : null,
      })),
    ),
  ];
  return queues.map(({ name, type, dialing }) => ({
    name: `worker ${name}`,
    look: async () => {
      const finding = await queueFinding(temporal, { name, type, clockAhead });
      if (finding.ok || dialing === null) return finding;
      const why = await store.whyDialingStopped(dialing.settings.accountSid).catch(() => null);
      return why === null ? finding : fine(`No worker polls ${name} for now, because ${why}.`);
    },
    fix: startWorker,
  }));
}

async function queueFinding(
  { ask, namespace }: TemporalFacts,
  { name, type, clockAhead }: { name: string; type: 1 | 2; clockAhead: () => Promise<number> },
): Promise<Finding> {
  const { pollers } = await ask(({ workflowService }) =>
    workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: type }),
  );
  const last = Math.max(
    0,
    ...(pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0)),
  );
  const isFresh = async () => {
    if (Math.abs(Date.now() / 1000 - last) <= freshSeconds) return true;
    // The time is that of Temporal's clock, which may differ from ours.
    return Date.now() / 1000 + (await clockAhead().catch(() => 0)) - last <= freshSeconds;
  };
  if (last === 0) return fault(`No worker polls the task queue ${name}: its calls stand still.`, startWorker);
  if (!(await isFresh()))
    return fault(
      `No worker polls the task queue ${name} any more; the last one did at ${new Date(last * 1000).toISOString()}.`,
      startWorker,
    );
  const count = new Set((pollers ?? []).map(({ identity }) => identity)).size;
  return fine(`${count === 1 ? 'A worker polls' : `${count} workers poll`} the task queue ${name}.`);
}

const clockQueue = 'ringtrue-doctor';
const pollMs = 4_000;

/**
 * Temporal's clock minus ours, in seconds. No request asks for its time, but the description of a task queue
 * says when it was polled. So this polls a queue of its own, on which nothing ever is.
 */
export async function temporalClockAhead({ ask, client, namespace }: TemporalFacts): Promise<number> {
  const identity = `ringtrue doctor ${process.pid} ${Math.random()}`;
  const taskQueue = { name: clockQueue };
  const sentAt = Date.now();
  const describe = () =>
    ask(({ workflowService }) =>
      workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType: queueTypes.activity }),
    );
  await ask(async () => {});
  const stop = new AbortController();
  const polling = client
    .withAbortSignal(stop.signal, () =>
      client.withDeadline(Date.now() + pollMs, () =>
        client.workflowService.pollActivityTaskQueue({ namespace, taskQueue, identity }),
      ),
    )
    .catch(() => {});
  try {
    for (const giveUpAt = sentAt + pollMs; Date.now() < giveUpAt; await pause(50)) {
      const { pollers } = await describe();
      const own = (pollers ?? []).find((one) => one.identity === identity)?.lastAccessTime;
      if (own) return Number(own.seconds) + (own.nanos ?? 0) / 1e9 - sentAt / 1000;
    }
  } finally {
    stop.abort();
    await polling;
  }
  throw new Error('Temporal did not show its clock.');
}
