/** In capitals. */
export const rfc3339 =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/**
 * An RFC 3339 time with seconds and offset as ISO 8601 UTC; null when it is none. Small `t` and `z` are allowed. Year 0 and
 * days that a month does not have are not.
 */
export function parseRfc3339(text: unknown): string | null {
  const match = typeof text === 'string' ? rfc3339.exec(text.toUpperCase()) : null;
  if (!match || match[1] === '0000') return null;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  const time = new Date(match[0]);
  const dayExists = new Date(day).getUTCDate() === Number(match[3]);
  return dayExists && !Number.isNaN(time.getTime()) ? time.toISOString() : null;
}
