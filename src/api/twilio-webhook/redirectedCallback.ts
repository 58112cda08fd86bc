import type { MiddlewareHandler } from 'hono';
import type { ApiEnv, ApiTools } from '../http/apiDependencies.js';
import { requestTarget } from '../http/requestTarget.js';
import { forgeryCheck } from './forgeryCheck.js';
import { recordCallback } from './recordCallback.js';
import { formParameters } from './twilioSignature.js';

/**
 * Takes signed callbacks that come as GET. ringtrue asks Twilio for POST, and a redirect, such as from http to
 * https, turns that into GET with the parameters in the query. The first one is logged.
 */
export function redirectedCallback(tools: ApiTools): MiddlewareHandler<ApiEnv> {
  const refuseForgery = forgeryCheck(tools);
  const record = recordCallback(tools);
  let isLogged = false;
  return async (c, next) => {
    if (c.req.method !== 'GET' || c.req.header('X-Twilio-Signature') === undefined) return next();
    if (!isLogged && tools.publicUrl !== null)
      tools.log.warn(
        `A status callback came as GET instead of POST. If Twilio sent it, something redirects Twilio's requests to ${tools.publicUrl}: set RINGTRUE_PUBLIC_URL to where they end, such as https instead of http.`,
      );
    isLogged = true;
    // The signature covers the query as part of the URL.
    const refusal = await refuseForgery(c, {});
    if (refusal !== null) return refusal;
    const [, query = ''] = requestTarget(c).split('?', 2);
    const parameters = formParameters(query);
    return parameters === null || query === '' ? next() : record(c, parameters);
  };
}
