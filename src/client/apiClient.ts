import type { DeadLetter } from '../../activities/store/deadLetters.js';
import type { BatchProgress } from '../../workflows/batch/batchProgress.js';
import type { CallAnswer } from '../api/calls/callAnswer.js';
import type { ControlName } from '../api/calls/callControls.js';

/** Options of every command that uses the API. */
export interface ApiOptions {
  api?: string;
  token?: string;
  json: boolean;
}

interface RequestOptions {
  /** A file is sent as CSV, an object as JSON. */
  body?: object | Blob;
  key?: string;
}

interface StartedBatch {
  batchId: string;
  total: number;
  url: string;
  leftOut?: { message: string; calls: number }[];
  skipped?: { rows: number; totalFaults: number; faults: { row: number; path: string; message: string }[] };
}

/** What would become of a call. */
export interface DryRun {
  request: { to: string };
  earliestAttemptAt: string | null;
  forbiddenBy: { by: string; message: string }[];
  delayedBy: { by: string; message: string; until: string | null }[];
  unchecked: { by: string; message: string }[];
}

/** What would become of the calls of a batch. */
export interface BatchDryRun {
  total: number;
  faultyRows: number;
  faults: { row: number; path: string; message: string }[];
  totalFaults: number;
  forbidden: number;
  delayed: number;
  forbiddenBy: { by: string; calls: number; message: string }[];
  delayedBy: { by: string; calls: number; message: string }[];
  unchecked: { by: string; message: string }[];
}

interface RedialPreview {
  total: number;
  /** How many are left out, by why. */
  leftOut: { by: string; message: string; calls: number }[];
  calls: { callId: string; to: string; startedAt: string }[];
  withoutRequest: number;
  sample: { callId: string; to: string; startedAt: string }[];
}

