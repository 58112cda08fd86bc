import type {
  Attempt,
  CallOutcome,
  CallState,
  CallStateName,
  CallUpdate,
} from '../../../workflows/callOutcome.js';
import type { CallRequest, Outcome } from '../../../workflows/callRequest.js';

/** The rows of calls and attempts. */
export interface CallStore {
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
}

export interface CallFilter {
  outcome?: Outcome;
  state?: CallStateName;
  to?: string;
  /** Calls that this batch started. */
  batch?: string;
  /** ISO 8601, on `startedAt`: inclusive. */
  since?: string;
  /** ISO 8601, on `startedAt`: exclusive. */
  until?: string;
  /** 1..200. */
  limit: number;
  cursor?: string;
}
