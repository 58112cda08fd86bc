import { randomUUID } from 'node:crypto';
import { lagSeconds } from '../numbers/faults.js';
import type { ConcurrencyLimit } from './concurrencyLimit.js';
import { deliveryRulesOf } from './connectionOverrides.js';
import type { CallbackEvent } from './createRequest.js';
import type { LifeClock } from './lifeClock.js';
import { addNotification } from './notification.js';
import { finalStatuses, type SimulatedCall } from './simulatedCall.js';
import { type StatusCallback, statusCallbackOf } from './statusCallback.js';
import { sendWebhook, type WebhookAnswer } from './webhookRequest.js';

/** What sending the callbacks of one call needs. */
export interface CallbackPostOptions {
  authToken: string;
  clock: LifeClock;
  sharedToken: boolean;
  signal: AbortSignal;
  /** Shared by the deliveries of all calls. */
  deliveries: ConcurrencyLimit;
}

/**
 * Sends the status callbacks of one call, one request each. Loses, doubles or delays them as its number says.
 */
export class CallbackPost {
  readonly #call: SimulatedCall;
  readonly #options: CallbackPostOptions;
  readonly #inProgress: Set<Promise<void>> = new Set();
  /** Callbacks that wait for the terminal one. */
  #held: StatusCallback[] = [];
  /** Where callbacks go. An update of the call may change it. */
  target: { url: string; method: 'GET' | 'POST' } | null;

  constructor(call: SimulatedCall, options: CallbackPostOptions) {
    this.#call = call;
    this.#options = options;
    this.target = call.request.statusCallback;
  }

  /** An event has happened. Sends its callback if the create subscribed to it. */
  fire(event: CallbackEvent): void {
    if (!this.target || !this.#call.request.events.has(event)) return;
    const callback = statusCallbackOf(this.#call, event, this.target);
    const work = this.#route(callback);
    this.#inProgress.add(work);
    void work.finally(() => this.#inProgress.delete(work));
  }

  #route(callback: StatusCallback): Promise<void> {
    const first = callback.params.SequenceNumber === '0';
    const last = finalStatuses.has(callback.params.CallStatus ?? '');
    switch (this.#call.behavior.callbackFault) {
      case 'all-lost':
        return this.#lose(callback);
      case 'last-lost':
        return last ? this.#lose(callback) : this.#deliver(callback);
      case 'first-lost':
        return first ? this.#lose(callback) : this.#deliver(callback);
      case 'only-last':
        return last ? this.#deliver(callback) : this.#lose(callback);
      case 'doubled':
        return this.#twice(callback);
      case 'last-late':
        return last ? this.#later(callback) : this.#deliver(callback);
      case 'reversed':
        this.#held.unshift(callback);
        return last ? this.#inOrder(this.#held) : Promise.resolve();
      case 'straggler':
        return this.#keepOneBack(callback, last);
      case 'early':
      case 'none':
        return this.#deliver(callback);
    }
  }

  /** Resolves once every callback so far is delivered or given up. */
  async settled(): Promise<void> {
    while (this.#inProgress.size > 0) await Promise.all(this.#inProgress);
  }

  /** Sends each callback when the next one comes, except that the one before the terminal comes after it. */
  #keepOneBack(callback: StatusCallback, last: boolean): Promise<void> {
    const [kept] = this.#held;
    this.#held = [callback];
    if (last) return this.#inOrder(kept ? [callback, kept] : [callback]);
    return kept ? this.#deliver(kept) : Promise.resolve();
  }

  /** The network loses the callback: Events shows it without a response. */
  async #lose({ method, url, params }: StatusCallback): Promise<void> {
    this.#call.requests.push({ method, url, params, at: new Date(), response: null });
  }

  async #twice(callback: StatusCallback): Promise<void> {
    const token = randomUUID();
    await Promise.all([this.#deliver(callback, token), this.#deliver(callback, token)]);
  }

  async #later(callback: StatusCallback): Promise<void> {
    await this.#options.clock.pause(lagSeconds);
    await this.#deliver(callback);
  }

  async #inOrder(callbacks: StatusCallback[]): Promise<void> {
    for (const callback of callbacks) await this.#deliver(callback);
  }

  async #deliver(callback: StatusCallback, token: string = randomUUID()): Promise<void> {
    const call = this.#call;
    const { rules, faulty } = deliveryRulesOf(callback.url);
    const { authToken, sharedToken, signal, deliveries } = this.#options;
    let at = new Date();
    const answer = await deliveries.run(() => {
      at = new Date();
      call.callbacksSent++;
      return sendWebhook({ ...callback, authToken, rules, token, sharedToken, signal });
    });
    if (signal.aborted) return;
    const url = callback.url.split('#')[0] ?? callback.url;
    call.requests.push({
      method: callback.method,
      url,
      params: callback.params,
      at,
      response: {
        status: answer.kind === 'answered' ? answer.status : null,
        contentType: answer.kind === 'answered' ? answer.contentType : null,
        body: answer.kind === 'answered' ? answer.body : '',
        milliseconds: Date.now() - at.getTime(),
      },
    });
    const about = { url, method: callback.method };
    if (faulty) addNotification(call, 11243, about);
    const code = codeOf(answer);
    if (code !== null) addNotification(call, code, about);
  }
}

/** Twilio's error code for the answer to a callback; null if it was delivered. */
function codeOf(answer: WebhookAnswer): number | null {
  if (answer.kind === 'timed-out') return 11200;
  if (answer.kind === 'answered') return answer.status >= 200 && answer.status < 300 ? null : 15003;
  return { refused: 11205, name: 11210, tls: 11220 }[answer.why];
}
