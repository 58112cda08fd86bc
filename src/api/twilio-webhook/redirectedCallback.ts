import type { MiddlewareHandler } from 'hono';
import type { ApiEnv, ApiTools } from '../http/apiDependencies.js';
import { requestTarget } from '../http/requestTarget.js';
import { forgeryCheck } from './forgeryCheck.js';
import { recordCallback } from './recordCallback.js';
import { formParameters } from './twilioSignature.js';

/**
 * Takes signed callbacks that come as GET. ringtrue asks Twilio for POST, and a redirect, such as from http to
 * https, turns that into GET with the parameters in the query. The first one is logged, and so is the first one
 * with a wrong signature: a redirect to another URL may have caused that.
 */
export function redirectedCallback(tools: ApiTools): MiddlewareHandler<ApiEnv> {
  const checkSignature = forgeryCheck(tools);
  const record = recordCallback(tools);
  const logged = { signed: false, forged: false };
  const logFirst = (kind: keyof typeof logged, text: string) => {
    if (!logged[kind] && tools.publicUrl !== null) tools.log.warn(text);
    logged[kind] = true;
  };
  return async (c, next) => {
    if (c.req.method !== 'GET' || c.req.header('X-Twilio-Signature') === undefined) return next();
    // The signature covers the query as part of the URL.
    const checked = await checkSignature(c, {});
    const fix = `set RINGTRUE_PUBLIC_URL to where they end, such as https instead of http. Now it is ${tools.publicUrl}`;
    if ('refusal' in checked) {
      logFirst(
        'forged',
        `A status callback with a wrong signature came as GET instead of POST. If Twilio sent it, something redirects its requests: ${fix}`,
      );
      return checked.refusal;
    }
    logFirst(
      'signed',
      `A status callback came as GET instead of POST. Something redirects Twilio's requests: ${fix}`,
    );
    const [, query = ''] = requestTarget(c).split('?', 2);
    const parameters = formParameters(query);
    return parameters === null || query === '' ? next() : record(c, parameters, checked);
  };
}