/** A value on the command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The API refused the request or could not be reached. The message has title, detail and every fault. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  /** HTTP status of the answer. Null if there was none. */
  readonly status: number | null;
  /** Seconds of `Retry-After`. Null if the answer has none. */
  readonly retryAfterSeconds: number | null;

  constructor(message: string, response: Response | null = null) {
    super(message);
    this.status = response?.status ?? null;
    const after = response?.headers.get('Retry-After') ?? null;
    // Dates are ignored: the API sends seconds.
    this.retryAfterSeconds = after !== null && /^\d{1,6}$/.test(after) ? Number(after) : null;
  }

  /** True if the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === null || this.status >= 500 || this.status === 429;
  }
}

/** The calls API over HTTP. Throws `ApiRefusal` for every answer that is not a success. */
export class ApiClient {
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor(options: Pick<ApiOptions, 'api' | 'token'>) {
    const base = options.api ?? `http://localhost:${process.env.PORT || 3000}`;
    if (!/^https?:\/\//i.test(base) || !URL.canParse(base))
      throw new UsageError(
        `The API's address is ${JSON.stringify(base)}; --api or RINGTRUE_API_URL must be an http(s) URL such as http://localhost:3000`,
      );
    // As `docker run --env-file` and systemd hand them on.
    if (options.token && /^(["']).*\1$/.test(options.token))
      throw new UsageError(
        'The token has quotes around it; --token or RINGTRUE_API_TOKEN must be without them',
      );
    this.#base = base.replace(/\/+$/, '');
    this.#headers = options.token ? { Authorization: `Bearer ${options.token}` } : {};
  }

  /** The address of the API, without a slash at its end. */
  get base(): string {
    return this.#base;
  }

  start(request: object, key?: string): Promise<{ callId: string; runId: string | null; url: string }> {
    return this.send('POST', '/calls', { body: request, ...(key === undefined ? {} : { key }) });
  }

  /** What would become of this call. */
  dryRun(request: object): Promise<DryRun> {
    return this.send('POST', '/calls?dryRun=true', { body: request });
  }

  /** With `waitSeconds`: answers once the call is over, or after that time. */
  get(callId: string, waitSeconds = 0): Promise<CallAnswer> {
    return this.send(
      'GET',
      `/calls/${encodeURIComponent(callId)}${waitSeconds > 0 ? `?wait=${waitSeconds}` : ''}`,
    );
  }

  list(filter: Record<string, string>): Promise<{ calls: CallAnswer[]; nextCursor: string | null }> {
    return this.send('GET', `/calls?${new URLSearchParams(filter)}`);
  }

  /** `POST /calls/{callId}/` and the name of a control. */
  control(callId: string, name: ControlName, body?: object): Promise<{ callId: string; url: string }> {
    return this.send('POST', `/calls/${encodeURIComponent(callId)}/${name}`, body ? { body } : {});
  }

  deadLetters(
    filter: Record<string, string>,
  ): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }> {
    return this.send('GET', `/dead-letters?${new URLSearchParams(filter)}`);
  }

  resend(id: string): Promise<{ id: string }> {
    return this.send('POST', `/dead-letters/${encodeURIComponent(id)}/resend`);
  }

  /** Whether the API can serve, and what is wrong with its parts. It answers 503 if it cannot. */
  async readiness(): Promise<{ ready: boolean; checks?: Record<string, string> }> {
    const response = await this.#fetch('GET', '/readyz', {});
    const answer = parsed(await response.text().catch((error) => this.#unreachable(error)));
    if (typeof (answer as { ready?: unknown } | undefined)?.ready === 'boolean')
      return answer as { ready: boolean };
    throw new ApiRefusal(refusalOf(response.status, answer, this.#base), response);
  }

  startBatch(batch: object, key?: string): Promise<StartedBatch> {
    return this.send('POST', '/batches', { body: batch, ...(key === undefined ? {} : { key }) });
  }

  /** Streams the file, however large it is. */
  startCsvBatch(file: Blob, parameters: Record<string, string>, key?: string): Promise<StartedBatch> {
    const path = `/batches?${new URLSearchParams(parameters)}`;
    return this.send('POST', path, { body: file, ...(key === undefined ? {} : { key }) });
  }

  dryRunBatch(batch: object): Promise<BatchDryRun> {
    return this.send('POST', '/batches?dryRun=true', { body: batch });
  }

  dryRunCsvBatch(file: Blob, parameters: Record<string, string>): Promise<BatchDryRun> {
    return this.send('POST', `/batches?${new URLSearchParams({ ...parameters, dryRun: 'true' })}`, {
      body: file,
    });
  }

  batch(batchId: string): Promise<BatchProgress> {
    return this.send('GET', `/batches/${encodeURIComponent(batchId)}`);
  }

  batches(page: Record<string, string>): Promise<{ batches: BatchProgress[]; nextCursor: string | null }> {
    return this.send('GET', `/batches?${new URLSearchParams(page)}`);
  }

  controlBatch(batchId: string, what: 'pause' | 'resume' | 'cancel', body?: object): Promise<BatchProgress> {
    return this.send('POST', `/batches/${encodeURIComponent(batchId)}/${what}`, body ? { body } : {});
  }

  batchResults(batchId: string, cursor: string): Promise<{ results: object[]; nextCursor: string | null }> {
    return this.send('GET', `/batches/${encodeURIComponent(batchId)}/results?limit=1000&cursor=${cursor}`);
  }

  /** The results as a stream of CSV. */
  batchCsv(batchId: string): Promise<ReadableStream<Uint8Array>> {
    return this.csv(`/batches/${encodeURIComponent(batchId)}/results.csv`);
  }

  /** The bytes of an answer in CSV as they come in. */
  async csv(path: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch('GET', path, {});
    if (response.ok && response.body) return response.body;
    throw new ApiRefusal(refusalOf(response.status, parsed(await response.text()), this.#base), response);
  }

  redial(query: object, key?: string): Promise<StartedBatch> {
    return this.send('POST', '/redials', { body: query, ...(key === undefined ? {} : { key }) });
  }

  previewRedial(query: object): Promise<RedialPreview> {
    return this.send('POST', '/redials', { body: { ...query, dryRun: true } });
  }

  /** Returns undefined for an answer without a body. */
  async send<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.#fetch(method, path, options);
    if (response.status === 204) return undefined as T;
    const answer = parsed(await response.text().catch((error) => this.#unreachable(error)));
    if (response.ok && answer !== undefined) return answer as T;
    throw new ApiRefusal(refusalOf(response.status, answer, this.#base), response);
  }

  async #fetch(method: string, path: string, { body, key }: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { ...this.#headers, Accept: 'application/json' };
    if (body) headers['Content-Type'] = body instanceof Blob ? 'text/csv' : 'application/json';
    if (key !== undefined) headers['Idempotency-Key'] = key;
    return fetch(`${this.#base}${path}`, {
      method,
      headers,
      ...(body ? { body: body instanceof Blob ? body : JSON.stringify(body) } : {}),
    }).catch((error) => this.#unreachable(error));
  }

  #unreachable(error: unknown): never {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    throw new ApiRefusal(
      `The API at ${this.#base} cannot be reached (${cause?.code ?? cause?.message ?? message}). Start it with \`ringtrue dev\` or \`ringtrue api\`, or set its address with --api or RINGTRUE_API_URL.`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Problem details as text for people, each fault on its own line. Source: RFC 9457. */
function refusalOf(status: number, answer: unknown, base: string): string {
  const { type, title, detail, faults } = (answer ?? {}) as {
    type?: string;
    title?: string;
    detail?: string;
    faults?: { path: string; message: string; row?: number; line?: number }[];
  };
  if (!title)
    return `${base} answered ${status}, but not like the calls API. Check --api or RINGTRUE_API_URL.`;
  const lines = (faults ?? []).map(({ path, message, row, line }) => {
    const place = row === undefined ? '' : `row ${row}${line === undefined ? '' : `, line ${line}`}: `;
    return `  - ${place}${path || (row === undefined ? 'the request' : 'the row')} ${message}`;
  });
  const needsToken = status === 401 || type === 'urn:ringtrue:problem:wrong-role';
  const hint = needsToken ? ' Give it with --token or RINGTRUE_API_TOKEN.' : '';
  return [`${title} (${status}). ${detail ?? ''}${hint}`.trimEnd(), ...lines].join('\n');
}
