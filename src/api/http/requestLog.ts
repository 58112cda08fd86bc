import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { ApiEnv, ApiTools } from './apiDependencies.js';

/**
 * Logs one line a request and counts it. Shows only the pattern of the path: ids of other programs, query
 * strings and bodies may have phone numbers.
 */
export function requestLog({ log, measures }: ApiTools): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const milliseconds = performance.now() - startedAt;
    const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')?.path ?? 'none';
    const { method } = c.req;
    const { status } = c.res;
    measures.requests.inc({ method, route, status });
    measures.requestSeconds.observe({ method, route }, milliseconds / 1000);
    // A flood of refused requests must not fill the disk.
    log[status === 429 ? 'debug' : 'info'](
      { method, route, status, ms: Math.round(milliseconds), requestId: c.get('requestId') },
      'request answered',
    );
  };
}
