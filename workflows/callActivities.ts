import type { Attempt, CallOutcome, CallStateName, LookupEvidence, TwilioError } from './callOutcome.js';
import type { CallingWindow, CallPlan, CallRequest } from './callRequest.js';
import type { CallUpdate } from './callUpdate.js';

/** Twilio's final word about a call, as it was asked for. */
export interface FinalWord extends CallUpdate {
  /** What callbacks said of the call before, and the call was not told: that it rang is gone from the resource by now. */
  heard?: CallUpdate[];
}

/** What a call asks of the world. Implemented in `activities/`; the workflow knows nothing else of it. */
export interface CallActivities {
  /**
   * Checks the request, fills in defaults, freezes policy and settings, opens the call's row in the store, and asks
   * Lookup v2 about the number unless `lookup` is `off`. A faulty request comes back as data, every fault named. The store being down
   * is no reason to wait: the row is written again with each later step. Nor is Lookup: not knowing is evidence too.
   */
  acceptAndLookUp(input: {
    callId: string;
    request: CallRequest;
    startedAt: string;
    /** The batch that started the call, if one did. */
    batchId?: string;
  }): Promise<OpenedCall>;

  /** The first moment at or after `from` at which the phone may ring, and the zones that were considered. */
  findOpening(input: { to: string; window: CallingWindow; from: string }): Promise<Opening>;

  /**
   * Creates the call at Twilio: at most once for one `(callId, attempt, round)`, however often it is executed.
   * Every ending that can be foreseen is data. Run with `maximumAttempts: 1`.
   */
  placeCall(order: DialOrder): Promise<Dialled>;

  /**
   * Seeks a call whose create had an unclear end: in the journal of creates, then in Twilio's call list.
   * Fails with `CallNotSeen`, to be run again by Temporal, until the call is found or surely does not exist.
   */
  findCall(order: DialOrder & { answered: boolean }): Promise<Found>;

  /** Writes down that a callback named the attempt's SID, so that nobody else claims this call. */
  claimCall(claim: { callId: string; attempt: number; round: number; callSid: string }): Promise<void>;

  /**
   * Reads the Call resource. Fails with `CallNotOver`, to be run again by Temporal, until the status is terminal. Waits once
   * for `patienceSeconds` after what callbacks said last, of which the call may not have been told.
   */
  pollCall(input: { callSid: string; patienceSeconds?: number }): Promise<FinalWord>;

  /**
   * Cancels a call that rings, hangs up one that talks, and comes back with Twilio's own final word.
   * Fails with `CallNotOver`, to be run again by Temporal, until Twilio says that it is over.
   */
  endCall(input: { callSid: string }): Promise<FinalWord>;

  /** The error code that Twilio noted for a failed call (its Notifications). Fails when there is none to be had. */
  readFailure(input: { callSid: string }): Promise<{ code: number; message: string }>;

  /** Writes one attempt, and the state of its call, to the store. May be repeated; never overwrites better knowledge. */
  recordAttempt(input: CallProgress): Promise<void>;

  /** For lists: the call waits before an attempt. */
  noteWaiting(input: { callId: string }): Promise<void>;

  /**
   * Writes the outcome of a call and all its attempts to the store. An outcome once recorded stays; comes back with that one.
   * With `after`, the last create that the workflow knows of: writes nothing when the journal has a later one, of no
   * attempt of the outcome's, that may have made a call, and comes back with it.
   */
  recordOutcome(input: {
    outcome: CallOutcome;
    after?: { attempt: number; round: number };
  }): Promise<CallOutcome | Forgotten>;

  /** Posts to the caller's `notifyUrl`, signed. Throws until the receiver takes it; types that are never tried again say so. */
  notifyOutcome(notification: Notification): Promise<void>;

  /** Keeps a notification that no receiver took, to be sent again when somebody asks for it. Comes back with its id, the `webhook-id`. */
  keepDeadLetter(letter: { notification: Notification; error: string }): Promise<{ id: string }>;

