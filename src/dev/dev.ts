import { access, constants, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Registry } from 'prom-client';
import { type FurtherAccounts, noFurtherAccounts } from '../../activities/accounts/account.js';
import { lockDirectory } from '../../activities/store/database/directoryLock.js';
import { openStore, openStoreLazily } from '../../activities/store/openStore.js';
import { dialLimitsOf } from '../../activities/store/placements/dialLimits.js';
import { publicUrlOf, serveApi } from '../api/apiProcess.js';
import { liveAccounts } from '../config/accounts/liveAccounts.js';
import { rememberAccounts } from '../config/accounts/rememberAccounts.js';
import type { DevConfiguration } from '../config/configuration.js';
import { ConfigurationError } from '../config/configurationReader.js';
import { livePolicies } from '../config/livePolicies.js';
import { payloadEncryption } from '../encryption/payloadEncryption.js';
import { cacheDirectory } from '../process/cacheDirectory.js';
import type { Closing } from '../process/closing.js';
import { freePort } from '../process/freePort.js';
import type { Log } from '../process/log.js';
import { Readiness } from '../process/readiness.js';
import { simulatedFrom, simulatorCredentials } from '../simulator/simulatorOptions.js';
import { startDevServer } from '../temporal/devServer.js';
import { installRuntime } from '../temporal/installRuntime.js';
import { TemporalAccess } from '../temporal/temporalAccess.js';
import { findTemporalCli } from '../temporal/temporalCli.js';
import { checkTemporal, lazyClient } from '../temporal/temporalClient.js';
import { currentCapacity } from '../worker/createDialWorker.js';
import { startWorker } from '../worker/startWorker.js';
import { watchAccounts } from '../worker/watchAccount.js';
import { watchBacklog } from '../worker/watchBacklog.js';
import { activityListener, watchDialing, watchProcess } from '../worker/workerMetrics.js';
import { loggingCalls } from './loggingCalls.js';
import { simulatedAccounts } from './simulatedAccounts.js';
import { startSimulatorAt } from './startSimulatorAt.js';

/** The addresses of everything that `ringtrue dev` runs. */
export interface Dev {
  apiUrl: string;
  temporalUiUrl: string | null;
  namespace: string;
  /** Null: real Twilio. */
  simulatorUrl: string | null;
}

/**
 * Starts everything in this process. Each part is added to `closing`, which stops HTTP, worker, simulator,
 * connections, store and Temporal server in this order, even if a later part fails to start.
 */
export async function startDev(
  configuration: DevConfiguration,
  { log, signal, closing }: { log: Log; signal: AbortSignal; closing: Closing },
): Promise<Dev> {
  const { temporal, dataDirectory } = configuration;
  await makeDirectory(dataDirectory);
  installRuntime(log, null);
  const { server, store: opened } = await openState(configuration, { log, signal, closing });
  const store = loggingCalls(opened, log);

  const readiness = new Readiness();
  const encryption = payloadEncryption(configuration.encryptionKeys, { log, readiness, isWorker: true });
  const client = lazyClient(temporal, encryption.dataConverter);
  closing.add('the connection to Temporal', () => client.connection.close());
  const simulator = configuration.twilio === null ? await startSimulated(configuration, log) : null;
  if (simulator) closing.add('the simulator', () => simulator.close());
  const twilio = simulator
    ? { settings: simulator.settings, authTokens: [simulatorCredentials.authToken] }
    : configuration.twilio;
  if (twilio === null) throw new Error('There is neither Twilio nor its simulator.');

  const metrics = new Registry();
  watchProcess(metrics);
  readiness.probe('store', () => store.ping());
  readiness.probe('temporal', () => checkTemporal(client, temporal));
  const port = configuration.port === 0 ? await freePort(configuration.host) : configuration.port;
  const defaultFrom = configuration.defaultFrom ?? (simulator ? simulatedFrom : null);
  const policies = livePolicies(configuration.policies, { log, metrics });
  const { secrets } = configuration;
  const accounts = liveAccounts(configuration.accountsAt(simulator?.url ?? null), { log, metrics, secrets });
  simulator?.simulate(accounts);
  void rememberAccounts(accounts, { store, readiness, log, signal });
  const settings = {
    ...configuration.callSettings,
    twilio: twilio.settings,
    accounts,
    publicUrl: publicUrlOf(configuration, port),
    policies,
    notify: configuration.notify,
    doNotCall: configuration.doNotCall,
    defaultFrom,
  };
  watchBacklog(metrics, { store, settings, temporal: client, taskQueue: configuration.taskQueue });
  watchDialing(metrics, readiness, settings, (sid) => currentCapacity(store, settings, sid));
  const emit = activityListener(metrics, readiness, log);
  if (simulator === null) void watchAccounts(settings, { readiness, emit, log, signal });
  const worker = startWorker({
    access: new TemporalAccess(temporal),
    taskQueue: configuration.taskQueue,
    settings,
    store,
    emit,
    encryption,
    retentionDays: configuration.retentionDays,
    cacheDirectory: cacheDirectory(dataDirectory),
    readiness,
    log,
  });
  closing.add('the worker', () => worker.stop());
  const api = await serveApi({
    settings: {
      ...configuration,
      codecOrigins: [...configuration.codecOrigins, ...originsOf(server?.uiUrl)],
      port,
      defaultFrom,
      accountSid: twilio.settings.accountSid,
      dialLimits: dialLimitsOf(configuration.callSettings),
      rules: {
        ...configuration.callSettings,
        doNotCall: configuration.doNotCall,
        notify: configuration.notify,
      },
      twilioAuthTokens: twilio.authTokens,
    },
    policies,
    accounts,
    temporal: client,
    encryption,
    store,
    readiness,
    metrics,
    log,
    temporalUiUrl: server?.uiUrl ?? undefined,
  });
  closing.add('the HTTP server', () => api.close());
  signal.throwIfAborted();
  return {
    apiUrl: `http://localhost:${api.port}`,
    temporalUiUrl: server?.uiUrl ?? null,
    namespace: temporal.namespace,
    simulatorUrl: simulator?.url ?? null,
  };
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigurationError([
      `RINGTRUE_DATA_DIR cannot be used (${why}); must be a directory that is writable or can be created`,
    ]);
  }
}

