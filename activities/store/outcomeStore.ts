import type {
  AnsweredBy,
  Attempt,
  CallOutcome,
  CallState,
  CallStateName,
  CallUpdate,
  Reachability,
} from '../../workflows/callOutcome.js';
import type { CallRequest, Outcome } from '../../workflows/callRequest.js';
import type { BatchStore } from './batchStore.js';
import type { DeadLetters } from './deadLetters.js';
import type { DialingControl } from './dialingControl.js';
import type { BreakerChange, BreakerRule, Capacity, DialLimits } from './dialLimits.js';
import type { DoNotCallList, InvalidNumbers } from './doNotCallList.js';

/**
 * What ringtrue remembers outside Temporal: one row a call, one row an attempt, the journal of creates
 * that keeps a second execution from dialing again; and what keeps a number, or every one, from being dialed.
 * PostgreSQL, or PGlite inside `ringtrue dev`.
 *
 * Every write may be repeated and may come late: no row is doubled, and none is overwritten by something
 * that knows less. Every method throws `StoreUnavailable` when the database cannot be reached.
 */
export interface OutcomeStore extends BatchStore, DoNotCallList, InvalidNumbers, DialingControl, DeadLetters {
  /**
   * Opens the row of a call that was accepted. An existing row of the same call stays as it is; only one that
   * an attempt had to make, knowing neither numbers nor start, gets what it lacks.
   */
  addCall(row: {
    callId: string;
    to: string;
    from: string;
    metadata: Record<string, string>;
    startedAt: string;
    /** As it came: what a redial sends again. */
    request?: CallRequest;
    /** The batch that started the call, if one did. */
    batchId?: string;
  }): Promise<void>;

  /**
   * Writes one attempt and the state of its call; ignored when the call is done already. A decided attempt is not
   * replaced by one under way, and the state never goes back to an earlier one or to that of an earlier attempt.
   * A call that nobody opened gets its row, without numbers.
   */
  saveAttempt(row: { callId: string; state: CallStateName; attempt: Attempt }): Promise<void>;

  /**
   * What a callback says of a running call, for lists. Ignored when the call or the attempt is over, when it is older
   * than what is known, when it names another SID than the attempt's, when there is no row of the call, and when nothing
   * was ever dialed for such an attempt.
   * `known`: the journal knew the SID already as that of the attempt's Twilio call.
   */
  recordProgress(row: {
    callId: string;
    attempt: number;
    state: CallStateName;
    update: CallUpdate;
  }): Promise<{ known: boolean }>;

  /** What callbacks said of an attempt that is under way, as noted; null once it is decided, and when nothing was written of it. */
  storedUpdates(key: { callId: string; callSid: string }): Promise<CallUpdate[] | null>;

  /** Notes that a running call waits; ignored unless the call is between two attempts. */
  markWaiting(row: { callId: string }): Promise<void>;

  /** Notes that a running call is about to be dialed for the first time: its request is accepted, and Lookup asked. */
  markPlacing(row: { callId: string }): Promise<void>;

  /** The request of a call as it came, its policy filled in; null when there is no such row, or it was written without. */
  findRequest(callId: string): Promise<CallRequest | null>;

  /**
   * Writes the outcome and every attempt, in one transaction. The first outcome recorded for a call stays; comes back with
   * what is on record then.
   */
  saveOutcome(outcome: CallOutcome): Promise<CallOutcome>;

  /** The recorded state of one call; null when there is no such row. */
  findCallState(callId: string): Promise<CallState | null>;

  /** Recorded calls, newest first by start, then by call id. `cursor` comes from an earlier page; a broken one throws `InvalidCursor`. */
  listCalls(filter: CallFilter): Promise<{ calls: CallState[]; nextCursor: string | null }>;

  /**
   * Decides whether one create may be sent, and claims it, in one step: exact over all workers, whoever asks at the
   * same time. At most one caller ever gets `claimed: true` for a `(callId, attempt, round)`. At most one claim per
   * account, destination and caller id is open at a time, so that a call found in Twilio's list can belong to one
   * attempt only; an open claim older than `abandonedAfterSeconds` no longer counts.
   *
   * Calls-per-second slots lie `1/callsPerSecond` apart, in one line by the database's clock. One that is further
   * away than `slotWithinSeconds` is only reserved: it is given as `slot` with the next claim.
   */
  claimPlacement(request: PlacementKey & ClaimRequest): Promise<ClaimResult>;

  /** What `claimDial` would find now of limits, pause and circuit breaker. Takes nothing. */
  availableCapacity(request: {
    accountSid: string;
    limits: DialLimits;
    withinSeconds: number;
  }): Promise<Capacity>;

  /**
   * Closes a claim with what became of it; a SID once written stays. The first result stays too, unless it was
   * `abandoned`, or the new one brings a SID. A result that means that there is no call ends its time in flight.
   * Null: it is unclear, and the claim stays open. Throws `SidTaken` when another claim has the SID.
   *
   * `answer`: how Twilio took the create, said once by whoever sent it. The circuit breaker goes by it; comes back with
   * how that changed.
   */
  settlePlacement(
    settlement: PlacementKey & {
      result: PlacementResult | null;
      callSid: string | null;
      detail?: unknown;
      answer?: PlacementAnswer;
    },
  ): Promise<BreakerChange | null>;

