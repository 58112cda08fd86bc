/**
 * A time as Twilio's 2010 API and its callbacks write it, such as `Tue, 31 Aug 2010 20:36:28 +0000`. Source:
 * RFC 2822.
 */
export function twilioDate(time: Date): string {
  return time.toUTCString().replace('GMT', '+0000');
}

/** The same; null stays null. */
export function twilioDateOrNull(time: Date | null): string | null {
  return time === null ? null : twilioDate(time);
}
