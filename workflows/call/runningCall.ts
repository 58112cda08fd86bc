import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { DuplicateCall, PlaceCallResult } from '../callActivities.js';
import type {
  Attempt,
  CallOutcome,
  CallState,
  CallStateName,
  CallUpdate,
  CreateEvidence,
  LookupEvidence,
  TimelineEntry,
} from '../callOutcome.js';
import type { CallPlan, CallRequest } from '../callRequest.js';
import { updateFromCallback } from '../rules/callUpdate.js';
import type { Decision } from '../rules/decision.js';
import type { PlannedRetry } from '../rules/retry.js';
import { isTerminal, stateOf } from '../rules/twilioStatus.js';
import { accountOf } from './accountOf.js';
import { addUpdate, isFinal, newAttempt } from './attempt.js';
import { CallbackInbox } from './callbackInbox.js';
import { CallControls } from './callControls.js';
import { CallDisplay } from './callDisplay.js';
import type { CallSnapshot } from './callSnapshot.js';
import { now } from './workflowTime.js';

/** Second calls of one call that are looked into. */
const maxDuplicates = 10;

/** One status callback, passed on by the webhook server; `params` are Twilio's own. */
export interface TwilioStatusSignal {
  attempt: number;
  params: Record<string, string>;
  /** When the API received it, ISO 8601. */
  receivedAt?: string;
  /** Earlier callbacks about the same Twilio call that were stored and not signaled. */
  stored?: CallUpdate[];
  /**
   * The account with whose token it was signed, if nobody could tell yet whether the call is that account's: a SID, or null
   * for the main account.
   */
  account?: string | null;
}

export const twilioStatus = defineSignal<[TwilioStatusSignal]>('twilioStatus');
export const state = defineQuery<CallState>('state');

/**
 * What a call knows while it runs: its plan, where it stands, and what it was told about each attempt. Answers the signal
 * and the query. `controls` answers the updates, `display` shows the call in Temporal's UI.
 */
export class RunningCall {
  readonly callId = workflowInfo().workflowId;
  readonly startedAt: string;
  /** The batch that started the call, from the memo, which needs no registration. */
  readonly batchId = textIn(workflowInfo().memo, 'batchId');
  /** The name of the token of the client that requested the call, from the memo. */
  readonly requestedBy = textIn(workflowInfo().memo, 'requestedBy');
  readonly attempts: Attempt[];
  /** How many times the client was notified of an attempt, by the attempt's number. */
  readonly notifiedRevisions: Map<number, number>;
  /** What Lookup said; null when it was not asked. */
  lookup: LookupEvidence | null;
  outcome: CallOutcome | null = null;
  /** The last placement of whose end this run of the workflow has learned. */
  lastPlacement: { attempt: number; placement: number };
  /** What the last attempt came to, and the retry that follows it. */
  decision: Decision | null;
  retry: PlannedRetry | null;
  /** The number of the first placement of the next attempt; above 1 after one that certainly made no call. */
  nextPlacement: number;
  /** Workflow time, in ms, of the last update about the current attempt. */
  lastUpdateAt = Date.now();
  canReschedule = false;
  /** Second Twilio calls of an attempt, as callbacks name them, and how many of them have been seen to. */
  readonly duplicates: DuplicateCall[] = [];
  duplicatesEnded = 0;
  readonly controls = new CallControls(this);