  /** Twilio has said that this call is over, and nobody runs any more who would write that down: it is in flight no longer. */
  markEnded(call: { callId: string; attempt: number; callSid: string }): Promise<void>;

  /** The journal's entry, with its age in seconds by the database's clock; null when there is none. */
  findPlacement(key: PlacementKey): Promise<Placement | null>;

  /**
   * The journal's entry, as `findDial`. When there is none, one is written that says `absent`: whoever comes to claim it
   * later sends nothing.
   */
  voidPlacement(key: PlacementKey & Pick<ClaimRequest, 'accountSid' | 'to' | 'from'>): Promise<Placement>;

  /**
   * The journal's first entry after this one, of an attempt that is not among `besides`, that may have made a call or
   * holds Twilio's refusal of one; null when there is none.
   */
  findLaterPlacement(
    after: PlacementKey & { besides: number[] },
  ): Promise<{ attempt: number; placement: number; entry: Placement } | null>;

  /** Which of these SIDs belong to an attempt already: by the journal, or by an attempt that is decided. */
  claimedSids(callSids: string[]): Promise<Set<string>>;

  /** Throws when the store cannot serve. For `/readyz`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface PlacementKey {
  callId: string;
  attempt: number;
  placement: number;
}

export type PlacementResult = 'created' | 'refused' | 'not-sent' | 'absent' | 'abandoned';

export interface Placement {
  to: string;
  from: string;
  /** Null while nothing is known of what became of the create. */
  result: PlacementResult | null;
  callSid: string | null;
  detail: unknown;
  ageSeconds: number;
}

export interface ClaimRequest {
  accountSid: string;
  to: string;
  from: string;
  abandonedAfterSeconds: number;
  limits: DialLimits;
  /** May be in flight to the number beside others. */
  parallel: boolean;
  /** How long a number counts as invalid after Twilio has said so; 0: not at all. */
  rememberInvalidSeconds: number;
  /** Lookup has just said that the number is valid: what it said before counts no longer. */
  lookupSaysValid: boolean;
  sendWithinSeconds: number;
}

/** `trouble`: Twilio or the account failed, not the number. `why` goes into the reason of a breaker that opens. */
export interface PlacementAnswer {
  providerFailed: boolean;
  why: string | null;
  /** Null: the circuit breaker never opens. */
  breaker: BreakerRule | null;
}

export type ClaimResult =
  /** May be sent in `waitSeconds`, when the slot comes. */
  | { claimed: true; sendAt: string; waitSeconds: number }
  /** This very create was claimed before, by an execution that was lost, repeated or reset; or the attempt has its call already. */
  | { claimed: false; by: 'already-claimed'; entry: Placement }
  /** The call's outcome is recorded: it is never dialed again. */
  | { claimed: false; by: 'already-recorded' }
  | { claimed: false; by: 'paused'; reason: string | null }
  | { claimed: false; by: 'breaker'; reason: string | null }
  /** Nobody may call the number. `source`: who said so. */
  | { claimed: false; by: 'do-not-call'; reason: string; source: string }
  | ({ claimed: false; by: 'known-invalid' } & KnownInvalid)
  /** As many calls to the number are in flight as may be; `callId` is the one of them whose end makes room. */
  | { claimed: false; by: 'number-in-flight'; callId: string; limit: number }
  /** Another attempt between the same two numbers has an open claim. */
  | { claimed: false; by: 'pair-in-progress'; callId: string; attempt: number }
  /** The number has been called as often as it may be. `until`, ISO 8601: when the next call is allowed; null: soon known. */
  | { claimed: false; by: 'contact-limit'; limit: number; seconds: number; until: string | null }
  /** As many calls of the account are in flight as may be. */
  | { claimed: false; by: 'account-limit'; limit: number }
  /** Calls per second: the next slot is that far away. Nothing is reserved, so that the line never stands idle for somebody. */
  | { claimed: false; by: 'rate-limit'; waitSeconds: number; callsPerSecond: number };

/** What Twilio has said of a number that does not exist, and in which call. */
export interface KnownInvalid {
  source: 'lookup' | 'twilio';
  code: string;
  message: string;
  callId: string;
  /** ISO 8601. */
  seenAt: string;
}

export interface CallFilter {
  outcome?: Outcome;
  state?: CallStateName;
  reachability?: Reachability;
  answeredBy?: AnsweredBy;
  to?: string;
  /** Calls that this batch started. */
  batch?: string;
  /** Calls whose metadata has all of these. */
  metadata?: Record<string, string>;
  /** ISO 8601, on `startedAt`: inclusive. */
  since?: string;
  /** ISO 8601, on `startedAt`: exclusive. */
  until?: string;
  /** 1..200. */
  limit: number;
  cursor?: string;
}

/** The database could not be reached, or could not do its work now. Worth trying again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** A `cursor` that no page of ours gave out. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/** The SID belongs to the create of another attempt: it cannot be this one's call. */
export class SidTaken extends Error {
  override readonly name = 'SidTaken';
}
