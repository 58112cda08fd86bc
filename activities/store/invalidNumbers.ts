import type { InvalidNumber, InvalidNumbers } from '../suppressionList.js';
import { type Database, iso } from './database.js';
import { numberBefore, pageOf, rowsOf } from './numberPage.js';

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
      const after = filter.cursor === undefined ? '' : numberBefore(filter.cursor);
      const rows = await db.query<InvalidNumber>(
        `select ${columns} from invalid_numbers where to_number > $1 order by to_number limit ${rowsOf(filter)}`,
        [after],
      );
      const { page, nextCursor } = pageOf(rows, filter);
      return { invalidNumbers: page, nextCursor };
    },

    async forgetInvalidNumber(to) {
      const forgotten = await db.query('delete from invalid_numbers where to_number = $1 returning 1', [to]);
      return forgotten.length > 0;
    },
  };
}

const columns = `to_number as "to", source, code, message, call_id as "callId", ${iso('seen_at')} as "seenAt"`;
