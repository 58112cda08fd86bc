import { isIP } from 'node:net';
import { join } from 'node:path';
import type {
  ActivitySettings,
  CallRules,
  DoNotCallSettings,
  NotifySettings,
} from '../../activities/deps/activitySettings.js';
import type { DialLimits } from '../../activities/store/placements/dialLimits.js';
import type { TwilioSettings } from '../../activities/twilio/twilioClient.js';
import type { ProgressMode } from '../../workflows/rules/twilioStatus.js';
import { simulatorCredentials } from '../simulator/simulatorOptions.js';
import type { AccountSource } from './accounts/liveAccounts.js';
import type { ApiToken } from './apiTokens.js';
import {
  type CommonConfiguration,
  ConfigurationReader,
  type TemporalSettings,
} from './configurationReader.js';
import { isKnown, isOwnVariable, setVariables } from './environment.js';
import type { PolicySource } from './livePolicies.js';

export interface ApiConfiguration extends CommonConfiguration {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Null: `http://localhost:` and the port, unless there are no `callbacks`. */
  publicUrl: string | null;
  /** False: Twilio is asked for no status callbacks. */
  callbacks: boolean;
  /** The main account. */
  accountSid: string;
  /** The accounts besides the main one. */
  accounts: AccountSource;
  /** The limits with which the workers are configured. */
  dialLimits: DialLimits;
  /** Auth tokens with which Twilio may sign callbacks. */
  twilioAuthTokens: string[];
  apiTokens: ApiToken[];
  /** Where people find Temporal's Web UI; null: not known. */
  temporalUiUrl: string | null;
  /** For each client of the calls API; 0: no limit. */
  requestsPerSecond: number;
  progress: ProgressMode;
  /** Origins of web pages that may use the codec. */
  codecOrigins: readonly string[];
  policies: PolicySource;
  defaultFrom: string | null;
  /** The settings by which the workers accept and place calls. */
  rules: CallRules;
  databaseUrl: string;
}

export interface WorkerConfiguration extends CommonConfiguration {
  activities: Omit<ActivitySettings, 'policies' | 'accounts'>;
  policies: PolicySource;
  accounts: AccountSource;
  host: string;
  /** Where `/healthz`, `/readyz` and `/metrics` are served; null: nowhere. */
  workerPort: number | null;
  apiTokens: ApiToken[];
  databaseUrl: string;
}

export interface SetupConfiguration extends CommonConfiguration {
  databaseUrl: string | null;
}

export interface DevConfiguration
  extends Omit<
    ApiConfiguration,
    'databaseUrl' | 'accountSid' | 'accounts' | 'twilioAuthTokens' | 'dialLimits' | 'rules'
  > {
  /** Null: the store is embedded, under the data directory. */
  databaseUrl: string | null;
  /** Null: a Temporal server was named, and none is started. */
  temporalServer: { port: number; uiPort: number } | null;
  /** Null: the simulator stands in for Twilio. */
  twilio: { settings: TwilioSettings; authTokens: string[] } | null;
  /** The accounts besides the main one. Those without a `baseUrl` are at the simulator if it stands in for Twilio. */
  accountsAt: (simulatorUrl: string | null) => AccountSource;
  simulatorPort: number;
  /** Without the settings that depend on addresses. */
  callSettings: Omit<
    ActivitySettings,
    'twilio' | 'accounts' | 'publicUrl' | 'policies' | 'defaultFrom' | 'notify' | 'doNotCall'
  >;
  notify: NotifySettings;
  doNotCall: DoNotCallSettings;
}

export interface SimulatorConfiguration {
  logLevel: string;
  secrets: string[];
  host: string;
  port: number;
  /** The simulated account; null: the built-in one. */
  account: { accountSid: string; authToken: string } | null;
  callsPerSecond: number | null;
  /** Accounts that are simulated besides. */
  accounts: AccountSource;
}

