import type { DeadLetter } from '../../activities/deadLetters.js';
import type { CallState } from '../../workflows/callOutcome.js';
import type { ControlName } from '../api/controls.js';

/** What is given to a command that talks to the API. */
export interface ApiOptions {
  api?: string;
  token?: string;
  json: boolean;
}

/** The command line is not right in a way that only its values show. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The API said no, or could not be reached. The message holds everything that was said. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null;
  /** When the API asked to come back; null when it did not. */
  readonly retryAfterSeconds: number | null;

  constructor(message: string, response: Response | null = null) {
    super(message);
    this.status = response?.status ?? null;
    const after = response?.headers.get('Retry-After') ?? null;
    this.retryAfterSeconds = after === null ? null : Number(after);
  }
}

/** The calls API over HTTP. Every answer that is not a success is thrown as `ApiRefusal`. */
export class ApiClient {
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor(options: Pick<ApiOptions, 'api' | 'token'>) {
    const base = options.api ?? `http://localhost:${process.env.PORT || 3000}`;
    if (!/^https?:\/\//i.test(base) || !URL.canParse(base))
      throw new UsageError(
        `The API's address is ${JSON.stringify(base)}; --api or RINGTRUE_API_URL must be an http(s) URL such as http://localhost:3000`,
      );
    this.#base = base.replace(/\/+$/, '');
    this.#headers = options.token ? { Authorization: `Bearer ${options.token}` } : {};
  }

  start(request: object, key?: string): Promise<{ callId: string; runId: string | null; url: string }> {
    return this.send('POST', '/calls', { body: request, ...(key === undefined ? {} : { key }) });
  }

  /** With `waitSeconds`: answers when the call is over, or after that time. */
  get(callId: string, waitSeconds = 0): Promise<CallState> {
    return this.send(
      'GET',
      `/calls/${encodeURIComponent(callId)}${waitSeconds > 0 ? `?wait=${waitSeconds}` : ''}`,
    );
  }

  /** Waits until the call is over, however long that takes. */
  async untilOver(callId: string): Promise<CallState> {
    for (;;) {
      const call = await this.get(callId, 60);
      if (call.outcome !== null) return call;
    }
  }

  list(filter: Record<string, string>): Promise<{ calls: CallState[]; nextCursor: string | null }> {
    return this.send('GET', `/calls?${new URLSearchParams(filter)}`);
  }

  /** What the API offers as `POST /calls/{callId}/` and the name of a control. */
  steer(callId: string, control: ControlName, body?: object): Promise<{ callId: string; url: string }> {
    return this.send('POST', `/calls/${encodeURIComponent(callId)}/${control}`, body ? { body } : {});
  }

  deadLetters(
    filter: Record<string, string>,
  ): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
    return this.send('GET', `/dead-letters?${new URLSearchParams(filter)}`);
  }

  resend(id: string): Promise<{ id: string }> {
    return this.send('POST', `/dead-letters/${encodeURIComponent(id)}/resend`);
  }

  /** `body` goes as JSON, `csv` as it is. An answer without a body comes back as undefined. */
  async send<T>(
    method: string,
    path: string,
    { body, csv, key }: { body?: object; csv?: Uint8Array<ArrayBuffer>; key?: string } = {},
  ): Promise<T> {
    const headers: Record<string, string> = { ...this.#headers, Accept: 'application/json' };
    if (body) headers['Content-Type'] = 'application/json';
    if (csv) headers['Content-Type'] = 'text/csv';
    if (key !== undefined) headers['Idempotency-Key'] = key;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#base}${path}`, {
        method,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
        ...(csv ? { body: csv } : {}),
      });
      text = await response.text();
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
      throw new ApiRefusal(
        `The API at ${this.#base} cannot be reached (${cause?.code ?? cause?.message ?? message}). Start it with \`ringtrue dev\` or \`ringtrue api\`, or say with --api or RINGTRUE_API_URL where it is.`,
      );
    }
    if (response.status === 204) return undefined as T;
    const answer = parsed(text);
    if (response.ok && answer !== undefined) return answer as T;
    throw new ApiRefusal(refusalOf(response.status, answer, this.#base), response);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Problem details as a person reads them, each fault on a line of its own. Source: RFC 9457. */
function refusalOf(status: number, answer: unknown, base: string): string {
  const { title, detail, faults } = (answer ?? {}) as {
    title?: string;
    detail?: string;
    faults?: { path: string; message: string }[];
  };
  if (!title)
    return `${base} answered ${status}, and not as the calls API does. Is --api or RINGTRUE_API_URL right?`;
  const lines = (faults ?? []).map(({ path, message }) => `  - ${path || 'the request'} ${message}`);
  const hint = status === 401 ? ' Give it with --token or RINGTRUE_API_TOKEN.' : '';
  return [`${title} (${status}). ${detail ?? ''}${hint}`.trimEnd(), ...lines].join('\n');
}
