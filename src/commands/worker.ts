import { Registry } from 'prom-client';
import { openStoreLazily } from '../../activities/store/openStore.js';
import { liveAccounts } from '../config/accounts/liveAccounts.js';
import { rememberAccounts } from '../config/accounts/rememberAccounts.js';
import { temporalSettings, workerConfiguration } from '../config/configuration.js';
import { livePolicies } from '../config/livePolicies.js';
import { payloadEncryption } from '../encryption/payloadEncryption.js';
import { cacheDirectory } from '../process/cacheDirectory.js';
import { Closing } from '../process/closing.js';
import { freePort } from '../process/freePort.js';
import { listen } from '../process/httpServer.js';
import { createLog } from '../process/log.js';
import { Readiness } from '../process/readiness.js';
import { stopSignal, whenAborted } from '../process/stopSignal.js';
import { watchStore } from '../process/watchStore.js';
import { installRuntime } from '../temporal/installRuntime.js';
import { renewableClient } from '../temporal/renewableClient.js';
import { TemporalAccess } from '../temporal/temporalAccess.js';
import { checkTemporal } from '../temporal/temporalClient.js';
import { watchCertificate } from '../temporal/watchCertificate.js';
import { currentCapacity } from '../worker/createDialWorker.js';
import { startWorker } from '../worker/startWorker.js';
import { watchAccounts } from '../worker/watchAccount.js';
import { watchBacklog } from '../worker/watchBacklog.js';
import { workerEndpoints } from '../worker/workerEndpoints.js';
import { activityListener, watchDialing, watchProcess } from '../worker/workerMetrics.js';

/** `ringtrue worker`: one worker. Returns after a stop signal. */
export async function runWorker(): Promise<void> {
  const configuration = workerConfiguration(process.env);
  const log = createLog({ level: configuration.logLevel, secrets: configuration.secrets });
  const signal = stopSignal();
  const closing = new Closing();
  const failed = (what: string, err: unknown) => log.warn({ err }, `${what} could not be closed properly`);
  try {
    const { temporal, workerPort } = configuration;
    const coreMetrics = `127.0.0.1:${await freePort('127.0.0.1')}`;
    installRuntime(log, workerPort === null ? null : coreMetrics);
    const readiness = new Readiness();
    const metrics = new Registry();
    watchProcess(metrics);
    const encryption = payloadEncryption(configuration.encryptionKeys, { log, readiness, isWorker: true });
    const store = openStoreLazily({ databaseUrl: configuration.databaseUrl }, log);
    closing.add('the store', () => store.close());
    readiness.probe('store', () => store.ping());
    void watchStore(store, { log, signal });
    const access = new TemporalAccess(temporal);
    const { client, close } = renewableClient(access, encryption.dataConverter);
    closing.add('the connection to Temporal', close);
    readiness.probe('temporal', () => checkTemporal(client, temporal));
    const { secrets } = configuration;
    const accounts = liveAccounts(configuration.accounts, { log, metrics, secrets });
    void rememberAccounts(accounts, { store, readiness, log, signal });
    const settings = {
      ...configuration.activities,
      accounts,
      policies: livePolicies(configuration.policies, { log, metrics }),
    };
    watchBacklog(metrics, {
      store,
      settings,
      temporal: client,
      taskQueue: configuration.taskQueue,
    });
    watchCertificate(access, { read: () => temporalSettings(process.env), readiness, log, signal });
    watchDialing(metrics, readiness, settings, (sid) => currentCapacity(store, settings, sid));
    const emit = activityListener(metrics, readiness, log);
    void watchAccounts(settings, { readiness, emit, log, signal });
    const worker = startWorker({
      access,
      taskQueue: configuration.taskQueue,
      settings,
      store,
      emit,
      encryption,
      retentionDays: configuration.retentionDays,
      cacheDirectory: cacheDirectory(configuration.dataDirectory),
      readiness,
      log,
    });
    closing.add('the worker', () => worker.stop());
    if (workerPort !== null) {
      const app = workerEndpoints({
        readiness,
        metrics,
        coreMetricsUrl: `http://${coreMetrics}/metrics`,
        tokens: configuration.apiTokens,
      });
      const at = {
        host: configuration.host,
        port: workerPort,
        what: 'worker',
        variable: 'RINGTRUE_WORKER_PORT',
      };
      const server = await listen(app, at);
      closing.add('the HTTP server', () => server.close());
      log.info(`The worker's health is at http://${configuration.host}:${server.port}/readyz.`);
    }
    await whenAborted(signal);
    log.info(`Stopping: ${signal.reason.message}. Running activities may finish.`);
  } finally {
    await closing.closeAll(failed);
  }
}
