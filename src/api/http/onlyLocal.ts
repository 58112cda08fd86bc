import type { MiddlewareHandler } from 'hono';
import { isLoopback } from '../../config/configurationReader.js';
import type { ApiEnv } from './apiDependencies.js';
import { problem } from './problem.js';

/**
 * Without tokens, serves only requests that name this machine by a loopback name and come from no foreign web
 * page. Otherwise a tunnel for Twilio's callbacks would let anyone place calls. So could a page in a browser
 * of this machine, by DNS rebinding or a form that needs no answer.
 */
export function onlyLocal(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { hostname, host } = new URL(c.req.url);
    if (!isLoopback(hostname.replace(/^\[|\]$/g, '')))
      return problem(
        c,
        'not-local',
        'Without RINGTRUE_API_TOKENS the API serves only requests to localhost, 127.0.0.1 or [::1], and this one names another host. Use one of these names, or set tokens and send one.',
      );
    const origin = c.req.header('Origin');
    if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host))
      return problem(
        c,
        'not-local',
        'Without RINGTRUE_API_TOKENS the API serves no foreign web pages, and this request comes from one. Send it from a program, or set tokens and send one.',
      );
    return next();
  };
}
