import { type CallFilter, InvalidCursor, type OutcomeStore } from '../outcomeStore.js';
import { type CallRow, callColumns, callStateOf } from './callRows.js';
import { type Database, iso, type Parameter } from './database.js';

/**
 * Pages of calls by keyset: a page begins right after the last row of the one before, so calls that
 * come in meanwhile neither repeat nor hide a row.
 */
export function callList(db: Database): Pick<OutcomeStore, 'listCalls'> {
  return {
    async listCalls(filter) {
      const { conditions, parameters } = conditionsOf(filter);
      const rows = await db.query<CallRow & { started_at: string }>(
        `select ${callColumns}, ${iso('c.started_at')} as started_at from calls c
         ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
         order by c.started_at desc, c.call_id desc limit ${limitOf(filter) + 1}`,
        parameters,
      );
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      return {
        calls: page.map(callStateOf),
        nextCursor: rows.length > page.length && last ? cursorAfter(last) : null,
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
  if (filter.to !== undefined) conditions.push(`c.to_number = ${place(filter.to)}`);
  if (filter.since !== undefined) conditions.push(`c.started_at >= ${place(filter.since)}::timestamptz`);
  if (filter.until !== undefined) conditions.push(`c.started_at < ${place(filter.until)}::timestamptz`);
  if (filter.cursor !== undefined) {
    const [startedAt, callId] = readCursor(filter.cursor);
    conditions.push(`(c.started_at, c.call_id) < (${place(startedAt)}::timestamptz, ${place(callId)}::text)`);
  }
  return { conditions, parameters };
}

function limitOf({ limit }: CallFilter): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new RangeError(`A page of calls has 1 to 200 of them, not ${limit}.`);
}

function cursorAfter(row: { started_at: string; call_id: string }): string {
  return Buffer.from(JSON.stringify([row.started_at, row.call_id])).toString('base64url');
}

function readCursor(cursor: string): [startedAt: string, callId: string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === 2) {
      const [startedAt, callId] = parts;
      if (isExactTime(startedAt) && typeof callId === 'string') return [startedAt, callId];
    }
  } catch {
    // Not JSON: as broken as any other.
  }
  throw new InvalidCursor('This cursor is none that a page of calls gave out. Begin again without one.');
}

function isExactTime(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value)) return false;
  const time = Date.parse(value);
  // JavaScript makes 1 March of 30 February.
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19);
}
