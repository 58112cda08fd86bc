import type {
  Batch,
  BatchDryRun,
  BatchPage,
  BatchRequest,
  BatchResult,
  BatchResultPage,
  CallRequest,
  StartedBatch,
} from './apiTypes.js';
import { type Pages, pagesOf } from './pages.js';
import type { ApiRequest, CallOptions, CreateOptions, Csv, Transport } from './transport.js';

/** Many calls. */
export interface NewBatch extends Omit<BatchRequest, 'calls' | 'defaults'> {
  /** Fields of every call that does not have them. */
  defaults?: Partial<CallRequest> | undefined;
  calls: readonly (Partial<CallRequest> & { to: string })[];
}

/** Parameters of a batch from CSV. */
export interface CsvBatchParameters extends Omit<NewBatch, 'calls'> {
  /** What separates cells. Absent: what the first line has most often. */
  delimiter?: ',' | ';' | '|' | 'tab' | undefined;
}

/** Which page of a list. */
export interface PageQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** `ringtrue.batches`: many calls at once. */
export class BatchesApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Starts all calls, or none if one of them has a fault. */
  create(batch: NewBatch, options: CreateOptions = {}): Promise<StartedBatch> {
    const { idempotencyKey = crypto.randomUUID(), signal } = options;
    return this.#json({ method: 'POST', path: '/batches', body: batch, idempotencyKey, signal });
  }

  /** What would become of these calls. Nothing is dialed. */
  dryRun(batch: NewBatch, { signal }: CallOptions = {}): Promise<BatchDryRun> {
    return this.#json({ method: 'POST', path: '/batches', query: { dryRun: true }, body: batch, signal });
  }

  /** Starts one call for each row of a CSV file, whose first line names the columns. */
  createFromCsv(
    csv: Csv,
    parameters: CsvBatchParameters = {},
    options: CreateOptions = {},
  ): Promise<StartedBatch> {
    const { idempotencyKey = crypto.randomUUID(), signal } = options;
    const query = csvQuery(parameters);
    return this.#json({ method: 'POST', path: '/batches', query, csv, idempotencyKey, signal });
  }

  /** What would become of the calls of a CSV file. */
  dryRunCsv(
    csv: Csv,
    parameters: CsvBatchParameters = {},
    { signal }: CallOptions = {},
  ): Promise<BatchDryRun> {
    const query = { ...csvQuery(parameters), dryRun: true };
    return this.#json({ method: 'POST', path: '/batches', query, csv, signal });
  }

  get(batchId: string, { signal }: CallOptions = {}): Promise<Batch> {
    return this.#json({ method: 'GET', path: pathOf(batchId), signal });
  }

  /** All batches, newest first. */
  list({ limit }: { limit?: number | undefined } = {}, options: CallOptions = {}): Pages<Batch> {
    return pagesOf(async (cursor) => {
      const { batches, nextCursor } = await this.page({ limit, cursor }, options);
      return { items: batches, nextCursor };
    });
  }

  /** One page of `list`. */
  page({ limit, cursor }: PageQuery = {}, { signal }: CallOptions = {}): Promise<BatchPage> {
    return this.#json({ method: 'GET', path: '/batches', query: { limit, cursor }, signal });
  }

  /** The result of each row, by row number. */
  results(batchId: string, options: CallOptions = {}): Pages<BatchResult> {
    return pagesOf(async (cursor) => {
      const { results, nextCursor } = await this.resultsPage(batchId, { limit: 1000, cursor }, options);
      return { items: results, nextCursor };
    });
  }

  /** One page of `results`. */
  resultsPage(
    batchId: string,
    { limit, cursor }: PageQuery = {},
    { signal }: CallOptions = {},
  ): Promise<BatchResultPage> {
    return this.#json({
      method: 'GET',
      path: `${pathOf(batchId)}/results`,
      query: { limit, cursor },
      signal,
    });
  }

  /** The result of each row as CSV. If the stream breaks off it throws: the file is not complete. */
  resultsCsv(batchId: string, { signal }: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#transport.stream({ method: 'GET', path: `${pathOf(batchId)}/results.csv`, signal });
  }

  /** Starts no further call. Calls that run go on. */
  pause(batchId: string, { signal }: CallOptions = {}): Promise<Batch> {
    return this.#json({ method: 'POST', path: `${pathOf(batchId)}/pause`, signal });
  }

  resume(batchId: string, { signal }: CallOptions = {}): Promise<Batch> {
    return this.#json({ method: 'POST', path: `${pathOf(batchId)}/resume`, signal });
  }

  /** Starts no further call, and cancels those that run. */
  cancel(batchId: string, options: CallOptions & { reason?: string | undefined } = {}): Promise<Batch> {
    const { reason, signal } = options;
    const body = reason === undefined ? undefined : { reason };
    return this.#json({ method: 'POST', path: `${pathOf(batchId)}/cancel`, body, signal });
  }

  async #json<T>(request: ApiRequest): Promise<T> {
    return (await this.#transport.json<T>(request)).body;
  }
}

function pathOf(batchId: string): string {
  return `/batches/${encodeURIComponent(batchId)}`;
}

/** The defaults are written as JSON. */
function csvQuery({ defaults, ...parameters }: CsvBatchParameters): NonNullable<ApiRequest['query']> {
  return { ...parameters, ...(defaults === undefined ? {} : { defaults: JSON.stringify(defaults) }) };
}
