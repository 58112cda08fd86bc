import type {
  Attempt,
  CallOutcome,
  CallStateName,
  CallUpdate,
  LookupEvidence,
  TwilioError,
} from './callOutcome.js';
import type { CallAccount, CallingWindow, CallPlan, CallRequest } from './callRequest.js';

/** What a call does outside its workflow. Implemented in `activities/`; the workflow knows nothing else of it. */
export interface CallActivities {
  /**
   * Validates the request, freezes policy and settings into a plan, opens the call's row in the store, and asks Lookup v2
   * about the number unless `lookup` is `off`. Faults of the request are returned as data. Never waits for the store, whose
   * row is written again with each later step, nor for long for Lookup: no answer is evidence too. Only an account that the
   * worker does not know is looked for in the store, for as long as it takes. Places the first attempt, as `placeCall` does, if
   * the call need not wait for anything.
   */
  acceptAndLookUp(input: {
    callId: string;
    request: CallRequest;
    startedAt: string;
    /** The batch that started the call; null when none did. */
    batchId: string | null;
    /** The name of the token of the client that requested the call. */
    requestedBy: string | null;
  }): Promise<AcceptedCall>;

  /** The first moment at or after `from` at which the phone may ring, and the time zones that were considered. */
  findAllowedTime(input: { to: string; window: CallingWindow; from: string }): Promise<AllowedTime>;

  /**
   * Creates the call at Twilio: at most once for one `(callId, attempt, placement)`, however often it is executed.
   * Every result that can be foreseen is returned as data. Run with `maximumAttempts: 1`.
   */
  placeCall(input: PlaceCallInput): Promise<PlaceCallResult>;

  /** Returns at once: workers take it up only while dialing is not stopped. */
  awaitDialing(): Promise<void>;

  /**
   * Looks for the call of an unclear placement: in the placement journal, then in Twilio's call list. Throws `CallNotSeen`,
   * which Temporal retries, until the call is found or certainly does not exist. `isLast`: returns `unresolved` once
   * Twilio's list was read and could not tell.
   */
  findUnclearCall(
    input: PlaceCallInput & { answered: boolean; isLast: boolean },
  ): Promise<FindUnclearCallResult>;

  /** Records the SID that a callback named, so that nobody else takes this call for theirs. */
  recordCallSid(input: {
    callId: string;
    attempt: number;
    placement: number;
    callSid: string;
  }): Promise<void>;

  /**
   * Reads the Call resource. Throws `CallNotOver`, which Temporal retries, until the status is final. `isLast`: returns null
   * once Twilio has answered with another status. If Twilio refuses the account or the key, the refusal is returned, unless
   * its code is `knownRefusal`; then Temporal retries. Waits once for `patienceSeconds` after the last stored callback.
   */
  pollCall(input: {
    callSid: string;
    /** Absent: the main account; so in every other input. */
    account?: CallAccount;
    isLast: boolean;
    knownRefusal: number | null;
    patienceSeconds?: number;
  }): Promise<TwilioAnswer>;

  /**
   * Cancels a call that is queued or rings, hangs up one that was answered, and returns what Twilio then says. Throws
   * `CallNotOver`, which Temporal retries, until the status is final. `isLast`: as for `pollCall`.
   */
  endCall(input: {
    callSid: string;
    account?: CallAccount;
    isLast: boolean;
    knownRefusal: number | null;
  }): Promise<TwilioAnswer>;

  /**
   * Two Twilio calls name one attempt. Ends the second one, if it is a call of ours to the same number that no other attempt
   * has, and raises the alarm. Throws `CallNotOver`, which Temporal retries, until it is over.
   */
  endDuplicateCall(input: DuplicateCall): Promise<void>;

  /** The error code that Twilio noted for a failed call (its Notifications). Throws `CallNotSeen` while there is none. */
  fetchErrorCode(input: {
    callSid: string;
    account?: CallAccount;
  }): Promise<{ code: number; message: string }>;

  /** Writes one attempt, and the state of its call, to the store. May be repeated; never overwrites better knowledge. */
  recordAttempt(input: RecordAttemptInput): Promise<void>;

  /** For lists: the call waits before an attempt; for what, and until when at least. */
  markWaiting(input: { callId: string; by?: WaitingFor; until?: string | null }): Promise<void>;

