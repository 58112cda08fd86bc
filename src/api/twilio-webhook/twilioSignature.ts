import twilio from 'twilio';

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

/**
 * True if this request was signed with one of these auth tokens. False if that cannot be checked.
 * Source: Twilio, "Webhooks security"; the comparison in the SDK takes constant time.
 */
export function isSignedByTwilio(request: SignedRequest, authTokens: readonly string[]): boolean {
  const { url, parameters, signature } = request;
  // The SDK also accepts a signature of the URL as `new URL` normalizes it. A callback that Twilio signed for
  // /b/1 could then be sent to /a/1/../../b/1 and count for call a.
  if (!signature || /\/(\.|%2e){1,2}(\/|$)/i.test(url.split('?', 1)[0] ?? '')) return false;
  return authTokens.some((token) => {
    try {
      return token !== '' && twilio.validateRequest(token, signature, url, parameters);
    } catch {
      return false;
    }
  });
}

/** The parameters of a form body. A repeated name keeps every value, because all of them are signed. */
export function formParameters(body: string): FormParameters {
  const form = new URLSearchParams(body);
  // Without a prototype, a parameter may be named __proto__.
  const parameters: FormParameters = Object.create(null);
  // In one pass, because anyone can send a body with thousands of names.
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
