import type { WaitingFor } from '../../../workflows/callActivities.js';
import type {
  Attempt,
  CallOutcome,
  CallState,
  CallStateName,
  CallUpdate,
  DecidedBy,
  Reachability,
} from '../../../workflows/callOutcome.js';
import type { CallRequest, Outcome } from '../../../workflows/callRequest.js';
import type { AnswererClass, FunnelStep } from '../statistics/callFacts.js';
import type { WaitingReason } from '../statistics/waitingCalls.js';
import type { WorkflowEnd } from './workflowEnds.js';

export interface UnfinishedCalls {
  state: Exclude<CallStateName, 'done'>;
  count: number;
  /** Seconds since the request of the oldest call in this state; 0 when there is none. */
  oldestSeconds: number;
}

/** The rows of calls and attempts. */
export interface CallStore {
  /**
   * Adds the row of an accepted call. An existing row stays as it is. Only a row that an attempt created,
   * without numbers, gets what it lacks.
   */
  addCall(row: {
    callId: string;
    to: string;
    from: string;
    metadata: Record<string, string>;
    startedAt: string;
    /** As it came, so that a redial can send it again. */
    request?: CallRequest;
    /** The batch that started the call, if one did. */
    batchId?: string;
    /** The name of the token of the client that requested the call. */
    requestedBy?: string | null;
  }): Promise<void>;

  /**
   * Writes one attempt and the state of its call; ignored when the call is done. An attempt under way never
   * replaces a settled one, and the state never goes back, nor to an earlier attempt. Creates a row without
   * numbers if the call has none.
   */
  saveAttempt(row: {
    callId: string;
    state: CallStateName;
    attempt: Attempt;
    /** ISO 8601: when the next attempt is due, if the call waits for one. */
    nextAttemptAt?: string;
  }): Promise<void>;

  /**
   * Stores a callback of a running call, for lists. Ignored when the call or the attempt is over, when a
   * later status is stored, when it names another SID than the attempt's, when the call has no row, and when
   * the attempt was never placed. `known`: the journal had this SID for the attempt already.
   */
  recordProgress(row: {
    callId: string;
    attempt: number;
    state: CallStateName;
    update: CallUpdate;
  }): Promise<{ known: boolean }>;

  /** How many calls without an outcome are in each state, and how old the oldest of them is. */
  countUnfinished(): Promise<UnfinishedCalls[]>;

  /** The stored callbacks of an attempt under way. Null when the attempt is settled or has no row. */
  storedUpdates(key: { callId: string; callSid: string }): Promise<CallUpdate[] | null>;

  /**
   * Sets the state `waiting`, and what the call waits for until when at least; ignored unless the call is between
   * two attempts.
   */
  markWaiting(row: { callId: string; by?: WaitingFor; until?: string | null }): Promise<void>;

  /** What a call waits for, whatever its state; ignored unless the call is between two attempts. */
  recordHindrance(row: { callId: string; by: WaitingFor; until: string | null }): Promise<void>;

  /**
   * Sets the state `placing`, and the number as the call spells it from now on, of a call whose request is accepted and whose
   * Lookup is done; ignored later.
   */
  markPlacing(row: { callId: string; to: string }): Promise<void>;

  /**
   * The request of a call as it came, with its policy filled in. Null when there is no row, or the row has no
   * request.
   */
  findRequest(callId: string): Promise<CallRequest | null>;

  /**
   * Writes the outcome and every attempt, in one transaction. The first outcome of a call stays. Returns the
   * outcome that is on record then.
   */
  saveOutcome(outcome: CallOutcome): Promise<CallOutcome>;

  /** The recorded state of one call; null when there is no such row. */
  findCallState(callId: string): Promise<StoredCall | null>;

  /**
   * Recorded calls, newest first by start, then by call id. `cursor` comes from an earlier page. Throws
   * `InvalidCursor`.
   */
  listCalls(filter: CallFilter): Promise<{ calls: StoredCall[]; nextCursor: string | null }>;
}

export interface StoredCall extends CallState {
  /** Only if the call is done without an outcome. */
  workflowEnd?: WorkflowEnd;
}

/** Which calls: all that is named must hold. */
export interface CallSelection {
  outcome?: Outcome;
  state?: CallStateName;
  reachability?: Reachability;
  answeredBy?: AnswererClass;
  decidedBy?: DecidedBy;
  to?: string;
  from?: string;
  /** Calls that this batch started. */
  batch?: string;
  /** Calls whose metadata has all of these. */
  metadata?: Record<string, string>;
  /** Calls with an outcome that got at least so far. */
  reached?: FunnelStep;
  /** Calls with an outcome that got so far, and no further. */
  furthest?: FunnelStep;
  /** Calls with an outcome and so many attempts; `mostAttempts`: that many or more. */
  attempts?: number;
  /** Calls that were not answered, by source and code of the reason; null: without a reason. */
  reason?: string | null;
  /** Only answered calls that were over within `shortSeconds`. */
  short?: boolean;
  /** Only calls whose workflow ended without an outcome. */
  withoutOutcome?: boolean;
  /** Calls that wait for this. */
  waitingBy?: WaitingReason;
  /** Text of a search: see searchConditions.ts. */
  search?: string;
  /** ISO 8601, on `startedAt`: inclusive. */
  since?: string;
  /** ISO 8601, on `startedAt`: exclusive. */
  until?: string;
}

export interface CallFilter extends CallSelection {
  /** 1..200. */
  limit: number;
  cursor?: string;
}