  /**
   * Writes the outcome of a call and all its attempts to the store. Returns what is on record if that is another outcome,
   * since the first one stays; null if it is this one.
   * `after`: the last placement that the workflow knows. If the journal has a later one, of an attempt that the outcome
   * does not have, which may have made a call: writes nothing, and returns that one.
   */
  recordOutcome(input: {
    outcome: CallOutcome;
    account?: CallAccount;
    after: { attempt: number; placement: number };
  }): Promise<RecordOutcomeResult>;

  /** Posts to the client's `notifyUrl`, signed. Throws until the receiver accepts it; errors that are final say so. */
  notifyOutcome(notification: Notification): Promise<void>;

  /** Keeps a notification that no receiver accepted. Returns its id, the `webhook-id`. */
  keepDeadLetter(letter: { notification: Notification; error: string }): Promise<{ id: string }>;

  /** Records that a dead letter was sent again and accepted. */
  settleDeadLetter(notification: Notification): Promise<void>;
}

/** Twilio's answer about a call: null if it has no final status, and nobody asks again. */
export type TwilioAnswer = FinalUpdate | ReadRefusal | null;

/** Twilio refuses the account or the key: no read works until somebody fixes that. */
export interface ReadRefusal {
  refusal: TwilioError;
}

/** The status with which Twilio says that a call is over. */
export interface FinalUpdate extends CallUpdate {
  /** Callbacks stored but never signaled. Needed because the Call resource no longer shows that it rang. */
  stored?: CallUpdate[];
}

/** Something that is posted to the client's `notifyUrl`. */
export type Notification = {
  callId: string;
  url: string;
  /** Its `webhook-id`, when it was posted under one before; else one is derived from what it says. */
  id?: string;
} & ({ type: 'call.ended'; payload: CallOutcome } | { type: 'attempt.ended'; payload: AttemptEnded });

/** An attempt that is over, as the client is notified of it. */
export interface AttemptEnded extends Attempt {
  metadata: Record<string, string>;
  /** True when the call ended with this attempt. False: another one is planned; notified again, as true, should it not come. */
  isLast: boolean;
  /** Attempts made so far. */
  count: number;
  /** The earliest time of the next attempt, ISO 8601; null after the last one. */
  nextAttemptAt: string | null;
  /** From 1; a greater one replaces what was notified before of the same attempt. */
  revision: number;
}

export type Acceptance = { accepted: true; plan: CallPlan } | { accepted: false; faults: string[] };

/** `lookup` is null when Lookup was not asked. */
export type AcceptedCall = Acceptance & {
  lookup: LookupEvidence | null;
  /** The number must not be dialed, so Lookup was not asked. */
  forbidden?: Forbidden;
  /** What became of the first placement of the first attempt. Absent: it was not sent, and is to be placed by `placeCall`. */
  placed?: PlaceCallResult;
};

export interface AllowedTime {
  /** ISO 8601; null when the window never opens. */
  opensAt: string | null;
  timeZones: string[];
}

/** One placement: one create request of an attempt. */
export interface PlaceCallInput {
  callId: string;
  attempt: number;
  /** From 1; above 1 only after one that certainly made no call. */
  placement: number;
  /** When the call asked for it, ISO 8601; it may have waited in the queue since then. */
  requestedAt: string;
  plan: CallPlan;
  /** Lookup has said in this call that the number is valid. */
  lookupSaysValid: boolean;
}

/** How a placement ended. */
export type PlaceCallResult =
  /** The Twilio call exists. `unrecorded`: the journal could not be told. */
  | { kind: 'created'; callSid: string; at: string; sidFrom: 'created' | 'journal'; unrecorded?: true }
  /** Twilio refused, because of the number or the request; there is no call. */
  | { kind: 'refused'; error: TwilioError }
  /** Twilio refused, because of the account; there is no call, and nothing is known of the number. */
  | { kind: 'account-trouble'; error: TwilioError }
  /** It certainly did not reach Twilio, or was not processed. */
  | { kind: 'not-sent'; why: string; retryAfterSeconds: number | null }
  /** Nothing was sent: something stands in the way for now. */
  | { kind: 'not-yet'; hindrance: Hindrance }
  /** Nothing was sent, and nothing will be. */
  | { kind: 'forbidden'; forbidden: Forbidden }
  /** `giveUpAt` had passed before anything was sent. */
  | { kind: 'too-late' }
  /** The call's outcome is on record, so nothing was sent: the workflow was reset. */
  | { kind: 'already-recorded' }
  /** Nobody knows whether the call exists. `answered`: Twilio did answer, so nothing is under way any more. */
  | { kind: 'unclear'; why: string; answered: boolean };