/** Opens Temporal's server and the outcome store at the same time. */
async function openState(
  configuration: DevConfiguration,
  { log, signal, closing }: { log: Log; signal: AbortSignal; closing: Closing },
) {
  const { dataDirectory, databaseUrl } = configuration;
  const directory = join(dataDirectory, 'store');
  const [server, store] = await Promise.allSettled([
    openTemporal(configuration, { log, signal, closing }),
    databaseUrl === null ? openStore({ directory }, log) : openStoreLazily({ databaseUrl }, log),
  ]);
  if (server.status === 'fulfilled' && server.value)
    closing.add('the Temporal dev server', server.value.stop);
  if (store.status === 'fulfilled') closing.add('the store', () => store.value.close());
  if (server.status === 'rejected') throw server.reason;
  if (store.status === 'rejected') throw store.reason;
  return { server: server.value, store: store.value };
}

/** Null if a Temporal server is configured. */
async function openTemporal(
  configuration: DevConfiguration,
  { log, signal, closing }: { log: Log; signal: AbortSignal; closing: Closing },
) {
  const { temporalServer, dataDirectory, temporal, port } = configuration;
  const isEncrypted = configuration.encryptionKeys.length > 0;
  if (temporalServer === null) return null;
  const lock = await lockDirectory(join(dataDirectory, 'temporal'));
  closing.add('the lock of the data directory', lock.release);
  const say = (sentence: string) => log.warn(sentence);
  const cache = cacheDirectory(dataDirectory);
  const cli = await findTemporalCli({ env: process.env, cacheDirectory: cache, say, signal });
  log.info(`Temporal CLI: ${relative('', cli.path) || cli.path} (${cli.from}).`);
  if (cli.warning) log.warn(cli.warning);
  return startDevServer({
    cliPath: cli.path,
    ...temporalServer,
    codecEndpoint: isEncrypted && port > 0 ? `http://localhost:${port}/codec` : null,
    namespace: temporal.namespace,
    stateFile: join(dataDirectory, 'temporal.sqlite'),
    say,
  });
}

/** Of the Temporal UI that runs here, under each name of this machine. */
function originsOf(uiUrl: string | null | undefined): string[] {
  return uiUrl ? [uiUrl, uiUrl.replace('127.0.0.1', 'localhost')] : [];
}

async function startSimulated(configuration: DevConfiguration, log: Log) {
  let further: FurtherAccounts = noFurtherAccounts;
  const simulator = await startSimulatorAt({
    host: '127.0.0.1',
    port: configuration.simulatorPort,
    ...simulatorCredentials,
    callsPerSecond: configuration.callSettings.callsPerSecond,
    accounts: () => simulatedAccounts(further),
    log: (message) => log.debug(message),
  });
  const { accountSid, authToken } = simulatorCredentials;
  const settings = { accountSid, username: accountSid, password: authToken, baseUrl: simulator.url };
  return {
    ...simulator,
    settings,
    /** The accounts besides the main one: known once the simulator has its URL. */
    simulate(accounts: FurtherAccounts) {
      further = accounts;
    },
  };
}
