import type {
  DoNotCallEntry,
  DoNotCallImport,
  DoNotCallPage,
  DoNotCallRemovalPage,
  DoNotCallRequest,
  ListDoNotCallQuery,
  ListDoNotCallRemovalsQuery,
} from './apiTypes.js';
import { type Pages, pagesOf } from './pages.js';
import type { ApiRequest, CallOptions, Csv, Transport } from './transport.js';

export interface DoNotCallFilter extends Omit<ListDoNotCallQuery, 'cursor' | 'expired'> {
  /** True: only entries that have expired. False: only entries that still hold. */
  expired?: boolean | undefined;
}

/** `ringtrue.doNotCall`: numbers that must not be called. */
export class DoNotCallApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Adds a number. If it is listed already, the entry that holds longer stays. */
  add(entry: DoNotCallRequest, { signal }: CallOptions = {}): Promise<DoNotCallEntry> {
    return this.#json({ method: 'POST', path: '/do-not-call', body: entry, signal });
  }

  /** The entry of a number, which may have expired; null if there is none. */
  get(number: string, { signal }: CallOptions = {}): Promise<DoNotCallEntry | null> {
    return this.#transport.found({ method: 'GET', path: pathOf(number), signal });
  }

  async remove(number: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#json({ method: 'DELETE', path: pathOf(number), signal });
  }

  /** All entries that match, by number. */
  list(filter: DoNotCallFilter = {}, options: CallOptions = {}): Pages<DoNotCallEntry> {
    return pagesOf(async (cursor) => {
      const { entries, nextCursor } = await this.page({ ...filter, cursor }, options);
      return { items: entries, nextCursor };
    });
  }

  /** One page of `list`. */
  page(
    filter: DoNotCallFilter & { cursor?: string | undefined } = {},
    { signal }: CallOptions = {},
  ): Promise<DoNotCallPage> {
    return this.#json({ method: 'GET', path: '/do-not-call', query: { ...filter }, signal });
  }

  /** Adds every number of a CSV file, or none if the file has a fault. */
  importCsv(
    csv: Csv,
    { country, signal }: CallOptions & { country?: string | undefined } = {},
  ): Promise<DoNotCallImport> {
    return this.#json({ method: 'POST', path: '/do-not-call', query: { country }, csv, signal });
  }

  /** All entries that match as CSV. If the stream breaks off it throws: the file is not complete. */
  exportCsv(
    filter: Omit<DoNotCallFilter, 'limit'> = {},
    { signal }: CallOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const path = '/do-not-call/export.csv';
    return this.#transport.stream({ method: 'GET', path, query: { ...filter }, signal });
  }

  /** One page of who took numbers off the list, newest first. */
  removals(
    query: ListDoNotCallRemovalsQuery = {},
    { signal }: CallOptions = {},
  ): Promise<DoNotCallRemovalPage> {
    return this.#json({ method: 'GET', path: '/do-not-call/removals', query: { ...query }, signal });
  }

  /** Deletes entries that have expired. */
  purge({ signal }: CallOptions = {}): Promise<{ removed: number }> {
    return this.#json({ method: 'POST', path: '/do-not-call/purge', signal });
  }

  async #json<T>(request: ApiRequest): Promise<T> {
    return (await this.#transport.json<T>(request)).body;
  }
}

function pathOf(number: string): string {
  return `/do-not-call/${encodeURIComponent(number)}`;
}
