import type { BreakerChange, BreakerRule, Capacity, DialLimits } from './dialLimits.js';

/** The placement journal: claims each create request before it is sent, and keeps what became of it. */
export interface PlacementJournal {
  /**
   * Decides whether a placement may be sent now, and claims it, in one transaction: exact over all workers.
   * At most one execution ever gets `claimed: true` for a `(callId, attempt, placement)`. At most one claim
   * is open for an account and two numbers, so that a call found in Twilio's list can belong to one attempt
   * only. An open claim older than `abandonedAfterSeconds` counts no longer.
   *
   * Send times are `1/callsPerSecond` apart, by the database's clock. One that is more than
   * `sendWithinSeconds` away is refused, and nothing is reserved.
   */
  claimPlacement(request: PlacementKey & ClaimRequest): Promise<ClaimResult>;

  /**
   * For each request every reason of the moment for which it would be refused, in the order of the checks.
   * Claims nothing and writes nothing.
   */
  previewPlacements(requests: (PlacementKey & ClaimRequest)[]): Promise<Refusal[][]>;

  /** How many claims the limits, the pause and the circuit breaker would allow now. Claims nothing. */
  availableCapacity(request: {
    accountSid: string;
    limits: DialLimits;
    withinSeconds: number;
  }): Promise<Capacity>;

  /**
   * What time it is by the database's clock, in milliseconds since 1970. Costs no statement while one of the last minute told
   * it: `availableCapacity` and each successful claim do.
   */
  databaseNow(): Promise<number>;

  /**
   * Writes what became of a placement, which closes its claim. A SID once written stays. The first result
   * stays too, unless it was `abandoned` or the new one has a SID. A result that means "no call" ends the
   * placement's time in flight. With `result: null` it is unclear, and the claim stays open.
   *
   * `answer`: how Twilio answered the create request, written once by the worker that sent it. Returns how
   * that changed the circuit breaker, and whether the breaker is open now for the very code of this answer. Throws `SidTaken`
   * when another placement has the SID.
   */
  settlePlacement(
    settlement: PlacementKey & {
      result: PlacementResult | null;
      callSid: string | null;
      detail?: unknown;
      answer?: PlacementAnswer;
    },
  ): Promise<{ breakerChange: BreakerChange | null; isSameFault: boolean }>;

  /**
   * Ends the time in flight of a Twilio call that is over. For callbacks that come when the workflow has
   * ended.
   */
  markEnded(call: { callId: string; attempt: number; callSid: string }): Promise<void>;

  /** The journal's entry, with its age in seconds by the database's clock; null when there is none. */
  findPlacement(key: PlacementKey): Promise<Placement | null>;

  /**
   * The journal's entry, as `findPlacement`. If there is none, writes one, claimed at `requestedAt`: from
   * then on nobody sends this placement. It is open like any claim, or `abandoned` while another claim
   * between the two numbers is open.
   */
  blockPlacement(
    key: PlacementKey &
      Pick<ClaimRequest, 'accountSid' | 'to' | 'requestedTo' | 'from'> & { requestedAt: string },
  ): Promise<Placement>;

  /**
   * Is another placement between the same two numbers unclear or abandoned too? Counts those claimed after
   * this one, or at most `slackSeconds` before it: a call in Twilio's list may be theirs.
   */
  hasRival(key: PlacementKey, slackSeconds: number): Promise<boolean>;

  /**
   * The first entry after this one that may have made a call, or that Twilio refused. Skips attempts in
   * `besides`. Null when there is none.
   */
  findLaterPlacement(
    after: PlacementKey & { besides: number[] },
  ): Promise<{ attempt: number; placement: number; entry: Placement } | null>;

  /** The Twilio account to which the create request of this call went, by the journal; null if it has no such call. */
  accountOf(callSid: string): Promise<string | null>;

  /** The Twilio account that placed this attempt, by the journal; null if it has no placement of the attempt. */
  accountOfAttempt(attempt: { callId: string; attempt: number }): Promise<string | null>;

