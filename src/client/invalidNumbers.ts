import type { InvalidNumber, InvalidNumberPage } from './apiTypes.js';
import type { PageQuery } from './batches.js';
import { type Pages, pagesOf } from './pages.js';
import type { CallOptions, Transport } from './transport.js';

/** `ringtrue.invalidNumbers`: numbers that do not exist, as Twilio said. */
export class InvalidNumbersApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What Twilio said about the number; null if it is not remembered as invalid. */
  get(number: string, { signal }: CallOptions = {}): Promise<InvalidNumber | null> {
    return this.#transport.found({ method: 'GET', path: pathOf(number), signal });
  }

  list({ limit }: { limit?: number | undefined } = {}, options: CallOptions = {}): Pages<InvalidNumber> {
    return pagesOf(async (cursor) => {
      const { invalidNumbers, nextCursor } = await this.page({ limit, cursor }, options);
      return { items: invalidNumbers, nextCursor };
    });
  }

  /** One page of `list`. */
  async page({ limit, cursor }: PageQuery = {}, { signal }: CallOptions = {}): Promise<InvalidNumberPage> {
    const request = { method: 'GET', path: '/invalid-numbers', query: { limit, cursor }, signal } as const;
    return (await this.#transport.json<InvalidNumberPage>(request)).body;
  }

  /** Forgets the number: new calls to it are dialed. */
  async forget(number: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.json({ method: 'DELETE', path: pathOf(number), signal });
  }
}

function pathOf(number: string): string {
  return `/invalid-numbers/${encodeURIComponent(number)}`;
}