/** What keeps a call from being placed for now. `until`, ISO 8601: not before, whatever else changes. */
export type Hindrance =
  /** `RINGTRUE_ACCOUNTS` does not have the call's account any more, or not yet. */
  | ({ by: 'unconfigured-account' } & CallAccount)
  | { by: 'paused'; reason: string | null }
  /** `prefixes`: only numbers that begin so are held. Null or absent: nothing is dialed. */
  | { by: 'breaker'; reason: string | null; prefixes?: string[] | null }
  /** As many calls to the number are in flight as may be; `callId` is the one whose end makes room. */
  | { by: 'number-in-flight'; callId: string; limit: number }
  /** Another attempt between the same two numbers has an open claim. */
  | { by: 'pair-in-progress'; callId: string }
  /** The number has been called as often as it may be. `until` null: one of those calls is still being placed. */
  | { by: 'contact-limit'; limit: number; seconds: number; until: string | null }
  /** As many calls of the account are in flight as may be. */
  | { by: 'account-limit'; limit: number }
  | { by: 'rate-limit'; callsPerSecond: number; until: string }
  | { by: 'calling-window'; until: string }
  /** Somebody who must be asked gave no clear answer. `everyCall`: the operator's eligibility URL gives none to any call. */
  | { by: 'eligibility'; why: string; everyCall: boolean }
  /** The placement journal cannot be reached. */
  | { by: 'store'; why: string }
  /** By the database's clock `giveUpAt` has passed; the workflow decides by Temporal's. */
  | { by: 'database-clock'; giveUpAt: string };

/** What a call waits for before an attempt, as lists and counts of waiting calls name it. */
export const waitingFors = [
  'not-before',
  'rescheduled',
  'retry',
  'paused-call',
  'paused',
  'breaker',
  'number-in-flight',
  'pair-in-progress',
  'contact-limit',
  'account-limit',
  'rate-limit',
  'calling-window',
  'eligibility',
  'store',
  'database-clock',
  'account-trouble',
  'unconfigured-account',
  'not-sent',
  'unclear',
] as const;
export type WaitingFor = (typeof waitingFors)[number];

/** Why a number must not be dialed. */
export type Forbidden =
  | { by: 'do-not-call'; source: string; reason: string }
  | { by: 'not-eligible'; reason: string }
  /** `elsewhere`: not where `RINGTRUE_DESTINATIONS` allows calls. `country`: ISO 3166; null when unknown. */
  | { by: 'destination'; kind: 'emergency' | 'premium-rate' | 'elsewhere'; country: string | null }
  /** Twilio has shown in another call that there is no such number. */
  | {
      by: 'known-invalid';
      source: 'lookup' | 'twilio';
      code: string;
      message: string;
      callId: string;
      seenAt: string;
    };

/** A second Twilio call that a callback named for an attempt. */
export interface DuplicateCall {
  callId: string;
  attempt: number;
  /** The attempt's own. */
  callSid: string;
  duplicateSid: string;
  account?: CallAccount;
  to: string;
  /** The number as it was requested, if Lookup spells it otherwise. */
  requestedTo?: string;
  from: string;
}

export type FindUnclearCallResult =
  | { kind: 'found'; callSid: string; sidFrom: 'list' | 'journal' }
  /** It certainly does not exist. */
  | { kind: 'absent' }
  /** Twilio's list was read after the last moment at which the call can be alive, and could not tell. */
  | { kind: 'unresolved' };

/** `recorded`: the outcome that is on record, if it is not the one that was to be written. */
export type RecordOutcomeResult = { recorded: CallOutcome | null } | ForgottenPlacement;

/** A placement in the journal that this run does not know, since the workflow was reset or started again; and how it ended. */
export interface ForgottenPlacement {
  forgotten: { attempt: number; placement: number; result: PlaceCallResult };
}

export interface RecordAttemptInput {
  callId: string;
  state: CallStateName;
  attempt: Attempt;
  /** ISO 8601: when the next attempt is due, if one is planned. */
  nextAttemptAt?: string;
}
