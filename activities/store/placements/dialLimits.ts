/**
 * What an account's calls may not exceed, over all workers together. Operators may set other limits while it
 * runs.
 */
export interface DialLimits {
  callsPerSecond: number;
  /** Calls at once. Null: any number. */
  callsInFlight: number | null;
  /** Calls to one number at once. Null: any number. */
  callsPerNumber: number | null;
  /** Twilio calls to one number within so many seconds. Null: any number. */
  contactsPerNumber: { count: number; seconds: number } | null;
}

export function dialLimitsOf(settings: DialLimits): DialLimits {
  const { callsPerSecond, callsInFlight, callsPerNumber, contactsPerNumber } = settings;
  return { callsPerSecond, callsInFlight, callsPerNumber, contactsPerNumber };
}

/** Nothing is dialed for the account: an operator has paused it, the circuit breaker is open, or it is not configured. */
export interface DialingStop {
  by: 'paused' | 'breaker' | 'unconfigured-account';
  reason: string | null;
  /** The circuit breaker lets one placement go, to test whether all is well again. */
  isTesting: boolean;
}

/**
 * How many placements could be claimed. `waitSeconds`: until the rate limit allows one more. `heldBecause`: why the circuit
 * breaker is open for some countries; null if it is not.
 */
export type Capacity =
  | { stopped: null; heldBecause: string | null; available: number; waitSeconds: number }
  | { stopped: DialingStop; available: null; waitSeconds: 0 };

/**
 * The circuit breaker looks at the `latest` placements that Twilio answered, or failed to answer, in the last
 * `withinSeconds`. It opens if there are at least `least`, and Twilio or the account failed in at least a
 * `share` of them. It stays open for `openSeconds`. Then it lets one placement at a time through, and closes
 * when one succeeds.
 */
export interface BreakerRule {
  latest: number;
  least: number;
  share: number;
  withinSeconds: number;
  openSeconds: number;
}

/**
 * For an account that keeps failing. Single calls back off by themselves, so a bad minute of a few calls
 * opens nothing.
 */
export const breakerRule: BreakerRule = {
  latest: 100,
  least: 50,
  share: 0.8,
  withinSeconds: 60,
  openSeconds: 10,
};

/** `prefixes`: what the numbers begin with for which it is open now; null: all. */
export type BreakerChange =
  | { change: 'opened'; reason: string; prefixes: string[] | null }
  | { change: 'closed' };
