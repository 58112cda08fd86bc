import { request as httpRequest } from 'node:http';
import pino from 'pino';
import { Registry } from 'prom-client';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeAll } from 'vitest';
import { createApi } from '../../src/api/createApi.js';
import type { ApiDependencies } from '../../src/api/http/apiDependencies.js';
import { readApiTokens } from '../../src/config/apiTokens.js';
import { type HttpServer, listen } from '../../src/process/httpServer.js';
import type { CallTestContext } from '../support/useCallBench.js';

export const authToken = 'primary-auth-token';
export const secondaryAuthToken = 'secondary-auth-token';
/** As an operator may write it; what Twilio signs has neither the fragment nor the slash. */
export const configuredPublicUrl = 'https://ringtrue.example/#rc=2';
export const publicUrl = 'https://ringtrue.example';

export interface Sent {
  /** Sent as it is: nothing is encoded, nothing made tidy. */
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Sends the body in chunks, its length unsaid. */
  chunked?: true;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests say what must be in it.
  json: any;
}

/** The API of a file of tests, listening on loopback. */
export interface Api {
  origin: string;
  logLines: Record<string, unknown>[];
  metrics: Registry;
  send(request: Sent): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Posts JSON; nothing when the body is undefined. */
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A status callback as Twilio would send it, signed, unless told otherwise. */
  callback(path: string, parameters?: Record<string, string>, token?: string): Promise<Answer>;
}

/** Dependencies that a test replaces. Tokens are entries as in `RINGTRUE_API_TOKENS`. */
type Replaced = Partial<Omit<ApiDependencies, 'apiTokens'>> & { apiTokens?: string[] };

function withTokens({ apiTokens = [], ...others }: Replaced) {
  if (apiTokens.length === 0) return { ...others, apiTokens: [] };
  const read = readApiTokens(apiTokens.join(','));
  if ('faults' in read) throw new Error(`RINGTRUE_API_TOKENS ${read.faults.join('; ')}`);
  return { ...others, apiTokens: read.tokens };
}

/** Serves the real API on the real worker, store and Temporal server of `fates`, except what is replaced. */
export function useApi(context: CallTestContext, overrides: () => Replaced = () => ({})): Api {
  const api = {} as Api;
  let server: HttpServer;
  beforeAll(async () => {
    const logLines: Record<string, unknown>[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void logLines.push(JSON.parse(line)) });
    const metrics = new Registry();
    const app = createApi({
      temporal: context.bench.client,
      store: context.store,
      taskQueue: context.bench.taskQueue,
      publicUrl: configuredPublicUrl,
      progress: 'signal',
      accountSid: context.bench.settings.twilio.accountSid,
      accounts: context.bench.settings.accounts,
      twilioAuthTokens: [authToken, secondaryAuthToken],
      policies: () => context.bench.settings.policies(),
      defaultFrom: context.bench.settings.defaultFrom,
      rules: context.bench.settings,
      readiness: async () => ({ ready: true, checks: { temporal: 'ok' } }),
      metrics,
      log,
      ...withTokens(overrides()),
    });
    server = await listen(app, { host: '127.0.0.1', port: 0, what: 'API', variable: 'PORT' });
    const origin = `http://127.0.0.1:${server.port}`;
    const send = (request: Sent) => sendTo(server.port, request);
    Object.assign(api, {
      origin,
      logLines,
      metrics,
      send,
      get: (path, headers = {}) => send({ path, headers }),
      post: (path, body, headers = {}) =>
        send({
          path,
          method: 'POST',
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        }),
      callback: (path, parameters = {}, token = authToken) =>
        send({
          path,
          method: 'POST',
          body: new URLSearchParams(parameters).toString(),
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
            'X-Twilio-Signature': getExpectedTwilioSignature(token, publicUrl + path, parameters),
          },
        }),
    } satisfies Api);
  });
  afterAll(() => server.close());
  return api;
}

/** The API with nothing behind it, for what needs nothing. */
export function bareApi(overrides: Replaced = {}) {
  return createApi({
    publicUrl,
    twilioAuthTokens: [],
    metrics: new Registry(),
    log: pino({ level: 'silent' }),
    ...withTokens(overrides),
  } as ApiDependencies);
}

function sendTo(port: number, { path, method = 'GET', headers = {}, body, chunked }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { ...headers, ...length },
      agent: false,
    };
    const request = httpRequest(options, async (response) => {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      const isJson = /json/.test(response.headers['content-type'] ?? '');
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: isJson && text !== '' ? JSON.parse(text) : null,
      });
    });
    request.on('error', reject);
    if (body !== undefined) request.write(body);
    request.end();
  });
}

/** Waits until this holds of what is asked for again and again; fails with the last answer. */
export async function eventually<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  let last = await ask();
  for (const giveUpAt = Date.now() + 20_000; !holds(last); last = await ask()) {
    if (Date.now() > giveUpAt) throw new Error(`never came true: ${holds}; last: ${JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return last;
}

/** What every problem must have. */
export function problem(name: string, status: number): Record<string, unknown> {
  return { type: `urn:ringtrue:problem:${name}`, status };
}
