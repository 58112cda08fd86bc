import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { ApiEnv, ApiTools } from './apiDependencies.js';

/** Too many requests, or none that may come in: 401, and 403 without a token. */
function isRefusedAtTheDoor({ status }: Response): boolean {
  return status === 429 || status === 401;
}

/**
 * Logs one line a request and counts it. Shows only the pattern of the path: ids of other programs, query
 * strings and bodies may have phone numbers.
 */
export function requestLog({ log, measures }: ApiTools): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    // The request that the API serves with it is logged.
    if (c.env?.inner) return next();
    const startedAt = performance.now();
    await next();
    const milliseconds = performance.now() - startedAt;
    const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')?.path ?? 'none';
    const { method } = c.req;
    const { status } = c.res;
    measures.requests.inc({ method, route, status });
    measures.requestSeconds.observe({ method, route }, milliseconds / 1000);
    // A flood of refused requests must not fill the disk.
    log[isRefusedAtTheDoor(c.res) ? 'debug' : 'info'](
      { method, route, status, ms: Math.round(milliseconds), requestId: c.get('requestId') },
      'request answered',
    );
  };
}