  /** Which of these SIDs belong to an attempt already, by the journal or by a settled attempt; `besides` does not count. */
  claimedSids(callSids: string[], besides?: { callId: string; attempt: number }): Promise<Set<string>>;
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
  /** The number as it was requested, if Lookup spells it otherwise. */
  requestedTo?: string;
  from: string;
  /** Null while it is unclear whether the create request made a call. */
  result: PlacementResult | null;
  callSid: string | null;
  detail: unknown;
  /** Since the claim, by the database's clock. Negative after that clock was set back. */
  ageSeconds: number;
}

export interface ClaimRequest {
  accountSid: string;
  to: string;
  /**
   * The number as it was requested, if Lookup spells it otherwise: the do-not-call list, and the limits per number, hold for
   * this spelling too.
   */
  requestedTo?: string | undefined;
  from: string;
  abandonedAfterSeconds: number;
  limits: DialLimits;
  /** The call may be in flight while others to the same number are. */
  parallel: boolean;
  /** How long a number counts as invalid after Twilio has shown it to be; 0: not at all. */
  rememberInvalidSeconds: number;
  /** In this call Lookup says that the number is valid, or is switched off: an older Lookup does not count. */
  lookupSaysValid: boolean;
  sendWithinSeconds: number;
  /**
   * The call has not been in the dial queue: it may not go before those that are. The claim is refused unless it may be sent at this
   * moment, a tenth of the places in flight is free, and the circuit breaker is closed. Absent: false.
   */
  atOnce?: boolean;
}

export interface PlacementAnswer {
  /** Twilio or the account failed, not the number. */
  providerFailed: boolean;
  /** Twilio refused the account: the circuit breaker opens at once, whatever its rule. */
  accountTrouble?: boolean;
  /**
   * A code with which Twilio refuses every call of the account alike, until somebody fixes it: the circuit breaker
   * opens after five in a row, whatever its rule.
   */
  accountFaultCode?: number | null;
  /** That code speaks of the country of the number: the breaker opens for numbers that begin with this. */
  accountFaultPrefix?: string | null;
  /** Goes into the reason of a breaker that opens. */
  why: string | null;
  /** Null: the circuit breaker does not open for other reasons. */
  breaker: BreakerRule | null;
}

export type ClaimResult =
  /** May be sent after `waitSeconds`. `sendAt` is the same moment, exact to the microsecond. */
  | { claimed: true; sendAt: string; waitSeconds: number }
  /** An earlier execution claimed this placement, or the attempt has its Twilio call already. */
  | { claimed: false; by: 'already-claimed'; entry: Placement }
  /** The call's outcome is recorded, so nothing is dialed any more. */
  | { claimed: false; by: 'already-recorded' }
  | { claimed: false; by: 'paused'; reason: string | null }
  /** `prefixes`: only numbers that begin so are held; null: all. */
  | { claimed: false; by: 'breaker'; reason: string | null; prefixes: string[] | null }
  /** The number is on the do-not-call list. `source`: what put it there. */
  | { claimed: false; by: 'do-not-call'; reason: string; source: string }
  | ({ claimed: false; by: 'known-invalid' } & KnownInvalid)
  /** As many calls to the number are in flight as may be. The next one may be placed when `callId` ends. */
  | { claimed: false; by: 'number-in-flight'; callId: string; limit: number }
  /** Another attempt between the same two numbers has an open claim. */
  | { claimed: false; by: 'pair-in-progress'; callId: string }
  /**
   * The number was called as often as it may be. `until`, ISO 8601; null while one of those placements is
   * unclear.
   */
  | { claimed: false; by: 'contact-limit'; limit: number; seconds: number; until: string | null }
  /** As many calls of the account are in flight as may be. */
  | { claimed: false; by: 'account-limit'; limit: number }
  /**
   * The next send time is `waitSeconds` away. Nothing is reserved: an unused send time would delay every
   * other call.
   */
  | { claimed: false; by: 'rate-limit'; waitSeconds: number; callsPerSecond: number };

export type Refusal = ClaimResult & { claimed: false };

/** What Twilio said of an invalid number, and in which call. */
export interface KnownInvalid {
  source: 'lookup' | 'twilio';
  code: string;
  message: string;
  callId: string;
  /** ISO 8601. */
  seenAt: string;
}

/** The SID belongs to a placement of another attempt, so it cannot be this one's call. */
export class SidTaken extends Error {
  override readonly name = 'SidTaken';
}
