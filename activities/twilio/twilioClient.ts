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
  const { username, password, accountSid, baseUrl } = settings;
  const http = new TwilioHttp({ baseUrl, timeoutMs: requestTimeoutMs, onRead });
  const briefHttp = new TwilioHttp({ baseUrl, timeoutMs: briefTimeoutMs, onRead });
  const lookupHttp = new TwilioHttp({ baseUrl, timeoutMs: lookupTimeoutMs, onRead: () => {} });
  const sdk = (httpClient: TwilioHttp) =>
    twilio(username, password, { accountSid, httpClient, autoRetry: false });
  return {
    calls: sdk(http).calls,
    callsBriefly: sdk(briefHttp).calls,
    lookups: sdk(lookupHttp).lookups.v2,
    clockAheadSeconds: () => http.clockAheadSeconds,
  };
}

class TwilioHttp extends twilio.RequestClient {
  clockAheadSeconds = 0;

  constructor(private readonly options: { baseUrl: string | null; timeoutMs: number; onRead: OnRead }) {
    super({
      timeout: options.timeoutMs,
      keepAlive: true,
      maxSockets: 200,
      maxTotalSockets: 400,
      maxFreeSockets: 50,
    });
  }

  override async request<TData>(
    request: RequestClient.RequestOptions<TData>,
  ): Promise<TwilioResponse.default<TData>> {
    const { baseUrl, timeoutMs, onRead } = this.options;
    const response = await super.request<TData>({
      ...request,
      uri: baseUrl === null ? request.uri : rebase(request.uri, baseUrl),
      timeout: timeoutMs,
    });
    const headers = (response.headers ?? {}) as Record<string, unknown>;
    const twilioNow = Date.parse(String(headers.date));
    if (!Number.isNaN(twilioNow)) this.clockAheadSeconds = Math.round((twilioNow - Date.now()) / 1000);
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

function rebase(uri: string, baseUrl: string): string {
  const { pathname, search } = new URL(uri);
  return `${baseUrl.replace(/\/+$/, '')}${pathname}${search}`;
}
