import { getCookie } from 'hono/cookie';
import type { ApiContext } from '../../http/apiDependencies.js';

export const zoneCookie = 'ringtrue_zone';

/** The time zone of this name; null if there is none. */
export function knownZone(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** The time zone that the person chose. */
export function zoneOf(c: ApiContext): string {
  return knownZone(getCookie(c, zoneCookie) ?? 'UTC') ?? 'UTC';
}
