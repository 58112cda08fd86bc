import type { Dialing, DialLimitsRequest } from './apiTypes.js';
import type { CallOptions, Transport } from './transport.js';

/** `ringtrue.dialing`: limits, pause and circuit breaker. */
export class DialingApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get({ signal }: CallOptions = {}): Promise<Dialing> {
    return (await this.#transport.json<Dialing>({ method: 'GET', path: '/dialing', signal })).body;
  }

  /** Null: the configured limit. Absent: no change. */
  async setLimits(limits: DialLimitsRequest, { signal }: CallOptions = {}): Promise<Dialing> {
    const request = { method: 'PATCH', path: '/dialing/limits', body: limits, signal } as const;
    return (await this.#transport.json<Dialing>(request)).body;
  }

  /** Places no call until dialing is resumed. Calls in flight go on. */
  async pause({ reason, signal }: CallOptions & { reason?: string | undefined } = {}): Promise<Dialing> {
    const body = reason === undefined ? undefined : { reason };
    const request = { method: 'POST', path: '/dialing/pause', body, signal } as const;
    return (await this.#transport.json<Dialing>(request)).body;
  }

  /** Ends a pause, and closes the circuit breaker. */
  async resume({ signal }: CallOptions = {}): Promise<Dialing> {
    return (await this.#transport.json<Dialing>({ method: 'POST', path: '/dialing/resume', signal })).body;
  }
}
