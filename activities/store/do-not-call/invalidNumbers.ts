import { type Database, iso } from '../database/database.js';
import type { NumberPage } from '../database/pageCursor.js';
import { pageOf, readNumberCursor, rowsToRead } from '../database/pageCursor.js';

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

/** The numbers of which Twilio has said that there is none such. */
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
