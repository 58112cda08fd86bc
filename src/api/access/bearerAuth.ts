import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiToken } from '../../config/apiTokens.js';
import type { Access, ApiContext } from '../http/apiDependencies.js';
import { problem } from '../http/problem.js';
import { RateLimit, remoteNetwork } from './rateLimit.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Admits requests with one of the bearer tokens, always. Compares in constant time.
 *
 * After too many wrong tokens from a network, further wrong ones are answered 429. A right one is never
 * limited, because clients may share a proxy's address with someone who guesses.
 */
export function bearerAuth(
  tokens: readonly ApiToken[],
  { wrongTokensPerMinute }: { wrongTokensPerMinute: number },
): Access {
  const known = tokens.map(({ token }) => digest(token));
  const wrong = new RateLimit('wrong-tokens', { atMost: wrongTokensPerMinute, perSeconds: 60 });
  /** Undefined for a wrong token. */
  const find = (token: string): ApiToken | undefined => {
    const tokenDigest = digest(token);
    // Compares all of them, so that the time does not show which one it is.
    return tokens[known.map((one) => timingSafeEqual(one, tokenDigest)).indexOf(true)];
  };
  const recognize: Access['recognize'] = async (c, token) => {
    const found = find(token);
    if (found !== undefined) return found;
    const refusal = await wrong.take(
      c,
      remoteNetwork(c),
      `This API does not accept this token, and this address sent more than ${wrongTokensPerMinute} wrong ones within a minute.`,
    );
    return refusal ?? unauthorized(c, 'This API does not accept this token.', ', error="invalid_token"');
  };
  return {
    recognize,
    admits: (c) => {
      const token = tokenIn(c);
      return token !== undefined && find(token) !== undefined;
    },
    refusal: (c, roles) => {
      const role = c.get('role');
      if (role !== undefined && roles.includes(role)) return null;
      const needed = `the role ${roles.join(' or ')}`;
      return problem(
        c,
        'wrong-role',
        `The token ${c.get('client')} has the role ${role}, and this request needs ${needed}. Send a token with that role.`,
      );
    },
    guard: async (c, next) => {
      const token = tokenIn(c);
      if (token === undefined)
        return unauthorized(
          c,
          'This part of the API needs a token. Send the header Authorization: Bearer TOKEN.',
        );
      const found = await recognize(c, token);
      if (found instanceof Response) return found;
      c.set('client', found.name);
      c.set('role', found.role);
      return next();
    },
  };
}

function tokenIn(c: ApiContext): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1];
}

function unauthorized(c: ApiContext, detail: string, error = ''): Response {
  return problem(c, 'unauthorized', detail, {
    headers: { 'WWW-Authenticate': `Bearer realm="ringtrue"${error}` },
  });
}
