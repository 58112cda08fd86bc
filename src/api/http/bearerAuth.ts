import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiContext, ApiEnv } from './apiDependencies.js';
import { problem } from './problem.js';
import { RateLimit, remoteNetwork } from './rateLimit.js';

/** Remembers so many networks that sent a right token. */
const maxFamiliar = 10_000;

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Lets requests with one of the bearer tokens through. Compares in constant time.
 *
 * After too many wrong tokens from a network, every token from there is refused unseen, so that guessing is
 * slow. A token that was right from there before is still accepted: clients that share a proxy with a guesser
 * are not locked out.
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
        'This part of the API needs a token. Send the header Authorization: Bearer TOKEN.',
      );
    const tokenDigest = digest(token);
    // Compares all of them, so that the time does not show which one it is.
    const index = known.map((token) => timingSafeEqual(token, tokenDigest)).indexOf(true);
    const network = remoteNetwork(c);
    const client = `token ${index}`;
    const pair = `${client} ${network}`;
    if (index === -1 || !familiar.has(pair)) {
      const tooMany = `This address sent more than ${wrongTokensPerMinute} wrong tokens within a minute, so this one was ignored.`;
      const refusal =
        (await wrong.refuseWhenUsedUp(c, network, tooMany)) ??
        (index === -1 ? await wrong.take(c, network, tooMany) : null);
      if (refusal !== null) return refusal;
      if (index === -1)
        return unauthorized(c, 'This API does not accept this token.', ', error="invalid_token"');
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
