import type { CallUpdate } from '../callOutcome.js';

/** Callbacks kept while it is not known yet which Twilio call they are about. */
const maxKept = 1000;

/**
 * Callbacks that cannot be applied yet.
 *
 * Before the SID: the create has not answered, and a callback proves that it made a call. Before the attempt: after a
 * workflow reset Temporal redelivers all later signals at once; they are applied when the attempt gets that SID, and
 * never assign one.
 */
export class CallbackInbox {
  #beforeSid: CallUpdate[] = [];
  readonly #beforeAttempt: { attempt: number; update: CallUpdate }[] = [];

  /** The SID that a callback named for the attempt under way before its create did; null when none has. */
  get namedSid(): string | null {
    return this.#beforeSid[0]?.callSid ?? null;
  }

  /** What is kept for attempts that have not begun. */
  get beforeAttempt(): readonly { attempt: number; update: CallUpdate }[] {
    return this.#beforeAttempt;
  }

  keepBeforeSid(updates: CallUpdate[]): void {
    if (this.#beforeSid.length < maxKept) this.#beforeSid.push(...updates);
  }

  keepBeforeAttempt(attempt: number, updates: CallUpdate[]): void {
    if (this.#beforeAttempt.length >= maxKept) return;
    this.#beforeAttempt.push(...updates.map((update) => ({ attempt, update })));
  }

  /**
   * A new attempt begins: what came for the one before, without its SID, is not the new one's. `isResumed`: an attempt that
   * was placed before begins again, so that a callback kept for it proves that it has its call.
   */
  beginAttempt(attempt: number, isResumed: boolean): void {
    this.#beforeSid = isResumed ? this.#keptFor(attempt) : [];
  }

  /** The kept callbacks about this Twilio call of the attempt, oldest first. */
  take(attempt: number, callSid: string): CallUpdate[] {
    return [...this.#keptFor(attempt), ...this.#beforeSid].filter((update) => update.callSid === callSid);
  }

  /** The current attempt has its SID. Returns the other SIDs that callbacks named for it. */
  dropBeforeSid(callSid: string): string[] {
    const others = this.#beforeSid.map((update) => update.callSid).filter((sid) => sid !== callSid);
    this.#beforeSid = [];
    return [...new Set(others)];
  }

  #keptFor(attempt: number): CallUpdate[] {
    return this.#beforeAttempt.filter((kept) => kept.attempt === attempt).map(({ update }) => update);
  }
}
