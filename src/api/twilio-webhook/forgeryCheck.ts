import { RateLimit, remoteNetwork } from '../access/rateLimit.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { problem } from '../http/problem.js';
import { requestTarget } from '../http/requestTarget.js';
import { baseOf, type FormParameters, isSignedByTwilio } from './twilioSignature.js';

/** Is this request signed by Twilio for our public URL? */
export function isSigned(tools: ApiTools, c: ApiContext, parameters: FormParameters): boolean {
  if (tools.publicUrl === null) return false;
  const url = baseOf(tools.publicUrl) + requestTarget(c);
  const signature = c.req.header('X-Twilio-Signature');
  return isSignedByTwilio({ url, parameters, signature }, tools.twilioAuthTokens);
}

/**
 * Returns a function that gives the answer to a callback that Twilio did not sign, and null to one that it
 * did. Signed callbacks are never limited, even from an address that sends forged ones: behind a proxy all
 * requests have one address.
 */
export function forgeryCheck(
  tools: ApiTools,
): (c: ApiContext, parameters: FormParameters) => Promise<Response | null> {
  const { badSignaturesPerMinute } = tools.rateLimits;
  const forgeries = new RateLimit('bad-signatures', { atMost: badSignaturesPerMinute, perSeconds: 60 });
  return async (c, parameters) => {
    if (isSigned(tools, c, parameters)) return null;
    tools.measures.callbacks.inc({ result: 'forged' });
    const refusal = await forgeries.take(
      c,
      remoteNetwork(c),
      `This address sent more than ${badSignaturesPerMinute} callbacks without a valid signature within a minute.`,
    );
    if (refusal === null)
      return problem(
        c,
        'bad-signature',
        tools.publicUrl === null
          ? 'RINGTRUE_PUBLIC_URL is none, so no signature can be checked, and Twilio is asked for no callbacks. Calls are decided by polling.'
          : 'X-Twilio-Signature does not match this URL, these parameters and our auth token. If Twilio sent this, check TWILIO_AUTH_TOKEN, and compare RINGTRUE_PUBLIC_URL with the URL that Twilio requests.',
      );
    // Each further guess needs a new connection.
    c.header('Connection', 'close');
    return refusal;
  };
}
