import type { InvalidNumber, InvalidNumbers } from './doNotCallList.js';
import { type Database, iso } from './drivers/database.js';
import { pageOf, readNumberCursor, rowsToRead } from './numberPage.js';

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
