import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type TwilioResponse from 'twilio/lib/http/response.js';
import type { TwilioError } from '../../workflows/callOutcome.js';
import { TwilioRestError } from './twilioRestError.js';

/** Shorter than any time-out of an activity that uses it. */
const requestTimeoutMs = 10_000;
/** Shorter: a call does not wait long for Lookup. */
const lookupTimeoutMs = 4_000;
/** Shorter still: what is read with the outcome must not delay its record. */
const briefTimeoutMs = 1_500;

export interface TwilioSettings {
  accountSid: string;
  /** Basic auth of REST requests: the API key and its secret, or the account SID and its auth token. */
  username: string;
  password: string;
  /** Sends every REST request to this origin instead of Twilio's hosts. */
  baseUrl: string | null;
  /** The Twilio region and edge location that serve the requests. Null: Twilio's default. */
  region?: string | null;
  edge?: string | null;
  /** Proxy for https requests. Null: none. */
  proxyUrl?: string | null;
}

/** The official SDK with its own retries off: a repeated create could make a second call. */
export interface TwilioClient {
  calls: ReturnType<typeof twilio>['calls'];
  /** The same resource, for reads that must not last long. */
  callsBriefly: ReturnType<typeof twilio>['calls'];
  lookups: ReturnType<typeof twilio>['lookups']['v2'];
  /** Twilio's clock minus ours in seconds, as the last answer showed it; to the second. */
  clockAheadSeconds(): number;
}

/** Receives how Twilio answered each read of a call or of the list of calls: null, or its refusal. */
export type OnRead = (refusal: TwilioError | null) => void;

/**
 * Creates the Twilio client. Its requests throw `TwilioRestError` for an error answer, and the network's own
 * error if there was no answer.
 */
export function createTwilioClient(settings: TwilioSettings, onRead: OnRead = () => {}): TwilioClient {
  const http = new TwilioHttp({ settings, timeoutMs: requestTimeoutMs, onRead });
  const briefHttp = new TwilioHttp({ settings, timeoutMs: briefTimeoutMs, onRead });
  const lookupHttp = new TwilioHttp({ settings, timeoutMs: lookupTimeoutMs, onRead: () => {} });
  return {
    calls: sdkOf(settings, http).calls,
    callsBriefly: sdkOf(settings, briefHttp).calls,
    lookups: sdkOf(settings, lookupHttp).lookups.v2,
    clockAheadSeconds: () => http.clockAheadSeconds,
  };
}

/** The whole SDK, for what the doctor reads. Its requests throw as those of `createTwilioClient` do. */
export function createTwilioSdk(settings: TwilioSettings): {
  sdk: ReturnType<typeof twilio>;
  /** Twilio's clock minus ours in seconds, as the last answer showed it; null before the first answer. */
  clockAheadSeconds(): number | null;
} {
  const http = new TwilioHttp({ settings, timeoutMs: lookupTimeoutMs, onRead: () => {} });
  return {
    sdk: sdkOf(settings, http),
    clockAheadSeconds: () => (http.hasClock ? http.clockAheadSeconds : null),
  };
}

function sdkOf(settings: TwilioSettings, httpClient: TwilioHttp): ReturnType<typeof twilio> {
  const { username, password, accountSid, region, edge } = settings;
  // The SDK reads what is not set here from the environment. Its log shows phone numbers.
  const options = { accountSid, autoRetry: false, region: region ?? '', edge: edge ?? '', logLevel: 'none' };
  return twilio(username, password, { ...options, httpClient });
}

class TwilioHttp extends twilio.RequestClient {
  clockAheadSeconds = 0;
  /** Did an answer show Twilio's clock yet? */
  hasClock = false;

  constructor(
    private readonly options: {
      settings: Pick<TwilioSettings, 'baseUrl' | 'proxyUrl'>;
      timeoutMs: number;
      onRead: OnRead;
    },
  ) {
    super({ timeout: options.timeoutMs });
    // Not the SDK's own agent: it takes a proxy from HTTP_PROXY alone, ignores NO_PROXY, and then has no
    // keep-alive.
    this.axios.defaults.httpsAgent = agentOf(options.settings.proxyUrl ?? null, options.timeoutMs);
  }

  override async request<TData>(
    request: RequestClient.RequestOptions<TData>,
  ): Promise<TwilioResponse.default<TData>> {
    const { timeoutMs, onRead } = this.options;
    const { baseUrl } = this.options.settings;
    const response = await super.request<TData>({
      ...request,
      uri: baseUrl === null ? request.uri : rebase(request.uri, baseUrl),
      timeout: timeoutMs,
    });
    const headers = (response.headers ?? {}) as Record<string, unknown>;
    const twilioNow = Date.parse(String(headers.date));
    if (!Number.isNaN(twilioNow)) {
      this.clockAheadSeconds = Math.round((twilioNow - Date.now()) / 1000);
      this.hasClock = true;
    }
    const isRead = request.method.toLowerCase() === 'get' && callsPath.test(new URL(request.uri).pathname);
    if (response.statusCode >= 300) {
      const error = TwilioRestError.from(response.statusCode, response.body, headers);
      if (isRead && refusesReads(error.error)) onRead(error.error);
      throw error;
    }
    if (isRead) onRead(null);
    return response;
  }
}

/** The list of calls, or one call. A key may lack the right to read what belongs to a call, and do well without. */
const callsPath = /\/Calls(\/CA[0-9a-fA-F]{32})?\.json$/;

/** Codes with which Twilio refuses test credentials, and keys and accounts without the right to read. */
const readRefusals = new Set([20008, 70051]);

function refusesReads({ code, httpStatus }: TwilioError): boolean {
  return httpStatus === 401 || httpStatus === 403 || (code !== null && readRefusals.has(code));
}

function agentOf(proxyUrl: string | null, timeoutMs: number): Agent | HttpsProxyAgent<string> {
  const bundle = process.env.TWILIO_CA_BUNDLE;
  const options: AgentOptions = {
    timeout: timeoutMs,
    keepAlive: true,
    maxSockets: 200,
    maxTotalSockets: 400,
    maxFreeSockets: 50,
    ...(bundle ? { ca: readFileSync(bundle) } : {}),
  };
  if (proxyUrl === null) return new Agent(options);
  const agent = new HttpsProxyAgent(proxyUrl, options);
  // The options above are for the proxy; these are for Twilio behind it.
  if (options.ca) Object.assign(agent.options, { ca: options.ca });
  agent.on('proxyConnect', ({ statusCode, statusText }, request: ClientRequest) => {
    // Else its refusal would look like an answer of Twilio. Nothing was sent to Twilio yet.
    const why = `the proxy refused the connection: ${statusCode} ${statusText}`;
    if (statusCode !== 200) request.destroy(Object.assign(new Error(why), { code: 'ECONNREFUSED' }));
  });
  return agent;
}

function rebase(uri: string, baseUrl: string): string {
  const { pathname, search } = new URL(uri);
  return `${baseUrl.replace(/\/+$/, '')}${pathname}${search}`;
}
