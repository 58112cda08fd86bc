import { type Database, iso } from '../database/database.js';
import type { NumberPage } from '../database/pageCursor.js';
import { pageOf, readNumberCursor, rowsToRead } from '../database/pageCursor.js';

/** A number that Twilio has shown to be invalid. */
export interface InvalidNumber {
  /** E.164. */
  to: string;
  /** Lookup, or Twilio as it refused the create request. */
  source: 'lookup' | 'twilio';
  code: string;
  message: string;
  /** The call in which Twilio showed it. */
  callId: string;
  /** ISO 8601: when Twilio last showed it. */
  seenAt: string;
}

/** Numbers that are remembered as invalid. How long that blocks calls, the claim decides. */
export interface InvalidNumbers {
  findInvalidNumber(to: string): Promise<InvalidNumber | null>;

  /** By number. `cursor` comes from an earlier page. Throws `InvalidCursor`. */
  listInvalidNumbers(
    page: NumberPage,
  ): Promise<{ invalidNumbers: InvalidNumber[]; nextCursor: string | null }>;

  /** Forgets that a number is invalid; false when nothing is remembered. */
  forgetInvalidNumber(to: string): Promise<boolean>;
}

/** The rows of invalid numbers. Outcomes write them. */
export function invalidNumbers(db: Database): InvalidNumbers {
  return {
    async findInvalidNumber(to) {
      const [row] = await db.query<InvalidNumber>(
        `select ${columns} from invalid_numbers where to_number = $1`,
        [to],
      );
      return row ?? null;
    },

    async listInvalidNumbers(filter) {
      const after = filter.cursor === undefined ? '' : readNumberCursor(filter.cursor);
      const rows = await db.query<InvalidNumber>(
        `select ${columns} from invalid_numbers where to_number > $1 order by to_number limit ${rowsToRead(filter)}`,
        [after],
      );
      const { page, nextCursor } = pageOf(rows, filter);
      return { invalidNumbers: page, nextCursor };
    },

    async forgetInvalidNumber(to) {
      const deleted = await db.query('delete from invalid_numbers where to_number = $1 returning 1', [to]);
      return deleted.length > 0;
    },
  };
}

const columns = `to_number as "to", source, code, message, call_id as "callId", ${iso('seen_at')} as "seenAt"`;
