const maxSeconds = 3600;

/** The pause that a `Retry-After` header asks for, in seconds or as a date; at most an hour, null when it says nothing. */
export function retryAfterSeconds(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '') return null;
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), maxSeconds);
}
