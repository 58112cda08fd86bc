import type { MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ApiContext, ApiEnv } from '../http/apiDependencies.js';
import { problem } from '../http/problem.js';

/** A limit per key and period, counted in this process only. A key is forgotten when its period is over. */
export class RateLimit {
  readonly #name: string;
  readonly #limiter: RateLimiterMemory;

  constructor(name: string, limit: { atMost: number; perSeconds: number }) {
    this.#name = name;
    this.#limiter = new RateLimiterMemory({ points: limit.atMost, duration: limit.perSeconds });
  }

  /** Counts one request. Null within the limit, else the answer that refuses it. */
  async take(c: ApiContext, key: string, detail: string): Promise<Response | null> {
    try {
      this.#show(c, await this.#limiter.consume(key));
      return null;
    } catch (counted) {
      if (!(counted instanceof RateLimiterRes)) throw counted;
      return this.#refuse(c, counted, detail);
    }
  }

  #refuse(c: ApiContext, counted: RateLimiterRes, detail: string): Response {
    this.#show(c, counted);
    const seconds = secondsUntil(counted);
    return problem(c, 'too-many-requests', `${detail} Try again in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  }

  /** Source: draft-ietf-httpapi-ratelimit-headers-10. */
  #show(c: ApiContext, counted: RateLimiterRes): void {
    const { points, duration } = this.#limiter;
    c.header('RateLimit-Policy', `"${this.#name}";q=${points};w=${duration}`);
    c.header('RateLimit', `"${this.#name}";r=${counted.remainingPoints};t=${secondsUntil(counted)}`);
  }
}

/** A burst may use the requests of so many seconds at once. */
const burstSeconds = 10;

/** Accepts at most so many requests a second from each client, on average over a burst. */
export function clientRateLimit(requestsPerSecond: number): MiddlewareHandler<ApiEnv> {
  if (requestsPerSecond === 0) return (_, next) => next();
  const atMost = requestsPerSecond * burstSeconds;
  const limit = new RateLimit('client', { atMost, perSeconds: burstSeconds });
  return async (c, next) => {
    const refusal = await limit.take(
      c,
      c.get('client') ?? remoteNetwork(c),
      `This client sent more than ${atMost} requests within ${burstSeconds} s, so this one was ignored.`,
    );
    if (refusal !== null) return refusal;
    return next();
  };
}

/**
 * The network of the socket's address. Anyone can set headers such as X-Forwarded-For, so they do not count.
 */
export function remoteNetwork(c: ApiContext): string {
  return networkOf(c.env?.incoming?.socket.remoteAddress ?? '');
}

/**
 * The IPv4 address, or the first 64 bits of the IPv6 address: one network has all addresses that begin so.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const groups = before === '' ? [] : before.split(':');
  const last = after ? after.split(':') : [];
  const zeros = after === undefined ? 0 : Math.max(0, 8 - groups.length - last.length);
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...last];
  return `${all.slice(0, 4).join(':')}::/64`;
}

function secondsUntil({ msBeforeNext }: RateLimiterRes): number {
  return Math.max(1, Math.ceil(msBeforeNext / 1000));
}