/** For real phones. */
const standardCallSettings = {
  callsPerSecond: 1,
  callbackWait: 60,
  pollInterval: 15,
  absentAfter: 300,
  rememberInvalid: 86_400,
};

export function apiConfiguration(env: NodeJS.ProcessEnv): ApiConfiguration {
  const r = new ConfigurationReader(env);
  const twilio = r.twilio('required');
  return r.done({
    ...r.common(),
    ...r.api(),
    accountSid: twilio?.settings.accountSid ?? '',
    accounts: r.accounts(twilio?.settings ?? noTwilio, r.dialLimits(1)),
    dialLimits: r.dialLimits(1),
    twilioAuthTokens: twilio?.authTokens ?? [],
    rules: {
      ...r.callSettings(standardCallSettings),
      doNotCall: r.doNotCall(),
      notify: { allowPrivate: r.values.RINGTRUE_NOTIFY_PRIVATE ?? false },
    },
    databaseUrl: r.requiredDatabaseUrl(),
  });
}

export function workerConfiguration(env: NodeJS.ProcessEnv): WorkerConfiguration {
  const r = new ConfigurationReader(env);
  const twilio = r.twilio('required');
  const { publicUrl, callbacks, policies, defaultFrom, host, port, apiTokens } = r.http();
  if (callbacks && publicUrl === null && port === 0)
    r.fault('RINGTRUE_PUBLIC_URL is missing, and PORT is 0; must be set, so that callbacks find the API');
  return r.done({
    ...r.common(),
    host,
    workerPort: r.values.RINGTRUE_WORKER_PORT ?? null,
    apiTokens,
    databaseUrl: r.requiredDatabaseUrl(),
    policies,
    accounts: r.accounts(twilio?.settings ?? noTwilio, r.dialLimits(1)),
    activities: {
      ...r.callSettings(standardCallSettings),
      twilio: twilio?.settings ?? noTwilio,
      publicUrl: callbacks ? (publicUrl ?? `http://localhost:${port}`) : null,
      defaultFrom,
      notify: r.notify(twilio?.authTokens ?? [''], false),
      doNotCall: r.doNotCall(),
    },
  });
}

export function devConfiguration(env: NodeJS.ProcessEnv): DevConfiguration {
  const r = new ConfigurationReader(env);
  const twilio = r.twilio('optional');
  const port = r.values.RINGTRUE_TEMPORAL_PORT ?? 7233;
  const uiPort = r.values.RINGTRUE_TEMPORAL_UI_PORT ?? Math.min(port + 1000, 65_535);
  if (port === uiPort)
    r.fault(`RINGTRUE_TEMPORAL_PORT and RINGTRUE_TEMPORAL_UI_PORT are both ${port}; must differ`);
  const named = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => r.set[name]);
  const common = r.common();
  const address = `127.0.0.1:${port}`;
  // The simulator's calls last seconds: with the waits for real phones they would look stuck.
  const callSettings = r.callSettings(
    twilio === null
      ? { callsPerSecond: 10, callbackWait: 4, pollInterval: 1, absentAfter: 10, rememberInvalid: 0 }
      : standardCallSettings,
  );
  const accountsAt = (simulatorUrl: string | null) => {
    const reader = new ConfigurationReader(env);
    const main = twilio?.settings ?? { ...noTwilio, ...simulated, baseUrl: simulatorUrl };
    return reader.done(reader.accounts(main, callSettings));
  };
  r.accounts(twilio?.settings ?? { ...noTwilio, ...simulated, baseUrl: anySimulator }, callSettings);
  // A call that began with the simulator must never continue with real Twilio, and the other way round.
  const dataDirectory = join(common.dataDirectory, twilio === null ? 'simulated' : 'twilio');
  return r.done({
    ...common,
    dataDirectory,
    ...r.api(),
    temporal: named
      ? common.temporal
      : { connection: { address }, address, namespace: common.temporal.namespace },
    temporalServer: named ? null : { port, uiPort },
    databaseUrl: r.databaseUrl(),
    twilio,
    simulatorPort: r.values.RINGTRUE_SIMULATOR_PORT ?? 3001,
    notify: r.notify(twilio?.authTokens ?? [simulatorCredentials.authToken], twilio === null),
    doNotCall: r.doNotCall(),
    callSettings,
    accountsAt,
  });
}

