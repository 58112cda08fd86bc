import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type TwilioResponse from 'twilio/lib/http/response.js';
import { TwilioRestError } from './twilioRestError.js';

/** Shorter than any time-out of an activity that uses it. */
const requestTimeoutMs = 10_000;
/** Shorter: a call does not wait long for Lookup. */
const lookupTimeoutMs = 4_000;

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
  lookups: ReturnType<typeof twilio>['lookups']['v2'];
  /** Twilio's clock minus ours in seconds, as the last answer showed it; to the second. */
  clockAheadSeconds(): number;
}

/**
 * Creates the Twilio client. Its requests throw `TwilioRestError` for an error answer, and the network's own
 * error if there was no answer.
 */
export function createTwilioClient(settings: TwilioSettings): TwilioClient {
  const { username, password, accountSid, baseUrl } = settings;
  const http = new TwilioHttp(baseUrl, requestTimeoutMs);
  const lookupHttp = new TwilioHttp(baseUrl, lookupTimeoutMs);
  const sdk = (httpClient: TwilioHttp) =>
    twilio(username, password, { accountSid, httpClient, autoRetry: false });
  return {
    calls: sdk(http).calls,
    lookups: sdk(lookupHttp).lookups.v2,
    clockAheadSeconds: () => http.clockAheadSeconds,
  };
}

class TwilioHttp extends twilio.RequestClient {
  clockAheadSeconds = 0;

  constructor(
    private readonly baseUrl: string | null,
    private readonly timeoutMs: number,
  ) {
    super({
      timeout: timeoutMs,
      keepAlive: true,
      maxSockets: 200,
      maxTotalSockets: 400,
      maxFreeSockets: 50,
    });
  }

  override async request<TData>(
    options: RequestClient.RequestOptions<TData>,
  ): Promise<TwilioResponse.default<TData>> {
    const response = await super.request<TData>({
      ...options,
      uri: this.baseUrl === null ? options.uri : rebase(options.uri, this.baseUrl),
      timeout: this.timeoutMs,
    });
    const headers = (response.headers ?? {}) as Record<string, unknown>;
    const twilioNow = Date.parse(String(headers.date));
    if (!Number.isNaN(twilioNow)) this.clockAheadSeconds = Math.round((twilioNow - Date.now()) / 1000);
    if (response.statusCode >= 300) throw TwilioRestError.from(response.statusCode, response.body, headers);
    return response;
  }
}

function rebase(uri: string, baseUrl: string): string {
  const { pathname, search } = new URL(uri);
  return `${baseUrl.replace(/\/+$/, '')}${pathname}${search}`;
}
