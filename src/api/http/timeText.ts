import { parseRfc3339 } from '../../../workflows/rules/rfc3339.js';

/** A time as people write it in queries. Completes "must be …". */
export const timeTextRule =
  'an RFC 3339 time with offset such as 2026-01-31T09:00:00Z, a date such as 2026-01-31, or how long ago such as 24h';

/** For the OpenAPI document. */
export const timeTextForms =
  'An RFC 3339 time, a date (its first moment in UTC), or how long ago: 90s, 30m, 24h, 7d.';

export const timeTextExamples = ['2026-01-31T09:00:00Z', '2026-01-31', '24h'];

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** ISO 8601 UTC; null if the text is no time, date or duration. */
export function timeOf(text: string): string | null {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return new Date(Date.now() - Number(count) * (secondsOf[unit] as number) * 1000).toISOString();
  // The time as it came: it may be exact to the microsecond.
  if (parseRfc3339(text) !== null) return text;
  return parseRfc3339(`${text}T00:00:00Z`);
}
