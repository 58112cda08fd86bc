import type { Problem } from './apiTypes.js';
import { ConnectionError, ProblemError, type RingtrueError } from './ringtrueError.js';

/** How a client reaches the API. */
export interface ClientOptions {
  /** URL of the API, such as `https://calls.example.com`. */
  baseUrl: string;
  /** Bearer token: one of the API's `RINGTRUE_API_TOKENS`. */
  token?: string | undefined;
  /** How often a request is repeated at most. Default 5; 0: never. */
  maxRetries?: number | undefined;
  /** How long the API may take to begin an answer. Default 30; a request that waits for a call has as much on top. */
  timeoutSeconds?: number | undefined;
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** Options of every method. */
export interface CallOptions {
  /** Ends the request and its repeats; the method then throws the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/** Options of every method that creates something. */
export interface CreateOptions extends CallOptions {
  /**
   * Names what is created: the same key never creates it twice. 1 to 255 printable ASCII characters. Without one the
   * client makes a key for this request and keeps it for all its repeats.
   */
  idempotencyKey?: string | undefined;
}

/** A body of CSV. */
export type Csv = string | Blob | Uint8Array;

export interface ApiRequest extends CallOptions {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  /** Values that are undefined are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Sent as JSON. */
  body?: object | undefined;
  csv?: Csv | undefined;
  idempotencyKey?: string | undefined;
  /** How long the API is told to wait before it answers. */
  waitSeconds?: number | undefined;
  /** False: a second time would do more than once. It is not repeated after a broken connection. */
  repeatable?: boolean | undefined;
  /** Overrides the option of the client. */
  maxRetries?: number | undefined;
}

export interface ApiAnswer<T> {
  status: number;
  body: T;
  /** True: an earlier try got no answer, so that it may have been the one that was carried out. */
  mayBeDone: boolean;
}

/** The first pause before a repeat; each further one is twice as long. */
const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** A longer `Retry-After` ends the tries. */
const longestRetryAfterSeconds = 60;

/** HTTP with repeats: after a broken connection, 429 and 503, and after nothing else. */
export class Transport {
  readonly baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #maxRetries: number;
  readonly #timeoutSeconds: number;
  readonly #fetch: typeof fetch;

  constructor({ baseUrl, token, maxRetries = 5, timeoutSeconds = 30, fetch: own }: ClientOptions) {
    if (typeof baseUrl !== 'string' || !/^https?:\/\//i.test(baseUrl) || !canParse(baseUrl))
      throw new TypeError(
        `baseUrl is ${JSON.stringify(baseUrl)}; must be an http(s) URL such as http://localhost:3000`,
      );
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.#headers = token ? { Authorization: `Bearer ${token}` } : {};
    this.#maxRetries = maxRetries;
    this.#timeoutSeconds = timeoutSeconds;
    // Read at each request: tests and runtimes replace it. Browsers refuse a `fetch` with another `this`.
    this.#fetch = own ?? ((...input) => globalThis.fetch(...input));
  }

  /** The body of the answer: parsed JSON, undefined for an answer without a body. */
  async json<T>(request: ApiRequest): Promise<ApiAnswer<T>> {
    return this.#send(request, async (response) => {
      if (response.status === 204) return undefined as T;
      const body = parsed(await response.text());
      return body === undefined ? null : (body as T);
    });
  }

  /** As `json`; null if what the path names does not exist. */
  async found<T>(request: ApiRequest): Promise<T | null> {
    try {
      return (await this.json<T>(request)).body;
    } catch (error) {
      // A 404 of a proxy says nothing.
      if (error instanceof ProblemError && error.status === 404 && error.problem !== null) return null;
      throw error;
    }
  }

  /** The bytes of the answer as they come in. If they break off, this throws: repeat the request. */
  async stream(request: ApiRequest): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#send(request, async (response) => response.body);
    return body;
  }

