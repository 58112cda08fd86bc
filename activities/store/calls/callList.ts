import { type Database, iso, json, type Parameter } from '../database/database.js';
import { cursorAfter, readCursor } from '../database/pageCursor.js';
import type { CallFilter, CallStore } from './callStore.js';
import { type CallRow, callColumns, callStateOf } from './calls.js';

/**
 * Pages of calls by keyset: a page begins right after the last row of the one before, so calls that
 * come in meanwhile neither repeat nor hide a row.
 */
export function callList(db: Database): Pick<CallStore, 'listCalls'> {
  return {
    async listCalls(filter) {
      const { conditions, parameters } = conditionsOf(filter);
      const rows = await db.query<CallRow & { exact_start: string }>(
        `select ${callColumns}, ${iso('c.started_at')} as exact_start from calls c
         ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
         order by c.started_at desc, c.call_id desc limit ${limitOf(filter) + 1}`,
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

function conditionsOf(filter: CallFilter): { conditions: string[]; parameters: Parameter[] } {
  const conditions: string[] = [];
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(value)}`;

  if (filter.outcome !== undefined) conditions.push(`c.outcome = ${place(filter.outcome)}`);
  if (filter.state !== undefined) conditions.push(`c.state = ${place(filter.state)}`);
  if (filter.reachability !== undefined) conditions.push(`c.reachability = ${place(filter.reachability)}`);
  if (filter.answeredBy !== undefined) conditions.push(`c.answered_by = ${place(filter.answeredBy)}`);
  if (filter.metadata !== undefined) conditions.push(`c.metadata @> ${place(json(filter.metadata))}::jsonb`);
  if (filter.to !== undefined) conditions.push(`c.to_number = ${place(filter.to)}`);
  if (filter.batch !== undefined) conditions.push(`c.batch_id = ${place(filter.batch)}`);
  if (filter.since !== undefined) conditions.push(`c.started_at >= ${place(filter.since)}::timestamptz`);
  if (filter.until !== undefined) conditions.push(`c.started_at < ${place(filter.until)}::timestamptz`);
  if (filter.cursor !== undefined) {
    const [startedAt, callId] = readCursor(filter.cursor, 'calls');
    conditions.push(`(c.started_at, c.call_id) < (${place(startedAt)}::timestamptz, ${place(callId)}::text)`);
  }
  return { conditions, parameters };
}

function limitOf({ limit }: CallFilter): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new RangeError(`A page of calls has 1 to 200 of them, not ${limit}.`);
}
