/** How many requests this process accepts from one client or one remote address. */
export interface RateLimits {
  /**
   * Requests to the calls API, per bearer token, or per address if no tokens are set. 0: no limit, the
   * default.
   */
  requestsPerSecond: number;
  /** Wrong bearer tokens, per address. Right ones are never limited by it. */
  wrongTokensPerMinute: number;
  /**
   * Callbacks without a valid signature, per address. Signed ones are never limited: a lost callback costs.
   */
  badSignaturesPerMinute: number;
}

export const standardRateLimits: RateLimits = {
  requestsPerSecond: 0,
  wrongTokensPerMinute: 300,
  badSignaturesPerMinute: 6000,
};
