import type { FurtherAccount } from '../../activities/accounts/account.js';
import type { Destinations } from '../../activities/destinations/forbiddenDestination.js';
import type { TwilioSettings } from '../../activities/twilio/twilioClient.js';
import { simulatedFrom, simulatorCredentials } from '../simulator/simulatorOptions.js';
import { secretsOf } from './accounts/liveAccounts.js';
import { apiConfiguration, devConfiguration, workerConfiguration } from './configuration.js';
import { ConfigurationError, ConfigurationReader, type TemporalSettings } from './configurationReader.js';

/** What the doctor looks at. What is missing or faulty in the environment is null here. */
export interface DoctorConfiguration {
  /** Everything that keeps `ringtrue api` or `ringtrue worker` from starting; of `ringtrue dev` without a `DATABASE_URL`. */
  faults: readonly string[];
  secrets: string[];
  temporal: TemporalSettings | null;
  taskQueue: string;
  twilio: { settings: TwilioSettings; authToken: string } | null;
  isSimulated: boolean;
  /** Those of `RINGTRUE_ACCOUNTS`. */
  accounts: readonly FurtherAccount[];
  defaultFrom: string | null;
  /** Null: no callbacks are wanted. Undefined: the URL is missing or faulty. */
  publicUrl: string | null | undefined;
  destinations: Destinations | null;
  databaseUrl: string | null;
  /** The API of `ringtrue dev`, which holds the store if there is no `DATABASE_URL`. */
  apiUrl: string;
  apiToken: string | null;
}

/** Reads what the doctor needs, and every fault. Without `DATABASE_URL` this is the environment of `ringtrue dev`. */
export function doctorConfiguration(env: NodeJS.ProcessEnv): DoctorConfiguration {
  const r = new ConfigurationReader(env);
  const { values, set } = r;
  const isDev = set.DATABASE_URL === undefined;
  const faults = isDev
    ? faultsIn(() => devConfiguration(env))
    : [...faultsIn(() => apiConfiguration(env)), ...faultsIn(() => workerConfiguration(env))];
  const credentials = r.twilio(isDev ? 'optional' : 'required');
  const isSimulated = credentials === null;
  const { temporal, taskQueue, secrets } = r.common();
  const isTemporalNamed = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(
    (name) => set[name],
  );
  const devAddress = `127.0.0.1:${values.RINGTRUE_TEMPORAL_PORT ?? 7233}`;
  const local = { ...temporal, address: devAddress, connection: { address: devAddress } };
  const settings = credentials?.settings ?? simulated(values.RINGTRUE_SIMULATOR_PORT ?? 3001);
  const authToken = credentials === null ? simulatorCredentials.authToken : credentials.authTokens[0];
  const accounts = [...r.accounts(settings, r.dialLimits(1)).atStart.values()];
  const port = values.PORT ?? 3000;
  const { RINGTRUE_PUBLIC_URL: publicUrl } = values;
  const isUrlFaulty = publicUrl === undefined && set.RINGTRUE_PUBLIC_URL !== undefined;
  const mustBePublic = credentials !== null && settings.baseUrl === null;
  return {
    faults: [...new Set(faults)],
    secrets: [...secrets, ...secretsOf(accounts)],
    temporal: isDev && !isTemporalNamed ? local : temporal.address === '' ? null : temporal,
    taskQueue,
    twilio: settings.accountSid && authToken ? { settings, authToken } : null,
    isSimulated,
    accounts,
    defaultFrom: values.TWILIO_FROM ?? (isSimulated ? simulatedFrom : null),
    publicUrl:
      publicUrl === 'none'
        ? null
        : (publicUrl ?? (isUrlFaulty || mustBePublic ? undefined : `http://localhost:${port}`)),
    destinations: values.RINGTRUE_DESTINATIONS ?? null,
    databaseUrl: r.databaseUrl(),
    apiUrl: (set.RINGTRUE_API_URL ?? `http://localhost:${port}`).replace(/\/+$/, ''),
    apiToken:
      set.RINGTRUE_API_TOKEN ??
      values.RINGTRUE_API_TOKENS?.find(({ role }) => role === 'admin')?.token ??
      null,
  };
}

function simulated(port: number): TwilioSettings {
  const { accountSid, authToken } = simulatorCredentials;
  return { accountSid, username: accountSid, password: authToken, baseUrl: `http://127.0.0.1:${port}` };
}

function faultsIn(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}
