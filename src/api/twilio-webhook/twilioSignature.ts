import { timingSafeEqual } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';

/** Form parameters. A name that came more than once has all its values. */
export type FormParameters = Record<string, string | string[]>;

/** The parts of a request that its signature covers. */
export interface SignedRequest {
  /** The URL as Twilio requested it: public origin, path and query byte for byte, without fragment. */
  url: string;
  /** Empty unless the body is a form. */
  parameters: FormParameters;
  /** The header `X-Twilio-Signature`. */
  signature: string | undefined;
}

/** A SHA-1 in base64. */
const signatureForm = /^[A-Za-z0-9+/]{27}=$/;

/**
 * True if this request was signed with one of these auth tokens. The URL counts byte for byte, except for its
 * port. A signature that cannot be one costs nothing. Source: Twilio, "Webhooks security".
 */
export function isSignedByTwilio(
  { url, parameters, signature = '' }: SignedRequest,
  authTokens: readonly string[],
): boolean {
  if (!signatureForm.test(signature)) return false;
  const received = Buffer.from(signature);
  return authTokens.some(
    (token) =>
      token !== '' &&
      portSpellings(url).some((signed) =>
        timingSafeEqual(received, Buffer.from(getExpectedTwilioSignature(token, signed, parameters))),
      ),
  );
}

/** The URL as it is, and with its port left out or the standard one added: Twilio may sign either. */
function portSpellings(url: string): string[] {
  const [, origin = '', port, rest = ''] =
    /^(https?:\/\/(?:\[[^\]]*\]|[^/?#:]*))(:\d+)?(.*)$/is.exec(url) ?? [];
  if (port !== undefined) return [url, origin + rest];
  return [url, `${origin}:${/^https/i.test(origin) ? 443 : 80}${rest}`];
}

/** Twilio's callbacks have some 30 parameters. */
export const maxParameters = 200;

/**
 * The parameters of a form body or query. A repeated name keeps every value, because all of them are signed.
 * Null if there are more than any callback of Twilio has.
 */
export function formParameters(body: string): FormParameters | null {
  if (body.split('&', maxParameters + 1).length > maxParameters) return null;
  const form = new URLSearchParams(body);
  // Without a prototype, a parameter may be named __proto__.
  const parameters: FormParameters = Object.create(null);
  for (const [name, value] of form) {
    const before = parameters[name];
    if (before === undefined) parameters[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else parameters[name] = [before, value];
  }
  return parameters;
}

/**
 * The public URL as Twilio signs it: without fragment, user name and password, and without a slash at the
 * end.
 */
export function baseOf(publicUrl: string): string {
  return publicUrl
    .replace(/#.*$/s, '')
    .replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1')
    .replace(/\/+$/, '');
}
