import type { MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ApiContext, ApiEnv } from './apiDependencies.js';
import { problem } from './problem.js';

/** How much this process takes from one client or one remote address. */
export interface RateLimits {
  /** Requests to the calls API, per bearer token, or per address where no tokens are set; 0: any number, as standard. */
  requestsPerSecond: number;
  /** Wrong bearer tokens, per address. */
  wrongTokensPerMinute: number;
  /** Callbacks that Twilio did not sign, per address. Signed ones are never limited: a lost callback costs. */
  badSignaturesPerMinute: number;
}

export const standardRateLimits: RateLimits = {
  requestsPerSecond: 0,
  wrongTokensPerMinute: 300,
  badSignaturesPerMinute: 6000,
};

/** So much in each stretch of time, counted per key in this process alone; a key is forgotten when its time is over. */
export class RateLimit {
  readonly #name: string;
  readonly #limiter: RateLimiterMemory;

  constructor(name: string, limit: { atMost: number; perSeconds: number }) {
    this.#name = name;
    this.#limiter = new RateLimiterMemory({ points: limit.atMost, duration: limit.perSeconds });
  }

  /** Counts one more; null when it still fits, else the answer that refuses it. */
  async take(c: ApiContext, key: string, detail: string): Promise<Response | null> {
    try {
      this.#show(c, await this.#limiter.consume(key));
      return null;
    } catch (counted) {
      if (!(counted instanceof RateLimiterRes)) throw counted;
      return this.#refuse(c, counted, detail);
    }
  }

  /** The answer that refuses whatever comes once the limit is used up, else null. Counts nothing. */
  async refuseWhenUsedUp(c: ApiContext, key: string, detail: string): Promise<Response | null> {
    const counted = await this.#limiter.get(key);
    const isUsedUp = counted !== null && counted.msBeforeNext > 0 && counted.remainingPoints === 0;
    return isUsedUp ? this.#refuse(c, counted, detail) : null;
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

/** A burst may use up in one second what is meant for so many. */
const burstSeconds = 10;

/** Takes so many requests a second from each client, on average over a burst, and no more. */
export function clientRateLimit(requestsPerSecond: number): MiddlewareHandler<ApiEnv> {
  if (requestsPerSecond === 0) return (_, next) => next();
  const atMost = requestsPerSecond * burstSeconds;
  const limit = new RateLimit('client', { atMost, perSeconds: burstSeconds });
  return async (c, next) => {
    const refusal = await limit.take(
      c,
      c.get('client') ?? remoteNetwork(c),
      `More than ${atMost} requests came from this client within ${burstSeconds} s; this one was not looked at.`,
    );
    if (refusal !== null) return refusal;
    return next();
  };
}

/** Who sent this, as far as limits go: the address of the socket. Headers such as X-Forwarded-For are anybody's word. */
export function remoteNetwork(c: ApiContext): string {
  return networkOf(c.env?.incoming?.socket.remoteAddress ?? '');
}

/** The IPv4 address, or the first 64 bits of the IPv6 address: whoever has one of those has all that begin so. */
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