  async #send<T>(
    request: ApiRequest,
    read: (response: Response) => Promise<T | null>,
  ): Promise<ApiAnswer<T>> {
    const { signal, repeatable = true, maxRetries = this.#maxRetries } = request;
    let mayBeDone = false;
    for (let retries = 0; ; retries++) {
      signal?.throwIfAborted();
      let failure: RingtrueError;
      try {
        return { ...(await this.#once(request, read, mayBeDone)), mayBeDone };
      } catch (error) {
        signal?.throwIfAborted();
        const isBroken = error instanceof ConnectionError;
        const isBusy = error instanceof ProblemError && (error.status === 429 || error.status === 503);
        if (!isBusy && !(isBroken && repeatable)) throw error;
        mayBeDone ||= isBroken && request.method !== 'GET';
        failure = error;
      }
      const after = failure instanceof ProblemError ? failure.retryAfterSeconds : null;
      if (retries >= maxRetries || (after ?? 0) > longestRetryAfterSeconds) throw failure;
      await pauseFor(pauseMs(retries, after), signal);
    }
  }

  async #once<T>(
    request: ApiRequest,
    read: (response: Response) => Promise<T | null>,
    mayBeDone: boolean,
  ): Promise<{ status: number; body: T }> {
    const { method, path, signal, waitSeconds = 0 } = request;
    const end = new AbortController();
    const stop = () => end.abort(signal?.reason);
    const seconds = this.#timeoutSeconds + waitSeconds;
    const timer = setTimeout(() => end.abort(new Error(`no answer within ${seconds} s`)), seconds * 1000);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    let isStream = false;
    try {
      const response = await this.#fetch(`${this.baseUrl}${path}${queryOf(request.query)}`, {
        method,
        headers: { ...this.#headers, ...headersOf(request) },
        redirect: 'manual',
        signal: end.signal,
        ...bodyOf(request),
      });
      const body = response.ok ? await read(response) : null;
      // The signal ends a stream too, for as long as that is read.
      isStream = body instanceof ReadableStream;
      if (body !== null) return { status: response.status, body };
      throw new ProblemError({
        baseUrl: this.baseUrl,
        status: response.status,
        problem: response.ok ? null : problemOf(await response.text()),
        retryAfterSeconds: retryAfterOf(response),
        mayBeDone,
      });
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      throw new ConnectionError(this.baseUrl, end.signal.aborted ? end.signal.reason : error);
    } finally {
      clearTimeout(timer);
      if (!isStream) signal?.removeEventListener('abort', stop);
    }
  }
}

/** Resolves after the pause. Throws the reason of the signal once that is aborted. */
export function pauseFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** At random, so that clients that failed together do not come back together. */
function pauseMs(retries: number, afterSeconds: number | null): number {
  const most = Math.min(firstPauseMs * 2 ** retries, longestPauseMs);
  return afterSeconds === null ? most * (0.5 + Math.random() / 2) : (afterSeconds + Math.random() / 2) * 1000;
}

function headersOf({ body, csv, idempotencyKey }: ApiRequest): Record<string, string> {
  return {
    Accept: 'application/json',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(csv === undefined ? {} : { 'Content-Type': 'text/csv' }),
    ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
  };
}

function bodyOf({ body, csv }: ApiRequest): { body?: NonNullable<RequestInit['body']> } {
  if (csv !== undefined) return { body: csv as Uint8Array<ArrayBuffer> };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

function queryOf(query: ApiRequest['query']): string {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) values.set(name, String(value));
  const text = values.toString();
  return text === '' ? '' : `?${text}`;
}

/** Seconds, or an HTTP date. Source: RFC 9110, section 10.2.3. */
function retryAfterOf(response: Response): number | null {
  const text = response.headers.get('Retry-After');
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

/** Null for an answer that is none of the API's: a proxy in between may answer too. */
function problemOf(text: string): Problem | null {
  const answer = parsed(text) as Partial<Problem> | null | undefined;
  return typeof answer?.title === 'string' && typeof answer.status === 'number' ? (answer as Problem) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `URL.canParse` is not everywhere. */
function canParse(url: string): boolean {
  try {
    return Boolean(new URL(url));
  } catch {
    return false;
  }
}
