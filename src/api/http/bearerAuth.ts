import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiContext, ApiEnv } from './apiDependencies.js';
import { problem } from './problem.js';
import { RateLimit, remoteNetwork } from './rateLimit.js';

/** Of so many networks it is remembered that a token was right from there. */
const maxFamiliar = 10_000;

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Lets through who brings one of the bearer tokens. Compares in constant time.
 *
 * From a network that sent too many wrong tokens every token is refused unseen, so that guessing is slow; except
 * one that was right from there before: who shares a proxy with a guesser is not locked out.
 */
export function bearerAuth(
  tokens: readonly string[],
  { wrongTokensPerMinute }: { wrongTokensPerMinute: number },
): MiddlewareHandler<ApiEnv> {
  const known = tokens.map(digest);
  const wrong = new RateLimit('wrong-tokens', { atMost: wrongTokensPerMinute, perSeconds: 60 });
  const familiar = new Set<string>();
  return async (c, next) => {
    const token = /^Bearer +(\S+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1];
    if (token === undefined)
      return unauthorized(
        c,
        'This part of the API asks for a token: send the header Authorization: Bearer TOKEN.',
      );
    const tokenDigest = digest(token);
    // All of them, whichever it is.
    const index = known.map((token) => timingSafeEqual(token, tokenDigest)).indexOf(true);
    const network = remoteNetwork(c);
    const client = `token ${index}`;
    const pair = `${client} ${network}`;
    if (index === -1 || !familiar.has(pair)) {
      const tooMany = `More than ${wrongTokensPerMinute} wrong tokens came from this address within a minute; this one was not looked at.`;
      const refusal =
        (await wrong.refuseWhenUsedUp(c, network, tooMany)) ??
        (index === -1 ? await wrong.take(c, network, tooMany) : null);
      if (refusal !== null) return refusal;
      if (index === -1)
        return unauthorized(
          c,
          'The token is none of those that this API accepts.',
          ', error="invalid_token"',
        );
      if (familiar.size >= maxFamiliar) familiar.clear();
      familiar.add(pair);
    }
    c.set('client', client);
    return next();
  };
}

function unauthorized(c: ApiContext, detail: string, error = ''): Response {
  return problem(c, 'unauthorized', detail, {
    headers: { 'WWW-Authenticate': `Bearer realm="ringtrue"${error}` },
  });
}
