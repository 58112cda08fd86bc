import type { CallbackPost } from './callbackPost.js';
import type { CallTimeline } from './callTimeline.js';
import { isOver, type SimulatedCall } from './simulatedCall.js';

/** A call, its timeline and its callbacks. */
export interface CallRecord {
  call: SimulatedCall;
  timeline: CallTimeline;
  post: CallbackPost;
}

/** How often one caller dialed one number with one status callback URL. */
export interface CreateTally {
  to: string;
  from: string;
  /** Without its fragment; null if there is none. */
  statusCallback: string | null;
  /** Create requests with right credentials and a valid form. */
  requests: number;
  /** Calls that they created. */
  calls: number;
}

/** At most so many tallies and counters are kept. The oldest are dropped first. */
const maxTallies = 50_000;

/** Everything that a simulator remembers, up to a limit. */
export class CallBook {
  readonly #calls = new Map<string, CallRecord>();
  readonly #tallies = new Map<string, CreateTally>();
  readonly #counters = new Map<string, number>();

  constructor(readonly rememberedCalls: number) {}

  add(record: CallRecord): void {
    this.#calls.set(record.call.sid, record);
    if (this.#calls.size <= this.rememberedCalls) return;
    for (const [sid, { call }] of this.#calls) {
      if (!isOver(call)) continue;
      this.#calls.delete(sid);
      if (this.#calls.size <= this.rememberedCalls) return;
    }
  }

  find(sid: string): CallRecord | null {
    return this.#calls.get(sid) ?? null;
  }

  remove(sid: string): void {
    this.#calls.delete(sid);
  }

  /** Newest first. */
  all(): SimulatedCall[] {
    return [...this.#calls.values()].map(({ call }) => call).reverse();
  }

  tallies(): CreateTally[] {
    return [...this.#tallies.values()];
  }

  /** The tally that counts a create. */
  tallyOf(to: string, from: string, statusCallback: string | null): CreateTally {
    const key = [to, from, statusCallback].join('|');
    const tally = this.#tallies.get(key) ?? { to, from, statusCallback, requests: 0, calls: 0 };
    keepWithin(maxTallies, this.#tallies, key, tally);
    return tally;
  }

  /**
   * Counts one more request of this kind. Returns whether it is among the first `times`; always, if `times`
   * is null.
   */
  isAmongFirst(times: number | null, ...what: string[]): boolean {
    if (times === null) return true;
    const key = what.join('|');
    const count = (this.#counters.get(key) ?? 0) + 1;
    keepWithin(maxTallies, this.#counters, key, count);
    return count <= times;
  }

  reset(): void {
    this.#calls.clear();
    this.#tallies.clear();
    this.#counters.clear();
  }
}

function keepWithin<Value>(limit: number, map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > limit && !oldest.done) map.delete(oldest.value);
}
