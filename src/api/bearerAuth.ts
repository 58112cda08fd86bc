import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from './apiDependencies.js';
import { problem } from './problem.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Lets through who brings one of the bearer tokens; everybody, when there are none. Compares in constant time. */
export function bearerAuth(tokens: readonly string[]): MiddlewareHandler<ApiEnv> {
  const known = tokens.map(digest);
  return async (c, next) => {
    if (known.length === 0) return next();
    const given = /^Bearer +(\S+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1];
    const presented = digest(given ?? '');
    const matches = known.filter((token) => timingSafeEqual(token, presented));
    if (given !== undefined && matches.length > 0) return next();
    return problem(
      c,
      'unauthorized',
      given === undefined
        ? 'This part of the API asks for a token: send the header Authorization: Bearer TOKEN.'
        : 'The token is none of those that this API accepts.',
      {
        headers: {
          'WWW-Authenticate': `Bearer realm="ringtrue"${given === undefined ? '' : ', error="invalid_token"'}`,
        },
      },
    );
  };
}
