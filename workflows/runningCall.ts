import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Attempt, CallOutcome, CallState, CallStateName, CreateEvidence } from './callOutcome.js';
import type { CallUpdate } from './callUpdate.js';
import { isRepeat, knownOf, updateFromCallback } from './callUpdate.js';
import { newAttempt } from './newAttempt.js';
import { answeredByOf } from './outcomeOf.js';
import { maskNumber } from './phoneNumber.js';
import { searchAttribute } from './searchAttributes.js';
import { Steering } from './steering.js';
import { isTerminal, stateOf } from './twilioStatus.js';
import { type StateQuery, watchers } from './watching.js';
import { now } from './workflowTime.js';

/** One status callback of Twilio's, handed on by the webhook server: `params` are Twilio's own. */
export interface TwilioStatusSignal {
  attempt: number;
  params: Record<string, string>;
  /** What earlier callbacks about the same Twilio call said that were not signalled. */
  heard?: CallUpdate[];
}

export const twilioStatus = defineSignal<[TwilioStatusSignal]>('twilioStatus');
export const state = defineQuery<CallState, [StateQuery?]>('state');

/** Different things heard about one attempt that are kept; a call has fewer than ten. */
const mostUpdates = 50;
/** Callbacks kept while it is not known yet whose call they are about. */
const mostEarly = 1000;
/** Lines of the timeline that stay readable in Temporal's UI. */
const mostLines = 60;

/**
 * What a call knows while it runs: where it stands, what was heard about each attempt, what was asked of it.
 * Answers the signal and the query, and shows it all in Temporal's UI; `steering` answers the updates.
 */
export class RunningCall {
  readonly callId = workflowInfo().workflowId;
  readonly startedAt = now();
  /** Whoever starts a call for a batch says so in its memo, which needs no registration. */
  readonly batchId = batchIn(workflowInfo().memo);
  readonly attempts: Attempt[] = [];
  /** How many times the caller was told of an attempt, by its number. */
  readonly told = new Map<number, number>();
  outcome: CallOutcome | null = null;
  /** Why the call should stop; null while nobody asked for it. */
  cancelReason: string | null = null;
  cancelRequested = false;
  retryNowRequested = false;
  /** The last create whose fate this run of the workflow has learned of. */
  lastCreate = { attempt: 0, round: 0 };
  readonly steering = new Steering();
  /** Workflow time, in ms, when the current attempt was last heard of. */
  lastHeardAt = Date.now();

  #state: CallStateName = 'looking-up';
  #to = '';
  #waitingFor: string | null = null;
  #nextAttemptAt: string | null = null;
  /** Callbacks of the current attempt that came before its SID was known. */
  #early: CallUpdate[] = [];
  /**
   * Callbacks of attempts that have not begun: after a reset all that came since come again at its start. They are
   * heard once the attempt has their SID, and never give it one.
   */
  readonly #ahead: { attempt: number; update: CallUpdate }[] = [];
  readonly #late = new Set<Attempt>();
  readonly #timeline: string[] = [];
  readonly #published = new Map<string, string | number>();

