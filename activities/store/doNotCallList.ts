/** A number that must not be called. */
export interface DoNotCallEntry {
  /** E.164. */
  to: string;
  /** As it was given; empty when none was. */
  reason: string;
  /** Who put it there. */
  source: DoNotCallSource;
  /** ISO 8601: since when it stands on the list without a break. */
  addedAt: string;
  /** ISO 8601; null: for good. */
  expiresAt: string | null;
  /** By the database's clock. It may be called again, and the entry only tells that it once might not. */
  expired: boolean;
}

/** `opt-out`: the callee's own wish, learned from a call. */
export const doNotCallSources = ['api', 'csv', 'opt-out'] as const;
export type DoNotCallSource = (typeof doNotCallSources)[number];

export interface NewDoNotCallEntry {
  to: string;
  reason: string;
  expiresAt: string | null;
}

/** The do-not-call list of the store. It holds for every account and every caller id. */
export interface DoNotCallList {
  /**
   * Puts a number on the list, and comes back with how it stands there now. Adding never shortens: of an entry that is
   * there and the new one that which holds longer stays, the new one when both hold as long. `addedAt` stays the
   * earlier one unless the old entry had expired.
   */
  addToDoNotCall(entry: NewDoNotCallEntry & { source: DoNotCallSource }): Promise<DoNotCallEntry>;

  /**
   * Puts many numbers on the list, all or none, each as `suppress` does; the same number may come more than once.
   * `added`: how many of them were not there at all, not even expired.
   */
  addAllToDoNotCall(
    entries: readonly NewDoNotCallEntry[],
    source: DoNotCallSource,
  ): Promise<{ added: number }>;

  /** Takes a number off the list; false when it was not there. */
  removeFromDoNotCall(to: string): Promise<boolean>;

  /** The entry of a number, expired or not; null when there is none. */
  findDoNotCall(to: string): Promise<DoNotCallEntry | null>;

  /** The list by number. `cursor` comes from an earlier page; a broken one throws `InvalidCursor`. */
  listDoNotCall(
    filter: NumberPage & {
      reason?: string;
      source?: DoNotCallSource;
      /** Entries that have expired, or those that hold; both when absent. */
      expired?: boolean;
    },
  ): Promise<{ entries: DoNotCallEntry[]; nextCursor: string | null }>;

  /** Deletes what has expired; comes back with how many entries that were. */
  purgeDoNotCall(): Promise<number>;
}

export interface NumberPage {
  /** 1..1000. */
  limit: number;
  cursor?: string;
}

/** A number of which Twilio has said that there is none such, with what it said. */
export interface InvalidNumber {
  /** E.164. */
  to: string;
  /** Who said so: Lookup, or Twilio when the call was to be created. */
  source: 'lookup' | 'twilio';
  code: string;
  message: string;
  /** The call that brought it to light. */
  callId: string;
  /** ISO 8601: when it was last said. */
  seenAt: string;
}

/** The numbers that are remembered as invalid. What to make of it, and for how long, is decided where calls are placed. */
export interface InvalidNumbers {
  findInvalidNumber(to: string): Promise<InvalidNumber | null>;

  /** By number. `cursor` comes from an earlier page; a broken one throws `InvalidCursor`. */
  listInvalidNumbers(
    page: NumberPage,
  ): Promise<{ invalidNumbers: InvalidNumber[]; nextCursor: string | null }>;

  /** Forgets what was said of a number; false when nothing is remembered. */
  forgetInvalidNumber(to: string): Promise<boolean>;
}
