import type { DeadLetter, DeadLetterPage, ListDeadLettersQuery } from './apiTypes.js';
import { type Pages, pagesOf } from './pages.js';
import type { CallOptions, Transport } from './transport.js';

/** `ringtrue.deadLetters`: notifications that no receiver accepted. */
export class DeadLettersApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first. */
  list(filter: Omit<ListDeadLettersQuery, 'cursor'> = {}, options: CallOptions = {}): Pages<DeadLetter> {
    return pagesOf(async (cursor) => {
      const { deadLetters, nextCursor } = await this.page({ ...filter, cursor }, options);
      return { items: deadLetters, nextCursor };
    });
  }

  /** One page of `list`. */
  async page(filter: ListDeadLettersQuery = {}, { signal }: CallOptions = {}): Promise<DeadLetterPage> {
    const request = { method: 'GET', path: '/dead-letters', query: { ...filter }, signal } as const;
    return (await this.#transport.json<DeadLetterPage>(request)).body;
  }

  /** Posts it again, for up to a day. */
  async resend(id: string, { signal }: CallOptions = {}): Promise<{ id: string }> {
    const path = `/dead-letters/${encodeURIComponent(id)}/resend`;
    return (await this.#transport.json<{ id: string }>({ method: 'POST', path, signal })).body;
  }
}
