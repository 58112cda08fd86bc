import type { MiddlewareHandler } from 'hono';
import { isLoopback } from '../../config/configurationReader.js';
import type { ApiEnv } from './apiDependencies.js';
import { problem } from './problem.js';

/**
 * What the calls API serves while it has no tokens: requests that name this machine as such, and come from no other
 * web page. Else a tunnel opened for Twilio's callbacks would let everybody place calls, and so would any page in a
 * browser of this machine, by a name of its own that leads here (DNS rebinding) or by a form that needs no answer.
 */
export function onlyLocal(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { hostname, host } = new URL(c.req.url);
    if (!isLoopback(hostname.replace(/^\[|\]$/g, '')))
      return problem(
        c,
        'not-local',
        'Without RINGTRUE_API_TOKENS only requests to localhost, 127.0.0.1 or [::1] are served here, and this one names another host. Ask for one of these, or set tokens and send one.',
      );
    const origin = c.req.header('Origin');
    if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host))
      return problem(
        c,
        'not-local',
        'Without RINGTRUE_API_TOKENS no other web page is served here, and this request comes from one. Send it from a program, or set tokens and send one.',
      );
    return next();
  };
}
