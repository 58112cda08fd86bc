import { setMaxListeners } from 'node:events';
import type { NumberBehavior } from '../numbers/numberBehavior.js';
import { behaviorOf } from '../numbers/numbers.js';
import {
  type AccountProfile,
  defaultAccount,
  defaultUnconfirmed,
  type SimulatorOptions,
  type Unconfirmed,
} from '../simulatorOptions.js';
import { CallBook } from './callBook.js';
import { CallbackPost } from './callbackPost.js';
import { CallTimeline } from './callTimeline.js';
import { ConcurrencyLimit } from './concurrencyLimit.js';
import type { CreateRequest } from './createRequest.js';
import { LifeClock } from './lifeClock.js';
import { addNotification } from './notification.js';
import { newCall, type SimulatedCall } from './simulatedCall.js';

/** Limits callbacks in delivery, so that time-outs measure the receiver and not this machine. */
const deliveriesAtOnce = 128;

/** One account of the running simulator without HTTP: clock, memory, and the queue of all calls. */
export class CallEngine {
  readonly accountSid: string;
  readonly clock: LifeClock;
  readonly book: CallBook;
  readonly account: AccountProfile;
  readonly unconfirmed: Unconfirmed;
  readonly log: (message: string) => void;
  /** With which every request of the account is refused, as if it was suspended; null: none is. */
  refusalCode: number | null = null;
  readonly #authToken: string;
  readonly #callsPerSecond: number;
  readonly #deliveries = new ConcurrencyLimit(deliveriesAtOnce);
  /** Numbers that behave like another one. */
  readonly #likes = new Map<string, string>();
  #stopped = stopSignal();
  /** When the next call may be dialed, as of `Date.now()`. */
  #nextDialAt = 0;

  constructor(options: SimulatorOptions) {
    this.accountSid = options.accountSid;
    this.clock = new LifeClock(options.speed ?? 1);
    this.book = new CallBook(options.rememberedCalls ?? 10_000);
    this.account = { ...defaultAccount, ...options.account };
    this.unconfirmed = { ...defaultUnconfirmed, ...options.unconfirmed };
    this.log = options.log ?? (() => {});
    this.#authToken = options.authToken;
    this.#callsPerSecond = options.callsPerSecond ?? 1;
  }

  /** What a call to this number does: its digits decide, unless `behaveLike` names another number. */
  behaviorOf(to: string): NumberBehavior {
    return behaviorOf(this.#likes.get(to) ?? to);
  }

  /** From now on, calls to `to` do what the digits of `other` say. Null: those of its own again. */
  behaveLike(to: string, other: string | null): void {
    if (other === null) this.#likes.delete(to);
    else this.#likes.set(to, other);
  }

  /** Creates the call. It waits in the queue for the rate limit, then takes its course. */
  createCall(
    request: CreateRequest,
    behavior: NumberBehavior,
  ): { call: SimulatedCall; callbacksSettled: Promise<void> } {
    const call = newCall(this.accountSid, request, behavior);
    const post = new CallbackPost(call, {
      authToken: this.#authToken,
      clock: this.clock,
      sharedToken: this.unconfirmed.retriesShareToken,
      signal: this.#stopped.signal,
      deliveries: this.#deliveries,
    });
    const timeline = new CallTimeline(call, this.clock, post);
    this.book.add({ call, timeline, post });
    for (const code of request.warnings) addNotification(call, code);
    const now = Date.now();
    const dialAt = Math.max(now, this.#nextDialAt);
    this.#nextDialAt = dialAt + this.clock.ms(1 / this.#callsPerSecond);
    const queueSeconds = ((dialAt - now) * this.clock.speed) / 1000;
    call.queueMilliseconds = Math.round(queueSeconds * 1000);
    timeline.start(queueSeconds);
    return { call, callbacksSettled: timeline.over.then(() => post.settled()) };
  }

  /** Forgets every call, count and behavior that was set, and stops all calls and callbacks. */
  reset(): void {
    this.stop();
    this.#likes.clear();
    this.book.reset();
    this.#nextDialAt = 0;
    this.refusalCode = null;
    this.#stopped = stopSignal();
  }

  stop(): void {
    this.clock.stop();
    this.#stopped.abort();
  }
}

/** One signal for all callbacks in delivery, of which there may be many. */
function stopSignal(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
