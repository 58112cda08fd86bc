import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ApiContext, ApiEnv } from './apiDependencies.js';

/**
 * Refuses a body of more than `maxBytes`. Hono's `bodyLimit` makes a stream of every body before it looks at the header, which
 * doubles the cost of a small request. So a length that is given is compared here: Node holds the client to it.
 */
export function limitBody(
  maxBytes: number,
  onTooLarge: (c: ApiContext) => Response,
): MiddlewareHandler<ApiEnv> {
  const measureBody = bodyLimit({ maxSize: maxBytes, onError: onTooLarge });
  return (c, next) => {
    if (c.req.header('Transfer-Encoding') !== undefined) return measureBody(c, next);
    // A request with neither header has no body. Source: RFC 9112, section 6.3.
    const length = Number(c.req.header('Content-Length') ?? 0);
    return length > maxBytes ? Promise.resolve(onTooLarge(c)) : next();
  };
}
