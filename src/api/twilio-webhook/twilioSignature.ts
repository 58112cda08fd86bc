import twilio from 'twilio';

/** Form parameters as they came: a name that came more than once has all its values. */
export type FormParameters = Record<string, string | string[]>;

/** A request as its signature covers it. */
export interface SignedRequest {
  /** The URL as Twilio requested it: public origin, path and query byte for byte, without fragment. */
  url: string;
  /** Empty unless the body is a form. */
  parameters: FormParameters;
  /** The header `X-Twilio-Signature`. */
  signature: string | undefined;
}

/**
 * Was this request signed with one of these auth tokens? Anything that cannot be checked was not.
 * Source: Twilio, "Webhooks security"; the comparison in the SDK takes constant time.
 */
export function isSignedByTwilio(request: SignedRequest, authTokens: readonly string[]): boolean {
  const { url, parameters, signature } = request;
  // The SDK also takes a signature of the URL as `new URL` tidies it: then /a/1/../../b/1 would carry what Twilio
  // signed for b, and be read as a's.
  if (!signature || /\/(\.|%2e){1,2}(\/|$)/i.test(url.split('?', 1)[0] ?? '')) return false;
  return authTokens.some((token) => {
    try {
      return token !== '' && twilio.validateRequest(token, signature, url, parameters);
    } catch {
      return false;
    }
  });
}

/** The parameters of a form body; a repeated name keeps every value, since all of them are signed. */
export function formParameters(body: string): FormParameters {
  const form = new URLSearchParams(body);
  // Without a prototype, so that a parameter named __proto__ is one like any other.
  const parameters: FormParameters = Object.create(null);
  // In one pass: the body is anybody's, and may have thousands of names.
  for (const [name, value] of form) {
    const before = parameters[name];
    if (before === undefined) parameters[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else parameters[name] = [before, value];
  }
  return parameters;
}

/**
 * The public URL as signatures see it: no fragment, no user name and password (Twilio drops both before it signs),
 * no slash at the end.
 */
export function baseOf(publicUrl: string): string {
  return publicUrl
    .replace(/#.*$/s, '')
    .replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1')
    .replace(/\/+$/, '');
}
