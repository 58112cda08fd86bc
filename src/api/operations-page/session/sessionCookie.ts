import { createHmac, timingSafeEqual } from 'node:crypto';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ApiToken } from '../../../config/apiTokens.js';
import type { ApiContext } from '../../http/apiDependencies.js';

const name = 'ringtrue_session';
const lastsSeconds = 12 * 3600;

/**
 * A session is the moment at which it ends, signed with a key that comes from the token. So every process with
 * the same tokens knows it, and it ends when its token is removed. The token itself is not in it.
 */
export function sessionOf(token: ApiToken, now = Date.now()): string {
  const endsAt = String(Math.floor(now / 1000) + lastsSeconds);
  return `${endsAt}.${signature(token, endsAt).toString('base64url')}`;
}

/** The header `Cookie` of a request that the API makes to its own pages for this client. */
export function sessionCookie(client: ApiToken | null, zone: string): string {
  const session = client === null ? '' : `; ${name}=${sessionOf(client)}`;
  return `ringtrue_zone=${encodeURIComponent(zone)}${session}`;
}

/** The token of the session. Undefined: the session has ended, or no token signed it. */
export function tokenOfSession(
  tokens: readonly ApiToken[],
  session: string,
  now = Date.now(),
): ApiToken | undefined {
  const [endsAt = '', signed = '', ...more] = session.split('.');
  if (!/^\d{1,12}$/.test(endsAt) || more.length > 0 || Number(endsAt) * 1000 <= now) return undefined;
  const given = Buffer.from(signed, 'base64url');
  // Compares all of them, so that the time does not show which one it is.
  const matches = tokens.map((token) => {
    const expected = signature(token, endsAt);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return tokens[matches.indexOf(true)];
}

/** `none`: the browser sent no session. `ended`: it sent one that does not hold, or no longer. */
export function readSession(c: ApiContext, tokens: readonly ApiToken[]): ApiToken | 'none' | 'ended' {
  const session = getCookie(c, name);
  if (session === undefined) return 'none';
  return tokenOfSession(tokens, session) ?? 'ended';
}

/** `secure`: the browser sends it over https only. */
export function startSession(c: ApiContext, token: ApiToken, { secure }: { secure: boolean }): void {
  setCookie(c, name, sessionOf(token), {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure,
    maxAge: lastsSeconds,
  });
}

export function endSession(c: ApiContext): void {
  deleteCookie(c, name, { path: '/' });
}

function signature({ token, name: client, role }: ApiToken, endsAt: string): Buffer {
  const key = createHmac('sha256', token).update('ringtrue session').digest();
  // With name and role: a session does not outlive a change of them.
  return createHmac('sha256', key)
    .update(JSON.stringify([client, role, endsAt]))
    .digest();
}