  /** Writes down that a dead letter was sent again and taken. */
  settleDeadLetter(notification: Notification): Promise<void>;
}

/** Something that the caller is told at its `notifyUrl`. */
export type Notification = {
  callId: string;
  url: string;
  /** Its `webhook-id`, when it was told under one before; else one that follows from what is told. */
  id?: string;
} & ({ type: 'call.ended'; payload: CallOutcome } | { type: 'attempt.ended'; payload: AttemptEnded });

/** An attempt that is over, as the caller is told of it. */
export interface AttemptEnded extends Attempt {
  metadata: Record<string, string>;
  /** True when the call ended with this attempt. False: another one is planned; told again, true, should it not come about. */
  isLast: boolean;
  /** Attempts made so far. */
  count: number;
  /** Before which the next attempt does not begin, ISO 8601; null after the last one. */
  nextAttemptAt: string | null;
  /** From 1; what is told with a greater one replaces what was told before of the same attempt. */
  revision: number;
}

export type Acceptance = { accepted: true; plan: CallPlan } | { accepted: false; faults: string[] };

/** `lookup` is null when Lookup was not asked. */
export type OpenedCall = Acceptance & { lookup: LookupEvidence | null };

export interface Opening {
  /** ISO 8601; null when the window never opens. */
  opensAt: string | null;
  timeZones: string[];
}

/** One order to dial. `round` counts creates within the attempt: above 1 only after one that surely made no call. */
export interface DialOrder {
  callId: string;
  attempt: number;
  /** From 1. */
  round: number;
  /** When the call gave the order, ISO 8601; it may wait for its turn since then. */
  orderedAt: string;
  plan: CallPlan;
  /** Lookup has said in this call that the number is valid. */
  lookupSaysValid?: true;
}

/** How an order to dial ended. */
export type Dialled =
  /** The Twilio call exists. */
  /** `unwritten`: the journal could not be told. */
  | {
      kind: 'created';
      callSid: string;
      status: string;
      at: string;
      sidFrom: 'created' | 'journal';
      unwritten?: true;
    }
  /** Twilio said no, about this number or this request; there is no call. */
  | { kind: 'refused'; error: TwilioError }
  /** Twilio said no, about the account; there is no call, and nothing is known of the number. */
  | { kind: 'account-trouble'; error: TwilioError }
  /** It surely did not reach Twilio, or was surely not processed. */
  | { kind: 'not-sent'; why: string; retryAfterSeconds: number | null }
  /**
   * Nothing was sent: it is not this call's turn. `until`, ISO 8601: not before,
   * whatever else changes.
   */
  | { kind: 'not-yet'; why: string; until?: string | null }
  /** Nothing was sent, and nothing will be. */
  | ({ kind: 'forbidden' } & Forbidden)
  /** `giveUpAt` had passed before anything was sent. */
  | { kind: 'too-late' }
  /** The call's outcome is recorded, so nothing was sent: the workflow was reset. */
  | { kind: 'over' }
  /** Nobody knows whether the call exists. `answered`: Twilio did answer, so nothing is under way any more. */
  | { kind: 'unclear'; why: string; answered: boolean };

/** Why a number must not be dialled. `known-invalid`: Twilio has shown so in another call, whose reason comes along. */
export type Forbidden =
  | { code: 'do-not-call' | 'not-eligible'; message: string }
  | { code: 'known-invalid'; message: string; shown: { source: 'lookup' | 'twilio'; code: string } };

export type Found =
  | { kind: 'found'; callSid: string; sidFrom: 'list' | 'journal' }
  /** It surely does not exist. */
  | { kind: 'absent' };

/** A create in the journal that the workflow does not know of, since it was reset or started again; and how it ended. */
export interface Forgotten {
  forgotten: { attempt: number; round: number; dialled: Dialled };
}

/** Where a call stands, for the store. */
export interface CallProgress {
  callId: string;
  state: CallStateName;
  attempt: Attempt;
}
