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

  /** Null: the configured limit. Absent: no change. Without `account`: of the main Twilio account. */
  async setLimits(limits: DialLimitsRequest, { signal }: CallOptions = {}): Promise<Dialing> {
    const request = { method: 'PATCH', path: '/dialing/limits', body: limits, signal } as const;
    return (await this.#transport.json<Dialing>(request)).body;
  }

  /** Places no call until dialing is resumed. Calls in flight go on. Without `account`: of the main Twilio account. */
  async pause({
    account,
    reason,
    signal,
  }: CallOptions & OfAccount & { reason?: string | undefined } = {}): Promise<Dialing> {
    const body = account === undefined && reason === undefined ? undefined : { account, reason };
    const request = { method: 'POST', path: '/dialing/pause', body, signal } as const;
    return (await this.#transport.json<Dialing>(request)).body;
  }

  /** Ends a pause, and closes the circuit breaker. Without `account`: of the main Twilio account. */
  async resume({ account, signal }: CallOptions & OfAccount = {}): Promise<Dialing> {
    const body = account === undefined ? undefined : { account };
    const request = { method: 'POST', path: '/dialing/resume', body, signal } as const;
    return (await this.#transport.json<Dialing>(request)).body;
  }
}

/** `account`: a name from `RINGTRUE_ACCOUNTS`. */
interface OfAccount {
  account?: string | undefined;
}
