import { e164 } from '../../../workflows/rules/phoneNumber.js';

/** A `cursor` that no page has returned. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/** A cursor to what comes after the row of this time, exact to the microsecond, and this id. */
export function cursorAfter(time: string, id: string): string {
  return Buffer.from(JSON.stringify([time, id])).toString('base64url');
}

/** The time and id in a cursor of `cursorAfter`. Throws `InvalidCursor`, which names the pages by `of`. */
export function readCursor(cursor: string, of: string): [time: string, id: string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === 2) {
      const [time, id] = parts;
      if (isExactTime(time) && typeof id === 'string') return [time, id];
    }
  } catch {
    // Not JSON: as broken as any other.
  }
  throw new InvalidCursor(`This cursor is not from a page of ${of}. Start again without a cursor.`);
}

function isExactTime(value: unknown): value is string {
  // PostgreSQL has no year 0.
  if (typeof value !== 'string' || !/^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value))
    return false;
  const time = Date.parse(value);
  // JavaScript makes 1 March of 30 February.
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19);
}

export interface NumberPage {
  /** 1..1000. */
  limit: number;
  cursor?: string;
}

/** How many rows to read: one more than the page has, to see whether there is another page. */
export function rowsToRead({ limit }: NumberPage): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit + 1;
  throw new RangeError(`A page of numbers has 1 to 1000 of them, not ${limit}.`);
}

/** The rows of a page by number, and where the next one begins. */
export function pageOf<Row extends { to: string }>(rows: Row[], { limit }: NumberPage) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = rows.length > limit && last ? Buffer.from(last.to).toString('base64url') : null;
  return { page, nextCursor };
}

/** The number after which a page begins. Throws `InvalidCursor`. */
export function readNumberCursor(cursor: string): string {
  const number = Buffer.from(cursor, 'base64url').toString();
  if (e164.test(number)) return number;
  throw new InvalidCursor('This cursor is not from a page of numbers. Start again without a cursor.');
}
