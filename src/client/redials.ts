import type { CallRequest, RedialPreview, RedialRequest, StartedBatch } from './apiTypes.js';
import type { CallOptions, CreateOptions, Transport } from './transport.js';

/** Selects recorded calls that are dialed again. */
export interface RedialQuery extends Omit<RedialRequest, 'dryRun' | 'overrides'> {
  /** Fields that replace those of each original request. */
  overrides?: Partial<CallRequest> | undefined;
}

/** `ringtrue.redials`: calls that were made before, once more. */
export class RedialsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Starts a batch of the recorded calls that match. */
  async create(query: RedialQuery, options: CreateOptions = {}): Promise<StartedBatch> {
    const { idempotencyKey = crypto.randomUUID(), signal } = options;
    const request = { method: 'POST', path: '/redials', body: query, idempotencyKey, signal } as const;
    return (await this.#transport.json<StartedBatch>(request)).body;
  }

  /** Which calls would be dialed again. Nothing is dialed. */
  async dryRun(query: RedialQuery, { signal }: CallOptions = {}): Promise<RedialPreview> {
    const body = { ...query, dryRun: true };
    const request = { method: 'POST', path: '/redials', body, signal } as const;
    return (await this.#transport.json<RedialPreview>(request)).body;
  }
}
