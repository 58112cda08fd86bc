import type { HealthFacts } from '../../../../activities/store/healthFacts.js';
import type { DialingState } from '../../../../activities/store/placements/dialingControl.js';
import { withDeadline } from '../../../temporal/withDeadline.js';
import type { ApiTools } from '../../http/apiDependencies.js';

/** What the health strip is made of. Null: it could not be read, and `checks` says why. */
export interface Health {
  /** As `/readyz` answers. */
  checks: Record<string, string>;
  dialing: DialingState | null;
  facts: HealthFacts | null;
  /** How many workers took tasks lately. */
  workers: number | null;
}

const sharedForMs = 2_000;
const answersWithinMs = 2_000;
/** Temporal forgets a poller five minutes after its last poll. A poll lasts a minute at most. */
const polledWithinMs = 90_000;

export interface HealthReader {
  read(): Promise<Health>;
  /** The next one is read anew: something was changed. */
  forget(): void;
}

/** Reads the health at most every two seconds, however many pages are open. */
export function healthReader(tools: ApiTools): HealthReader {
  let shared: { until: number; health: Promise<Health> } | null = null;
  return {
    read() {
      if (shared === null || performance.now() >= shared.until)
        shared = { until: performance.now() + sharedForMs, health: readHealth(tools) };
      return shared.health;
    },
    forget() {
      shared = null;
    },
  };
}

async function readHealth(tools: ApiTools): Promise<Health> {
  const { store, accountSid } = tools;
  const [{ checks }, dialing, facts, workers] = await Promise.all([
    tools.readiness().catch(() => ({ checks: {} })),
    store.readDialing({ accountSid }).catch(() => null),
    store.readHealthFacts({ accountSid }).catch(() => null),
    countWorkers(tools).catch(() => null),
  ]);
  return { checks, dialing, facts, workers };
}

/** Processes that poll the task queue of the workflow. */
async function countWorkers({ temporal, taskQueue }: ApiTools): Promise<number> {
  const { pollers } = await withDeadline(temporal, answersWithinMs, () =>
    temporal.workflowService.describeTaskQueue({
      namespace: temporal.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: 1,
    }),
  );
  const recent = (pollers ?? []).filter(
    ({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < polledWithinMs,
  );
  return new Set(recent.map(({ identity }) => identity)).size;
}
