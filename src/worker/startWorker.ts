import { Client } from '@temporalio/client';
import { NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { twilioClients } from '../../activities/accounts/twilioClients.js';
import type { ActivityEvent } from '../../activities/createActivities.js';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { PayloadEncryption } from '../encryption/payloadEncryption.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { retryForever } from '../process/retryForever.js';
import { whenAborted } from '../process/stopSignal.js';
import { watchErasures } from '../removal/watchErasures.js';
import { watchPurge } from '../removal/watchPurge.js';
import { callStarter } from '../temporal/callStarter.js';
import type { TemporalAccess } from '../temporal/temporalAccess.js';
import { describeServer, ensureSearchAttributes, errorText } from '../temporal/temporalClient.js';
import { createWorkers } from './createWorkers.js';
import { watchWorkflows } from './watchWorkflows.js';
import { workflowBundle } from './workflowBundle.js';

export interface WorkerParts {
  access: TemporalAccess;
  taskQueue: string;
  settings: ActivitySettings;
  store: OutcomeStore;
  emit: (event: ActivityEvent) => void;
  encryption: PayloadEncryption;
  /** `RINGTRUE_RETENTION_DAYS`; null: nothing is purged. */
  retentionDays: number | null;
  /** Where the bundle of the workflows is kept for the next start. */
  cacheDirectory: string;
  readiness: Readiness;
  log: Log;
}

/**
 * For every worker. A stop lets activities finish, because one that is cut off may have
 * placed a call. Their HTTP time-outs are well below this.
 */
const tuning = { shutdownGraceTime: '30s' } satisfies Partial<WorkerOptions>;

/**
 * Runs a worker until it is stopped. If Temporal is away, lacks our search attributes or refuses a poll, the
 * log and `readiness` say so, and the worker tries again until it works.
 */
export function startWorker(parts: WorkerParts): { stop(): Promise<void> } {
  const stopping = new AbortController();
  parts.readiness.report('worker', 'is starting');
  const ended = serveUntil(stopping.signal, parts);
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function serveUntil(signal: AbortSignal, parts: WorkerParts): Promise<void> {
  const { readiness, log } = parts;
  try {
    // It returns when it must connect again.
    for (;;)
      await retryForever(() => serve(signal, parts), {
        signal,
        onFailure: (error, seconds) => {
          const trouble = `the worker does not run: ${errorText(error)}`;
          readiness.report('worker', trouble);
          log.error({ err: error }, `${trouble}. Next try in ${seconds} s.`);
        },
      });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    readiness.report('worker', 'is stopped');
  }
}

/** Serves until the certificates of the connection are renewed. Throws when the worker is stopped, or fails. */
async function serve(signal: AbortSignal, parts: WorkerParts): Promise<void> {
  const { access, readiness, log, encryption } = parts;
  const { dataConverter, hiding } = encryption;
  const { settings: temporal, renewed } = access;
  // Begun beside the connection, and again with each try: a cache directory may have become writable.
  const bundle = workflowBundle(parts.cacheDirectory, dataConverter.failureConverterPath);
  // It is awaited below. A failure before that must not end the process.
  bundle.catch(() => {});
  const connection = await connect(signal, parts);
  const ended = new AbortController();
  let upkeep: Promise<unknown> | undefined;
  try {
    const stopped = AbortSignal.any([signal, renewed]);
    await ensureSearchAttributes(connection, { ...parts, temporal, signal: stopped });
    const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
    const options = { ...tuning, namespace: temporal.namespace, dataConverter };
    const settings = { ...parts.settings, hiding };
    const codePath = await bundle;
    const workers = await createWorkers(
      {
        ...parts,
        settings,
        connection,
        workflowBundle: { codePath },
        callStarter: callStarter(client, { ...settings, taskQueue: parts.taskQueue }),
      },
      options,
    );
    const running = workers.run();
    readiness.report('worker', null);
    log.info(`The worker polls task queue ${parts.taskQueue} (${describeServer(temporal)}).`);
    const upkeepParts = { ...parts, twilio: twilioClients(), temporal: client, signal: ended.signal };
    const { retentionDays } = parts;
    upkeep = Promise.all([
      watchWorkflows(upkeepParts),
      watchErasures({ ...upkeepParts, encryptionKeys: encryption.keys }),
      retentionDays === null ? null : watchPurge({ ...upkeepParts, retentionDays, limits: parts.settings }),
    ]);
    void whenAborted(stopped).then(workers.shutDown);
    await running;
    stopped.throwIfAborted();
    throw new Error('it stopped without being asked to');
  } catch (error) {
    if (signal.aborted || !renewed.aborted) throw error;
    readiness.report('worker', 'connects again, with renewed certificates');
  } finally {
    ended.abort();
    await upkeep;
    await connection.close();
  }
}

async function connect(
  signal: AbortSignal,
  { access, readiness, log }: WorkerParts,
): Promise<NativeConnection> {
  const server = describeServer(access.settings);
  readiness.report('temporal', `connecting to ${server}`);
  const connection = await retryForever(() => NativeConnection.connect(access.settings.connection), {
    signal,
    onFailure: (error, seconds) => {
      const trouble = `${server} cannot be reached: ${errorText(error)}`;
      readiness.report('temporal', trouble);
      log.error(`${trouble}. Calls wait; next try in ${seconds} s. Is TEMPORAL_ADDRESS right?`);
    },
  });
  readiness.report('temporal', null);
  return connection;
}
