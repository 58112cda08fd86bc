import { Registry } from 'prom-client';
import { openStoreLazily } from '../../activities/store/openStore.js';
import { serveApi } from '../api/apiProcess.js';
import { noteOpenBreakers } from '../api/noteOpenBreakers.js';
import { liveAccounts } from '../config/accounts/liveAccounts.js';
import { rememberAccounts } from '../config/accounts/rememberAccounts.js';
import { apiConfiguration, temporalSettings } from '../config/configuration.js';
import { livePolicies } from '../config/livePolicies.js';
import { payloadEncryption } from '../encryption/payloadEncryption.js';
import { Closing } from '../process/closing.js';
import { createLog } from '../process/log.js';
import { Readiness } from '../process/readiness.js';
import { stopSignal, whenAborted } from '../process/stopSignal.js';
import { watchStore } from '../process/watchStore.js';
import { renewableClient } from '../temporal/renewableClient.js';
import { TemporalAccess } from '../temporal/temporalAccess.js';
import { checkTemporal, ensureSearchAttributes } from '../temporal/temporalClient.js';
import { watchCertificate } from '../temporal/watchCertificate.js';
import { watchProcess } from '../worker/workerMetrics.js';

/** `ringtrue api`: the HTTP server alone. Returns after a stop signal. */
export async function runApi(): Promise<void> {
  const configuration = apiConfiguration(process.env);
  const log = createLog({ level: configuration.logLevel, secrets: configuration.secrets });
  const signal = stopSignal();
  const closing = new Closing();
  const failed = (what: string, err: unknown) => log.warn({ err }, `${what} could not be closed properly`);
  try {
    const { temporal } = configuration;
    const readiness = new Readiness();
    const metrics = new Registry();
    watchProcess(metrics);
    const encryption = payloadEncryption(configuration.encryptionKeys, { log, readiness, isWorker: false });
    const store = openStoreLazily({ databaseUrl: configuration.databaseUrl }, log);
    closing.add('the store', () => store.close());
    const access = new TemporalAccess(temporal);
    const { client, close } = renewableClient(access, encryption.dataConverter);
    closing.add('the connection to Temporal', close);
    readiness.probe('store', () => store.ping());
    void watchStore(store, { log, signal });
    readiness.probe('temporal', () => checkTemporal(client, temporal));
    watchCertificate(access, { read: () => temporalSettings(process.env), readiness, log, signal });
    const registered = ensureSearchAttributes(client.connection, { temporal, log, readiness, signal });
    registered.catch(() => {});
    const { secrets } = configuration;
    const accounts = liveAccounts(configuration.accounts, { log, metrics, secrets });
    void rememberAccounts(accounts, { store, readiness, log, signal });
    const { accountSid } = configuration;
    void noteOpenBreakers({ accountSid, accounts }, { store, readiness, signal });
    const server = await serveApi({
      settings: configuration,
      accounts,
      policies: livePolicies(configuration.policies, { log, metrics }),
      temporal: client,
      encryption,
      store,
      readiness,
      metrics,
      log,
    });
    closing.add('the HTTP server', () => server.close());
    log.info(`The API listens on http://${configuration.host}:${server.port}.`);
    await whenAborted(signal);
    log.info(`Stopping: ${signal.reason.message}.`);
  } finally {
    await closing.closeAll(failed);
  }
}
