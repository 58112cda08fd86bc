import type { Notification } from '../../workflows/callActivities.js';

/** A notification that no receiver took, by its `webhook-id`. Times are ISO 8601 UTC, by the database's clock. */
export interface DeadLetter {
  id: string;
  callId: string;
  type: Notification['type'];
  /** The caller's `notifyUrl`, whole. */
  url: string;
  /** `delivered`: it was sent again, and taken. */
  state: 'dead' | 'delivered';
  /** What the last try met. */
  error: string;
  failedAt: string;
  /** How many times somebody had it sent again, and when last. */
  resends: number;
  resentAt: string | null;
  deliveredAt: string | null;
}

/** What the outcome store keeps of notifications that no receiver took. */
export interface DeadLetters {
  /** Keeps a dead letter; of one that is kept already, what it met now. A delivered one stays delivered. */
  saveDeadLetter(letter: { id: string; notification: Notification; error: string }): Promise<void>;

  /** Notes that it was taken after all; ignored when there is no such letter. */
  markDeadLetterDelivered(id: string): Promise<void>;

  /** Notes that somebody has it sent again. */
  markDeadLetterResent(id: string): Promise<void>;

  /** The letter, and what is to be sent; null when there is none of this id. */
  findDeadLetter(id: string): Promise<{ letter: DeadLetter; notification: Notification } | null>;

  /** Newest first by `failedAt`, then by id. `cursor` comes from an earlier page; a broken one throws `InvalidCursor`. */
  listDeadLetters(
    filter: DeadLetterFilter,
  ): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }>;
}

export interface DeadLetterFilter {
  callId?: string;
  state?: DeadLetter['state'];
  /** 1..200. */
  limit: number;
  cursor?: string;
}