  #plan: CallPlan | null;
  #placedAtOnce: PlaceCallResult | null = null;
  #state: CallStateName = 'looking-up';
  #waitingFor: string | null = null;
  #nextAttemptAt: string | null = null;
  readonly inbox = new CallbackInbox();
  readonly #display = new CallDisplay(
    () => this.describe(),
    () => this.#plan?.hiddenTo ?? this.#plan?.to ?? null,
  );
  /** When each attempt was over, workflow time in ms. */
  readonly #overAt = new Map<Attempt, number>();
  /** Attempts with a late update that has not been settled. */
  readonly #unsettled = new Set<Attempt>();

  /** `resumed`: what the run before knew; null in the first run. */
  constructor(
    readonly request: CallRequest,
    resumed: CallSnapshot | null,
  ) {
    this.startedAt = resumed?.startedAt ?? now();
    this.attempts = resumed?.attempts ?? [];
    this.notifiedRevisions = new Map(resumed?.notifiedRevisions);
    this.lookup = resumed?.lookup ?? null;
    this.lastPlacement = resumed?.lastPlacement ?? { attempt: 0, placement: 0 };
    this.decision = resumed?.decision ?? null;
    this.retry = resumed?.retry ?? null;
    this.nextPlacement = resumed?.placement ?? 1;
    this.#plan = resumed?.plan ?? null;
    if (resumed) {
      for (const attempt of this.attempts)
        if (attempt.endedAt !== null) this.#overAt.set(attempt, Date.parse(attempt.endedAt));
      this.#state = 'waiting';
      this.#display.timeline.push(...resumed.timeline);
      this.controls.paused = resumed.paused;
      this.controls.pauseReason = resumed.pauseReason;
      this.controls.uses.push(...(resumed.controls ?? []));
      for (const { attempt, update } of resumed.callbacksBeforeAttempt)
        this.inbox.keepBeforeAttempt(attempt, [update]);
    }
    setHandler(twilioStatus, (signal) => this.#onCallback(signal), {
      description: "Twilio's status callback",
    });
    setHandler(state, () => this.describe(), { description: 'Where the call stands' });
    this.controls.listen();
    // A Temporal cancellation does what the update does.
    CancellationScope.current().cancelRequested.catch(() =>
      this.controls.cancel('Canceled through Temporal'),
    );
  }

  /** All that the call goes by. Set once its request is accepted. */
  get plan(): CallPlan {
    if (this.#plan === null) throw new Error('The call request has not been accepted yet');
    return this.#plan;
  }

  get state(): CallStateName {
    return this.#state;
  }

  get giveUpAt(): string | null {
    return this.#plan?.giveUpAt ?? null;
  }

  get cancelRequested(): boolean {
    return this.controls.cancelRequested;
  }

  get cancelReason(): string | null {
    return this.controls.cancelReason;
  }

  /** Has a callback named the current attempt's call before its create did? */
  get hasCallbackBeforeSid(): boolean {
    return this.inbox.namedSid !== null;
  }

  /** `placed`: what became of the first placement, if it was sent when the request was accepted. */
  accept(plan: CallPlan, lookup: LookupEvidence | null, placed: PlaceCallResult | null): void {
    this.#plan = plan;
    this.lookup = lookup;
    this.#placedAtOnce = placed;
    // The attempt has begun already: a callback that came before its SID is about this call.
    if (placed) this.lastPlacement = { attempt: 1, placement: 1 };
  }

  /** Was the first placement sent when the request was accepted, and has not been taken yet? */
  get isPlacedAtOnce(): boolean {
    return this.#placedAtOnce !== null;
  }

  /** How that placement ended. Null: there is none, or it was taken before. */
  takePlacedAtOnce(): PlaceCallResult | null {
    const placed = this.#placedAtOnce;
    this.#placedAtOnce = null;
    return placed;
  }

  describe(): CallState {
    const isPausedAndWaiting =
      this.controls.paused && (this.#state === 'waiting' || this.#state === 'waiting-to-retry');
    return {
      callId: this.callId,
      to: this.#plan?.to ?? null,
      from: this.#plan?.from ?? null,
      ...(this.#plan?.account === undefined ? {} : { account: this.#plan.account.name }),
      metadata: this.#plan?.metadata ?? {},
      startedAt: this.startedAt,
      state: this.#state,
      attempts: this.outcome?.attempts ?? this.#visibleAttempts,
      outcome: this.outcome,
      waitingFor: isPausedAndWaiting ? this.controls.waitingToResume : this.#waitingFor,
      nextAttemptAt: this.#nextAttemptAt,
      paused: this.controls.paused,
      pauseReason: this.controls.pauseReason,
      requestedBy: this.requestedBy,
      controls: this.outcome?.controls ?? this.controls.uses,
    };
  }

  beginAttempt(number = this.attempts.length + 1): Attempt {
    this.inbox.beginAttempt(number, this.lastPlacement.attempt === number);
    // A request to retry now is for this attempt, and not for the one after it too.
    this.controls.retryNowRequested = false;
    const attempt = newAttempt(number);
    this.attempts.push(attempt);
    return attempt;
  }

  /** Nothing was dialed: the attempt never was. */
  dropAttempt(attempt: Attempt): void {
    this.attempts.splice(this.attempts.indexOf(attempt), 1);
  }

  /** From now on the attempt is this Twilio call. Callbacks that came before its SID was known are applied now. */
  assignSid(attempt: Attempt, callSid: string, sidFrom: CreateEvidence['sidFrom'], at: string): void {
    attempt.callSid = callSid;
    attempt.placedAt ??= at;
    attempt.evidence.create = { sidFrom, error: null, unclear: attempt.evidence.create?.unclear ?? null };
    this.lastUpdateAt = Date.now();
    const updates = this.inbox.take(attempt.number, callSid);
    if (attempt === this.attempts.at(-1)) {
      this.enter('queued');
      for (const other of this.inbox.dropBeforeSid(callSid)) this.#reportDuplicate(attempt, other);
    }
    for (const update of updates) this.addUpdate(attempt, update);
  }

  /** Takes the SID from a callback that names the attempt although its create did not. False: there is none. */
  assignSidFromCallback(attempt: Attempt): boolean {
    const callSid = this.inbox.namedSid;
    if (callSid === null) return false;
    this.note(`a callback names the call: ${callSid}`);
    this.assignSid(attempt, callSid, 'callback', now());
    return true;
  }

  /** Adds what we were told about an attempt, from whichever source. */
  addUpdate(attempt: Attempt, update: CallUpdate): void {
    if (!addUpdate(attempt, update)) return;
    if (attempt.outcome !== null) this.#unsettled.add(attempt);
    this.lastUpdateAt = Date.now();
    const sip = update.sipResponseCode === null ? '' : `, SIP ${update.sipResponseCode}`;
    const sequence = update.sequence === null ? '' : ` ${update.sequence}`;
    const source = update.source === 'webhook' ? `callback${sequence}` : 'poll';
    this.note(`attempt ${attempt.number}, ${source}: ${update.status}${sip}`);
    const live = stateOf(attempt.status as string);
    if (live !== null && attempt === this.attempts.at(-1) && attempt.outcome === null) this.#state = live;
  }

  /** Did a late update arrive after the attempt was settled, and has not been settled since? */
  hasLateUpdate(attempt: Attempt): boolean {
    return this.#unsettled.has(attempt);
  }

  /** The attempt is over; what is still looked for does not count as its time. */
  markOver(attempt: Attempt): void {
    if (!this.#overAt.has(attempt)) this.#overAt.set(attempt, Date.now());
  }

  /** Everything known of the attempt is in its verdict now. */
  settled(attempt: Attempt): void {
    this.#unsettled.delete(attempt);
  }

  /** When the attempt was over, workflow time in ms. */
  overAt(attempt: Attempt): number {
    return this.#overAt.get(attempt) ?? Date.now();
  }

  /** The call goes on to another state. `waitingFor`: in plain words. */
  enter(next: CallStateName, waitingFor: string | null = null, nextAttemptAt: string | null = null): void {
    this.#state = next;
    this.#waitingFor = waitingFor;
    this.#nextAttemptAt = nextAttemptAt;
    this.canReschedule = false;
  }

  /** The call waits for the time of its next attempt, which can be rescheduled. */
  enterWait(
    next: 'waiting' | 'waiting-to-retry',
    waitingFor: string | null,
    nextAttemptAt: string | null,
  ): void {
    this.enter(next, waitingFor, nextAttemptAt);
    this.canReschedule = true;
  }

  reschedule(at: string): void {
    this.#waitingFor = `the time that the next attempt was rescheduled to: ${at}`;
    this.#nextAttemptAt = at;
  }

  /** What the call waits for, without a change of state. */
  setWaitingFor(what: string | null): void {
    this.#waitingFor = what;
  }

  /** What happened so far, for people. */
  get timeline(): readonly TimelineEntry[] {
    return this.#display.timeline;
  }

  /** Adds an entry to the timeline in Temporal's UI and in the record. */
  note(text: string): void {
    this.#display.note(text);
  }

  publish(): void {
    this.#display.publish();
  }

  /** Waits, visibly, until `done` holds or so much time has passed (null: forever). True when it holds. */
  async waitFor(done: () => boolean, seconds: number | null, why: string): Promise<boolean> {
    this.publish();
    if (seconds === null) return condition(done).then(() => true);
    // A client may have written any text for a reason, and Temporal refuses a summary that is too long.
    const summary = why.slice(0, 119);
    return condition(done, Math.max(1, Math.round(seconds * 1000)), { summary });
  }

  #onCallback(signal: TwilioStatusSignal): void {
    if (this.#isOfOtherAccount(signal)) return;
    const number = Number(signal?.attempt);
    const parsed = updateFromCallback(signal?.params ?? {});
    if (!parsed) return;
    const update = { ...parsed, receivedAt: textIn({ ...signal }, 'receivedAt') ?? now() };
    const stored = (signal.stored ?? []).filter(
      ({ callSid, status }) => callSid === update.callSid && !isTerminal(status),
    );
    const updates = [...stored, update];
    const attempt = this.attempts.find((one) => one.number === number);
    if (!attempt) {
      this.inbox.keepBeforeAttempt(number, updates);
      return;
    }
    if (attempt.callSid === null && attempt.outcome === null) {
      if (attempt === this.attempts.at(-1)) this.inbox.keepBeforeSid(updates);
      return;
    }
    if (attempt.callSid !== update.callSid && !this.#reassignSid(attempt, update.callSid)) return;
    for (const one of updates) this.addUpdate(attempt, one);
    // After a final status the call goes on at once, and shows what it comes to.
    if (!isFinal(attempt)) this.publish();
  }

  /** Whoever has the token of one account may say nothing about the calls of another one. */
  #isOfOtherAccount(signal: TwilioStatusSignal): boolean {
    return signal?.account !== undefined && signal.account !== (this.#plan?.account?.sid ?? null);
  }

  /**
   * A callback names another Twilio call for the attempt than is known. True: it is the attempt's, since nobody knew whether
   * there was a call, or only Twilio's list had named one. False: the attempt has its call, and this is a second one.
   */
  #reassignSid(attempt: Attempt, callSid: string): boolean {
    const { create } = attempt.evidence;
    const isDecided = this.#state === 'recording' || this.#state === 'done';
    const nobodyKnew = attempt.callSid === null && attempt.outcome === 'unknown';
    // A SID read off Twilio's list is a conclusion; a callback that names the attempt is proof.
    const isConclusion = create?.sidFrom === 'list';
    // Only the last attempt can still be followed to another end.
    const isOpen = attempt.outcome === null || attempt === this.attempts.at(-1);
    if (isDecided || !(nobodyKnew || (isConclusion && isOpen))) {
      if (!isConclusion) this.#reportDuplicate(attempt, callSid);
      return false;
    }
    this.note(`a callback names the call of attempt ${attempt.number}: ${callSid}`);
    const { number, placedAt } = attempt;
    Object.assign(attempt, newAttempt(number), { placedAt });
    attempt.evidence.create = create;
    this.#overAt.delete(attempt);
    this.assignSid(attempt, callSid, 'callback', now());
    return true;
  }

  /** Two Twilio calls name one attempt, which must never happen. Raises the alarm, and has the second one ended. */
  #reportDuplicate({ number, callSid }: Attempt, duplicateSid: string): void {
    const isKnown = this.duplicates.some((duplicate) => duplicate.duplicateSid === duplicateSid);
    if (this.#plan === null || callSid === null || isKnown || this.duplicates.length >= maxDuplicates) return;
    this.note(`attempt ${number} is ${callSid}, and a callback names ${duplicateSid} too: it is ended`);
    const { to, requestedTo, from } = this.#plan;
    const numbers = { to, from, ...(requestedTo === undefined ? {} : { requestedTo }) };
    const sids = { callSid, duplicateSid, ...accountOf(this.#plan) };
    this.duplicates.push({ callId: this.callId, attempt: number, ...sids, ...numbers });
  }

  /** An attempt that has not been dialed, and has to wait for that, may never be one. */
  get #visibleAttempts(): Attempt[] {
    const last = this.attempts.at(-1);
    const isNone =
      this.#state === 'waiting' && last && last.callSid === null && last.evidence.create === null;
    return isNone && last.outcome === null ? this.attempts.slice(0, -1) : this.attempts;
  }
}

function textIn(memo: Record<string, unknown> | undefined, name: string): string | null {
  const value = memo?.[name];
  return typeof value === 'string' ? value : null;
}
