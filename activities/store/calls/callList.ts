import { type Database, iso, type Parameter } from '../database/database.js';
import { cursorAfter, readCursor } from '../database/pageCursor.js';
import { callBranches } from './callBranches.js';
import type { CallFilter, CallStore } from './callStore.js';
import { type CallRow, callColumns, callStateOf } from './calls.js';

/**
 * Pages of calls by keyset: a page begins right after the last row of the one before, so calls that
 * come in meanwhile neither repeat nor hide a row.
 */
export function callList(db: Database): Pick<CallStore, 'listCalls'> {
  return {
    async listCalls(filter) {
      const parameters: Parameter[] = [];
      const place = (value: Parameter) => `$${parameters.push(value)}`;
      const branches = callBranches(filter, place);
      if (filter.cursor !== undefined) {
        const [startedAt, callId] = readCursor(filter.cursor, 'calls');
        const after = `(c.started_at, c.call_id) < (${place(startedAt)}::timestamptz, ${place(callId)}::text)`;
        for (const conditions of branches) conditions.push(after);
      }
      const rows = await db.query<CallRow & { exact_start: string }>(
        `select ${callColumns}, ${iso('c.started_at')} as exact_start from calls c
         ${whereIn(branches, limitOf(filter) + 1)}`,
        parameters,
      );
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      return {
        calls: page.map(callStateOf),
        nextCursor: rows.length > page.length && last ? cursorAfter(last.exact_start, last.call_id) : null,
      };
    },
  };
}

const newestFirst = 'order by c.started_at desc, c.call_id desc';

/** The first calls of all branches together: each branch has an index that ends with the start. */
function whereIn(branches: string[][], limit: number): string {
  const [only = []] = branches;
  if (branches.length <= 1) return `${where(only)} ${newestFirst} limit ${limit}`;
  const parts = branches.map(
    (conditions) =>
      `(select c.call_id, c.started_at from calls c ${where(conditions)} ${newestFirst} limit ${limit})`,
  );
  return `where c.call_id in (select c.call_id from (${parts.join(' union ')}) as c ${newestFirst} limit ${limit})
    ${newestFirst}`;
}

export function where(conditions: readonly string[]): string {
  return conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
}

function limitOf({ limit }: CallFilter): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new RangeError(`A page of calls has 1 to 200 of them, not ${limit}.`);
}
