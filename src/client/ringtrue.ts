import { BatchesApi } from './batches.js';
import { CallsApi } from './calls.js';
import { DeadLettersApi } from './deadLetters.js';
import { DialingApi } from './dialing.js';
import { DoNotCallApi } from './doNotCall.js';
import { EventsApi } from './events.js';
import { InvalidNumbersApi } from './invalidNumbers.js';
import { RedialsApi } from './redials.js';
import { type ApiRequest, type ClientOptions, Transport } from './transport.js';
import { webhooks } from './webhooks.js';

export type * from './apiTypes.js';
export type { BatchesApi, CsvBatchParameters, NewBatch, PageQuery } from './batches.js';
export type { CallFilter, CallsApi, CreatedCall, WaitOptions } from './calls.js';
export type { DeadLettersApi } from './deadLetters.js';
export type { DialingApi } from './dialing.js';
export type { DoNotCallApi, DoNotCallFilter } from './doNotCall.js';
export type { EventQuery, EventsApi } from './events.js';
export type { InvalidNumbersApi } from './invalidNumbers.js';
export type { Pages } from './pages.js';
export type { RedialQuery, RedialsApi } from './redials.js';
export {
  ConnectionError,
  NoOutcomeError,
  ProblemError,
  RingtrueError,
  WaitTimeoutError,
} from './ringtrueError.js';
export type { ApiRequest, CallOptions, ClientOptions, CreateOptions, Csv } from './transport.js';
export {
  type AttemptEnded,
  type CallEnded,
  type Notification,
  type SignedHeaders,
  type WebhookHeaders,
  type WebhookSecret,
  WebhookVerificationError,
  webhooks,
} from './webhooks.js';

/**
 * A client of ringtrue's HTTP API. It needs nothing but `fetch`, so it runs on Node, Bun, Deno and edge runtimes.
 *
 * It repeats a request after a broken connection, 429 and 503. Whatever creates calls sends an Idempotency-Key by
 * itself, so a repeat never rings twice.
 */
export class Ringtrue {
  readonly calls: CallsApi;
  readonly batches: BatchesApi;
  readonly redials: RedialsApi;
  readonly doNotCall: DoNotCallApi;
  readonly invalidNumbers: InvalidNumbersApi;
  readonly dialing: DialingApi;
  readonly deadLetters: DeadLettersApi;
  readonly events: EventsApi;
  readonly webhooks = webhooks;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    const transport = new Transport(options);
    this.#transport = transport;
    this.calls = new CallsApi(transport);
    this.batches = new BatchesApi(transport);
    this.redials = new RedialsApi(transport);
    this.doNotCall = new DoNotCallApi(transport);
    this.invalidNumbers = new InvalidNumbersApi(transport);
    this.dialing = new DialingApi(transport);
    this.deadLetters = new DeadLettersApi(transport);
    this.events = new EventsApi(transport);
  }

  /** Any request of the API, for what has no method of its own. Returns the JSON of the answer. */
  async request<T>(request: ApiRequest): Promise<T> {
    return (await this.#transport.json<T>(request)).body;
  }
}
