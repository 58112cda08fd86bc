import type { BreakerChange, BreakerRule, Capacity, DialLimits } from './dialLimits.js';

/** The placement journal: claims each create request before it is sent, and keeps what became of it. */
export interface PlacementJournal {
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
   * The journal's entry, as `findPlacement`. If there is none, writes one, claimed at `requestedAt`: from then on nobody
   * sends this placement. It is open like any claim, or `abandoned` while another claim between the two numbers is open.
   */
  blockPlacement(
    key: PlacementKey & Pick<ClaimRequest, 'accountSid' | 'to' | 'from'> & { requestedAt: string },
  ): Promise<Placement>;

  /**
   * Is it also unknown of another placement between the same two numbers whether it made a call? Only those count whose
   * call could be one that was made since `slackSeconds` before this placement was claimed.
   */
  hasRival(key: PlacementKey, slackSeconds: number): Promise<boolean>;

  /**
   * The journal's first entry after this one, of an attempt that is not among `besides`, that may have made a call or
   * holds Twilio's refusal of one; null when there is none.
   */
  findLaterPlacement(
    after: PlacementKey & { besides: number[] },
  ): Promise<{ attempt: number; placement: number; entry: Placement } | null>;

  /** Which of these SIDs belong to an attempt already: by the journal, or by an attempt that is decided. */
  claimedSids(callSids: string[]): Promise<Set<string>>;
}

export interface PlacementKey {
  callId: string;
  attempt: number;
  placement: number;
}

export type PlacementResult = 'created' | 'refused' | 'not-sent' | 'absent' | 'abandoned';

export interface Placement {
  accountSid: string;
  to: string;
  from: string;
  /** Null while nothing is known of what became of the create. */
  result: PlacementResult | null;
  callSid: string | null;
  detail: unknown;
  /** Since the claim, by the database's clock. Negative after that clock was set back. */
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

/** The SID belongs to the create of another attempt: it cannot be this one's call. */
export class SidTaken extends Error {
  override readonly name = 'SidTaken';
}
