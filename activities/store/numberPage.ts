import { e164 } from '../../workflows/rules/phoneNumber.js';
import type { NumberPage } from './doNotCallList.js';
import { InvalidCursor } from './outcomeStore.js';

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
  throw new InvalidCursor('This cursor is none that a page of numbers gave out. Begin again without one.');
}
