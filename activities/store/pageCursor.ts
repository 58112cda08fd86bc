import { InvalidCursor } from './outcomeStore.js';

/** A cursor to what comes after the row of this time, exact to the microsecond, and this id. */
export function cursorAfter(time: string, id: string): string {
  return Buffer.from(JSON.stringify([time, id])).toString('base64url');
}

/** What `cursorAfter` put into a cursor. Throws `InvalidCursor` when it was not made there; `of` names the pages. */
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
  throw new InvalidCursor(`This cursor is none that a page of ${of} gave out. Begin again without one.`);
}

function isExactTime(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value)) return false;
  const time = Date.parse(value);
  // JavaScript makes 1 March of 30 February.
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19);
}
