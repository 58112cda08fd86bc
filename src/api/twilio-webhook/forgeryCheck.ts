import { RateLimit, remoteNetwork } from '../access/rateLimit.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { problem } from '../http/problem.js';
import { requestTarget } from '../http/requestTarget.js';
import { type Signer, signingAccount } from './signingAccount.js';
import { baseOf, type FormParameters } from './twilioSignature.js';

const unconfigured =
  'RINGTRUE_ACCOUNTS does not have the account of this callback any more, or not yet, so its signature cannot be checked. Send it again. The call is polled once the account is there.';

/** The account that signed this request for our public URL, as `signingAccount` says. */
export function signerOf(
  tools: ApiTools,
  c: ApiContext,
  parameters: FormParameters,
): ReturnType<typeof signingAccount> {
  if (tools.publicUrl === null) return null;
  const target = requestTarget(c);
  const signature = c.req.header('X-Twilio-Signature');
  const request = { url: baseOf(tools.publicUrl) + target, parameters, signature };
  return signingAccount(tools, request, target.split('?', 2)[1] ?? '');
}

/**
 * Returns a function that gives the account that signed a callback, or the answer to a callback that Twilio did not sign. Signed callbacks are never limited, even from an address that sends forged ones: behind a proxy all
 * requests have one address.
 */
export function forgeryCheck(
  tools: ApiTools,
): (c: ApiContext, parameters: FormParameters) => Promise<Signer | { refusal: Response }> {
  const { badSignaturesPerMinute } = tools.rateLimits;
  const forgeries = new RateLimit('bad-signatures', { atMost: badSignaturesPerMinute, perSeconds: 60 });
  return async (c, parameters) => {
    const signer = signerOf(tools, c, parameters);
    if (signer === 'unconfigured') {
      tools.measures.callbacks.inc({ result: 'unconfigured-account' });
      return { refusal: problem(c, 'account-unavailable', unconfigured) };
    }
    if (signer !== null) return signer;
    tools.measures.callbacks.inc({ result: 'forged' });
    const refusal = await forgeries.take(
      c,
      remoteNetwork(c),
      `This address sent more than ${badSignaturesPerMinute} callbacks without a valid signature within a minute.`,
    );
    if (refusal === null)
      return {
        refusal: problem(
          c,
          'bad-signature',
          tools.publicUrl === null
            ? 'RINGTRUE_PUBLIC_URL is none, so no signature can be checked, and Twilio is asked for no callbacks. Calls are decided by polling.'
            : 'X-Twilio-Signature does not match this URL, these parameters and our auth token. If Twilio sent this, check TWILIO_AUTH_TOKEN or the tokens in RINGTRUE_ACCOUNTS, and compare RINGTRUE_PUBLIC_URL with the URL that Twilio requests.',
        ),
      };
    // Each further guess needs a new connection.
    c.header('Connection', 'close');
    return { refusal };
  };
}