  constructor() {
    const given = workflowInfo().typedSearchAttributes;
    for (const key of [searchAttribute.to, searchAttribute.state]) {
      const value = given.get(key);
      if (value !== undefined) this.#published.set(key.name, value);
    }
    setHandler(twilioStatus, (signal) => this.#hear(signal), { description: "Twilio's status callback" });
    setHandler(state, (asked?: StateQuery) => this.#answer(asked), { description: 'Where the call stands' });
    this.steering.listen(this);
    // A Temporal cancellation asks for the same as the update.
    CancellationScope.current().cancelRequested.catch(() => this.stop('Canceled through Temporal'));
  }

  get state(): CallStateName {
    return this.#state;
  }

  get hasEarlyCallback(): boolean {
    return this.#early.length > 0;
  }

  describe(): CallState {
    return {
      callId: this.callId,
      state: this.#state,
      attempts: this.#shown,
      outcome: this.outcome,
      waitingFor: this.#isHeld ? this.steering.waitingFor : this.#waitingFor,
      nextAttemptAt: this.#nextAttemptAt,
      paused: this.steering.paused,
      pauseReason: this.steering.pauseReason,
    };
  }

  /** The number is known only once the request was accepted. */
  accepted(to: string, giveUpAt: string | null): void {
    this.#to = to;
    this.steering.giveUpAt = giveUpAt;
  }

  beginAttempt(number = this.attempts.length + 1): Attempt {
    this.#early = [];
    // Whoever asked to dial again now gets this attempt, and not the one after it too.
    this.retryNowRequested = false;
    const attempt = newAttempt(number);
    this.attempts.push(attempt);
    return attempt;
  }

  /** Nothing was dialled: the attempt never was. */
  dropAttempt(attempt: Attempt): void {
    this.attempts.splice(this.attempts.indexOf(attempt), 1);
  }

  /** From now on the attempt is this Twilio call; callbacks that came before the SID was known are heard now. */
  adopt(attempt: Attempt, callSid: string, sidFrom: CreateEvidence['sidFrom'], at: string): void {
    attempt.callSid = callSid;
    attempt.placedAt ??= at;
    attempt.evidence.create = { sidFrom, error: null, unclear: attempt.evidence.create?.unclear ?? null };
    this.lastHeardAt = Date.now();
    this.#state = 'queued';
    const ahead = this.#ahead.filter((one) => one.attempt === attempt.number).map((one) => one.update);
    const early = [...ahead, ...this.#early].filter((update) => update.callSid === callSid);
    this.#early = [];
    for (const update of early) this.learn(attempt, update);
  }

  /** An early callback names the attempt's SID although the create did not. */
  adoptFromCallback(attempt: Attempt): string | null {
    const callSid = this.#early[0]?.callSid ?? null;
    if (callSid !== null) {
      this.note(`a callback names the call: ${callSid}`);
      this.adopt(attempt, callSid, 'callback', now());
    }
    return callSid;
  }

  /** Was something new heard of the attempt after it was decided, and not weighed since? */
  hasLateWord(attempt: Attempt): boolean {
    return this.#late.has(attempt);
  }

  /** All that was heard of the attempt is in its decision. */
  weighed(attempt: Attempt): void {
    this.#late.delete(attempt);
  }

  /** Takes in what was heard about an attempt, from whichever source. */
  learn(attempt: Attempt, update: CallUpdate): void {
    const { updates } = attempt.evidence;
    if (isRepeat(updates, update)) return;
    // Not in runs that went on without it.
    if (attempt.outcome !== null && patched('late-words-are-weighed')) this.#late.add(attempt);
    updates.push(update);
    // A final word is never pushed out: the oldest of the others goes.
    if (updates.length > mostUpdates) {
      const oldest = updates.findIndex(({ status }) => !isTerminal(status));
      updates.splice(Math.max(oldest, 0), 1);
    }
    this.lastHeardAt = Date.now();
    const sip = update.sipResponseCode === null ? '' : `, SIP ${update.sipResponseCode}`;
    const number = update.sequence === null ? '' : ` no. ${update.sequence}`;
    const line = `${update.source === 'webhook' ? `callback${number}` : 'poll'}: ${update.status}${sip}`;
    this.note(line, update.at ?? now());

    const known = knownOf(updates) as CallUpdate;
    attempt.status = known.status;
    attempt.answeredBy = answeredByOf(known.answeredBy);
    if (update.status === 'in-progress') attempt.answeredAt ??= update.at ?? now();
    const live = stateOf(known.status);
    if (live !== null && attempt === this.attempts.at(-1) && attempt.outcome === null) this.#state = live;
  }

  /** The call goes on to another state; what it waits for is said in plain words. */
  enter(next: CallStateName, waitingFor: string | null = null, nextAttemptAt: string | null = null): void {
    this.#state = next;
    this.#waitingFor = waitingFor;
    this.#nextAttemptAt = nextAttemptAt;
    this.steering.movable = false;
  }

  /** The call waits for the time of its next attempt, which can be moved. */
  awaitTurn(state: CallStateName, waitingFor: string | null, dueAt: string | null): void {
    this.enter(state, waitingFor, dueAt);
    this.steering.movable = true;
  }

  /** What the call waits for, without a change of state. */
  waitingFor(what: string | null): void {
    this.#waitingFor = what;
  }

  /** Adds a line to the timeline in Temporal's UI; `at`: when it happened, ISO 8601. */
  note(line: string, at = now()): void {
    this.#timeline.push(`- \`${at.slice(11, 19)}\` ${line}`);
    if (this.#timeline.length > mostLines) this.#timeline.splice(1, 1);
    this.#showDetails();
  }

  /**
   * Shows where the call stands: search attributes and current details. Called before a wait and at the end,
   * not at each step, since every changed attribute costs an event of history.
   */
  publish(): void {
    const last = this.attempts.at(-1);
    const updates = [
      { key: searchAttribute.to, value: this.#to || null },
      { key: searchAttribute.state, value: this.#state },
      { key: searchAttribute.attempts, value: this.attempts.length },
      { key: searchAttribute.callSid, value: last?.callSid ?? null },
      { key: searchAttribute.outcome, value: this.outcome?.outcome ?? null },
      { key: searchAttribute.errorCode, value: this.outcome?.errorCode ?? null },
    ].filter(({ key, value }) => value !== null && this.#published.get(key.name) !== value);
    if (updates.length > 0) {
      for (const { key, value } of updates) this.#published.set(key.name, value as string | number);
      upsertSearchAttributes(updates as Parameters<typeof upsertSearchAttributes>[0]);
    }
    this.#showDetails();
  }

  /** Waits, visibly, until `done` holds or so much time has passed (null: for ever); true when it holds. */
  async until(done: () => boolean, seconds: number | null, summary: string): Promise<boolean> {
    this.publish();
    if (seconds === null) return condition(done).then(() => true);
    return condition(done, Math.max(1, Math.round(seconds * 1000)), { summary });
  }

  stop(reason: string | null): CallState {
    if (!this.cancelRequested && this.outcome === null) {
      this.cancelRequested = true;
      this.cancelReason = reason;
      this.note(`asked to stop${reason ? `: ${reason}` : ''}`);
    }
    return this.describe();
  }

  #answer(asked: StateQuery | undefined): CallState {
    if (asked?.watch !== false) watchers.watched(this.attempts.at(-1)?.status ?? null);
    return this.describe();
  }

  #hear(signal: TwilioStatusSignal): void {
    const number = Number(signal?.attempt);
    const update = updateFromCallback(signal?.params ?? {});
    if (!update) return;
    const earlier = (signal.heard ?? []).filter(
      ({ callSid, status }) => callSid === update.callSid && !isTerminal(status),
    );
    const updates = [...earlier, update];
    const attempt = this.attempts.find((one) => one.number === number);
    if (!attempt) {
      if (this.#ahead.length < mostEarly)
        this.#ahead.push(...updates.map((one) => ({ attempt: number, update: one })));
      return;
    }
    if (attempt.callSid === null) {
      if (attempt === this.attempts.at(-1) && attempt.outcome === null && this.#early.length < mostEarly)
        this.#early.push(...updates);
      return;
    }
    if (attempt.callSid !== update.callSid) {
      // A SID read off Twilio's list is a conclusion; a callback that names the attempt is proof.
      if (attempt.evidence.create?.sidFrom !== 'list' || attempt.outcome !== null) return;
      this.note(`a callback names another call than the list did: ${update.callSid}`);
      attempt.evidence.updates = [];
      attempt.status = null;
      this.adopt(attempt, update.callSid, 'callback', now());
    }
    for (const one of updates) this.learn(attempt, one);
    // After a final word the call goes on at once, and shows what it comes to.
    if (!isFinal(attempt)) this.publish();
  }

  /** One that has not been dialled, and has to wait for that, may never be one. */
  get #shown(): Attempt[] {
    const last = this.attempts.at(-1);
    const isNone =
      this.#state === 'waiting' && last && last.callSid === null && last.evidence.create === null;
    return isNone && last.outcome === null ? this.attempts.slice(0, -1) : this.attempts;
  }

  /** Is it the pause alone that the call waits for, or will wait for? */
  get #isHeld(): boolean {
    return this.steering.paused && (this.#state === 'waiting' || this.#state === 'waiting-to-retry');
  }

  #showDetails(): void {
    const { waitingFor } = this.describe();
    const wait = waitingFor ? `\n\nWaiting for: ${waitingFor}` : '';
    const to = this.#to ? ` to ${maskNumber(this.#to)}` : '';
    const made = this.attempts.length;
    setCurrentDetails(
      `**${this.outcome?.outcome ?? this.#state}**${to}, attempt ${made}${wait}\n\n${this.#timeline.join('\n')}`,
    );
  }
}

function batchIn(memo: Record<string, unknown> | undefined): string | null {
  return typeof memo?.batchId === 'string' ? memo.batchId : null;
}

/** Is the truth about the attempt's Twilio call known? */
export function isFinal(attempt: Attempt): boolean {
  return attempt.evidence.updates.some((update) => isTerminal(update.status));
}
