import { setMaxListeners } from 'node:events';
import { CallBook } from './callBook.js';
import { CallbackPost } from './callbackPost.js';
import type { CallOrder } from './callOrder.js';
import { CallTimeline } from './callTimeline.js';
import { LifeClock } from './lifeClock.js';
import { note } from './notification.js';
import type { NumberBehaviour } from './numberBehaviour.js';
import { newCall, type SimulatedCall } from './simulatedCall.js';
import { defaultUnconfirmed, type SimulatorOptions, type Unconfirmed } from './simulatorOptions.js';
import { Turns } from './turns.js';

/** So many callbacks are delivered at once, so that time-outs measure the receiver and not this machine. */
const deliveriesAtOnce = 128;

/** The running simulator, without its HTTP: account, clock, memory, and the queue that all calls go through. */
export class Dialling {
  readonly accountSid: string;
  readonly clock: LifeClock;
  readonly book: CallBook;
  readonly unconfirmed: Unconfirmed;
  readonly log: (message: string) => void;
  readonly #authToken: string;
  readonly #callsPerSecond: number;
  readonly #turns = new Turns(deliveriesAtOnce);
  #stopped = stopSignal();
  /** When the next call may be dialled, as of `Date.now()`. */
  #nextTurn = 0;

  constructor(options: SimulatorOptions) {
    this.accountSid = options.accountSid;
    this.clock = new LifeClock(options.speed ?? 1);
    this.book = new CallBook(options.rememberedCalls ?? 10_000);
    this.unconfirmed = { ...defaultUnconfirmed, ...options.unconfirmed };
    this.log = options.log ?? (() => {});
    this.#authToken = options.authToken;
    this.#callsPerSecond = options.callsPerSecond ?? 1;
  }

  /** Makes the call: from here on it exists, waits for its turn in the queue, and takes its course. */
  makeCall(order: CallOrder, behaviour: NumberBehaviour): { call: SimulatedCall; told: Promise<void> } {
    const call = newCall(this.accountSid, order, behaviour);
    const post = new CallbackPost(call, {
      authToken: this.#authToken,
      clock: this.clock,
      sharedToken: this.unconfirmed.retriesShareToken,
      signal: this.#stopped.signal,
      turns: this.#turns,
    });
    const timeline = new CallTimeline(call, this.clock, post);
    this.book.add({ call, timeline, post });
    for (const code of order.warnings) note(call, code);
    const now = Date.now();
    const turn = Math.max(now, this.#nextTurn);
    this.#nextTurn = turn + this.clock.ms(1 / this.#callsPerSecond);
    const turnSeconds = ((turn - now) * this.clock.speed) / 1000;
    call.queueMilliseconds = Math.round(turnSeconds * 1000);
    timeline.start(turnSeconds);
    return { call, told: timeline.over.then(() => post.settled()) };
  }

  /** Forgets every call and count, and ends everything under way. */
  reset(): void {
    this.stop();
    this.book.reset();
    this.#nextTurn = 0;
    this.#stopped = stopSignal();
  }

  stop(): void {
    this.clock.stop();
    this.#stopped.abort();
  }
}

/** One for all callbacks under way, of which there may be many. */
function stopSignal(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
