/** What an account's calls may not exceed, over all workers together. Operators may set other limits while it runs. */
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

/** Nothing is dialed for the account: an operator has paused it, or the circuit breaker is open. */
export interface DialingStop {
  by: 'paused' | 'breaker';
  reason: string | null;
}

/** How many creates could be claimed. `waitSeconds`: until calls per second allow one more. */
export type Capacity =
  | { stopped: null; available: number; waitSeconds: number }
  | { stopped: DialingStop; available: null; waitSeconds: 0 };

/**
 * When the circuit breaker opens: of the `latest` creates that were answered `withinSeconds`, at least `least`, a
 * `share` of Twilio's or the account's failures. It stays open for `openSeconds`; then one create at a time is let
 * through, until one goes well.
 */
export interface BreakerRule {
  latest: number;
  least: number;
  share: number;
  withinSeconds: number;
  openSeconds: number;
}

/** Each call backs off by itself; the breaker is for an account that goes on and on failing, not for a bad minute of a few calls. */
export const breakerRule: BreakerRule = {
  latest: 100,
  least: 50,
  share: 0.8,
  withinSeconds: 60,
  openSeconds: 10,
};

export type BreakerChange = { change: 'opened'; reason: string } | { change: 'closed' };