const demoVariables =
  /^(PORT|HOST|TEMPORAL_CLI_PATH|RINGTRUE_(API_TOKENS|API_RATE|DATA_DIR|TASK_QUEUE|LOG_LEVEL|CPS|[A-Z_]+_SECONDS|TEMPORAL_PORT|TEMPORAL_UI_PORT|SIMULATOR_PORT))$/;

/**
 * The demo's environment, without everything that points at a real Twilio, a shared Temporal or a shared
 * database: a simulated call must not touch them. A HOST that is not an address is left out too, because
 * conda and some shells export one. `left` names what was left out.
 */
export function demoEnvironment(env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; left: string[] } {
  const left = Object.entries(setVariables(env))
    .filter(([name, value]) =>
      name === 'HOST'
        ? isIP(value) === 0 && value !== 'localhost'
        : isOwnVariable(name) && isKnown(name) && !demoVariables.test(name),
    )
    .map(([name]) => name);
  const kept = Object.entries(env).filter(([name]) => !left.includes(name));
  return { env: Object.fromEntries(kept), left: left.sort() };
}

export function setupConfiguration(env: NodeJS.ProcessEnv): SetupConfiguration {
  const r = new ConfigurationReader(env);
  return r.done({ ...r.common(), databaseUrl: r.databaseUrl() });
}

export function purgeConfiguration(env: NodeJS.ProcessEnv) {
  const r = new ConfigurationReader(env);
  const { rememberInvalid, callsPerSecond } = standardCallSettings;
  const { contactsPerNumber } = r.dialLimits(callsPerSecond);
  const rememberInvalidSeconds = r.values.RINGTRUE_REMEMBER_INVALID_SECONDS ?? rememberInvalid;
  return r.done({
    ...r.common(),
    databaseUrl: r.requiredDatabaseUrl(),
    limits: { contactsPerNumber, rememberInvalidSeconds },
  });
}

/** How to connect to Temporal, with its certificate files as they are now. Throws `ConfigurationError`. */
export function temporalSettings(env: NodeJS.ProcessEnv): TemporalSettings {
  const r = new ConfigurationReader(env);
  return r.done(r.temporal());
}

export function simulatorConfiguration(env: NodeJS.ProcessEnv): SimulatorConfiguration {
  const r = new ConfigurationReader(env);
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken } = r.values;
  const either = ' (or leave out both, for those of the built-in simulator)';
  if (authToken && !accountSid)
    r.required('TWILIO_ACCOUNT_SID', `the account SID: AC and 32 hex digits${either}`);
  if (accountSid && !authToken) r.required('TWILIO_AUTH_TOKEN', `the auth token that goes with it${either}`);
  return r.done({
    logLevel: r.values.RINGTRUE_LOG_LEVEL ?? 'info',
    secrets: r.secrets(),
    host: r.values.HOST ?? '127.0.0.1',
    port: r.values.RINGTRUE_SIMULATOR_PORT ?? 3001,
    account: accountSid && authToken ? { accountSid, authToken } : null,
    callsPerSecond: r.values.RINGTRUE_CPS ?? null,
    accounts: r.accounts(
      { ...noTwilio, accountSid: accountSid ?? simulatorCredentials.accountSid, baseUrl: anySimulator },
      r.dialLimits(1),
    ),
  });
}

/** Where simulated accounts are, while nobody knows the port yet. */
const anySimulator = 'http://127.0.0.1';
const simulated = { accountSid: simulatorCredentials.accountSid };
const noTwilio: TwilioSettings = { accountSid: '', username: '', password: '', baseUrl: null };
