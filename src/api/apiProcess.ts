import type { Client } from '@temporalio/client';
import type { Registry } from 'prom-client';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { ApiConfiguration } from '../config/configuration.js';
import type { PayloadEncryption } from '../encryption/payloadEncryption.js';
import { freePort } from '../process/freePort.js';
import { type HttpServer, listen } from '../process/httpServer.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { createApi } from './createApi.js';
import type { ApiDependencies } from './http/apiDependencies.js';

/** With fewer there is a warning. */
const fewestTokenCharacters = 20;

export type ApiSettings = Pick<
  ApiConfiguration,
  | 'host'
  | 'port'
  | 'publicUrl'
  | 'callbacks'
  | 'taskQueue'
  | 'accountSid'
  | 'dialLimits'
  | 'twilioAuthTokens'
  | 'apiTokens'
  | 'temporalUiUrl'
  | 'requestsPerSecond'
  | 'progress'
  | 'codecOrigins'
  | 'defaultFrom'
  | 'rules'
>;

export interface ApiParts {
  settings: ApiSettings;
  policies: ApiDependencies['policies'];
  accounts: ApiDependencies['accounts'];
  temporal: Client;
  encryption: PayloadEncryption;
  store: OutcomeStore;
  readiness: Readiness;
  metrics: Registry;
  log: Log;
  /** Of the Temporal server that this process has started. */
  temporalUiUrl?: string | undefined;
}

/** Serves the calls API, Twilio's webhooks and the pages. */
export async function serveApi(parts: ApiParts): Promise<HttpServer> {
  const { settings } = parts;
  const temporalUiUrl = settings.temporalUiUrl ?? parts.temporalUiUrl;
  const port = settings.port === 0 ? await freePort(settings.host) : settings.port;
  const stopping = new AbortController();
  if (settings.apiTokens.some(({ token }) => token.length < fewestTokenCharacters))
    parts.log.warn(
      `RINGTRUE_API_TOKENS has a token of fewer than ${fewestTokenCharacters} characters, which can be guessed. Make a longer one, such as with: openssl rand -hex 32`,
    );
  const app = createApi({
    temporal: parts.temporal,
    encryption: parts.encryption,
    store: parts.store,
    taskQueue: settings.taskQueue,
    publicUrl: publicUrlOf(settings, port),
    accountSid: settings.accountSid,
    accounts: parts.accounts,
    dialLimits: settings.dialLimits,
    rules: settings.rules,
    twilioAuthTokens: settings.twilioAuthTokens,
    apiTokens: settings.apiTokens,
    rateLimits: { requestsPerSecond: settings.requestsPerSecond },
    progress: settings.progress,
    codecOrigins: settings.codecOrigins,
    policies: parts.policies,
    defaultFrom: settings.defaultFrom,
    readiness: (only) => parts.readiness.check(only),
    metrics: parts.metrics,
    log: parts.log,
    ...(temporalUiUrl === undefined ? {} : { temporalUiUrl }),
    stopping: stopping.signal,
  });
  const server = await listen(app, { host: settings.host, port, what: 'API', variable: 'PORT' });
  return {
    port: server.port,
    close: () => {
      stopping.abort();
      return server.close();
    },
  };
}

/** The URL on which status callbacks are built and verified. Null: Twilio is asked for none. */
export function publicUrlOf(
  { publicUrl, callbacks }: { publicUrl: string | null; callbacks: boolean },
  port: number,
): string | null {
  return callbacks ? (publicUrl ?? `http://localhost:${port}`) : null;
}
