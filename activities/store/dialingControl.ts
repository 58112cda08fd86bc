/** What operators set for an account while it runs. Null: as the workers are configured. */
export interface DialLimitOverrides {
  callsPerSecond: number | null;
  /** Calls of the account that are under way at once. */
  callsInFlight: number | null;
  /** Calls to one number within `contactsPeriodSeconds`; the two are set together. */
  contactsPerNumber: number | null;
  contactsPeriodSeconds: number | null;
  /** Calls to one number that are under way at once. */
  callsPerNumber: number | null;
}

/** How dialing stands for one account. Times are ISO 8601. */
export interface DialingState {
  limits: DialLimitOverrides;
  /** Null unless somebody has paused it. */
  paused: { since: string; reason: string | null } | null;
  breaker: Breaker;
  /** Calls that may be under way: creates of which it is not known that their call is over. */
  inFlight: number;
  /** The next free turn by calls per second; null when nothing was ever dialed. In the past: now. */
  nextPlacementAt: string | null;
}

/**
 * The circuit breaker. `open`: nothing is dialed until `openUntil`; `trying`: that moment has passed, and single dials
 * find out whether all is well again.
 */
export interface Breaker {
  state: 'closed' | 'open' | 'trying';
  openedAt: string | null;
  openUntil: string | null;
  reason: string | null;
}

/** The control of dialing: what is written here holds for every worker, from its next dial on. */
export interface DialingControl {
  readDialing(input: { accountSid: string }): Promise<DialingState>;

  /** Sets the limits that are given; null means as configured, again. What is not given stays. */
  setDialLimits(input: { accountSid: string; limits: Partial<DialLimitOverrides> }): Promise<void>;

  /** Stops dialing until `resumeDialing`; calls under way go on. Paused already: since then, for the newer reason if there is one. */
  pauseDialing(input: { accountSid: string; reason: string | null }): Promise<void>;

  /** Ends a pause, and closes the breaker if it is not closed: what it has counted so far then counts no more. */
  resumeDialing(input: { accountSid: string }): Promise<void>;
}
