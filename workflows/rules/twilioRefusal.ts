import type { TwilioError } from '../callOutcome.js';

/**
 * What a refused create says: about the number, about this request, or only about the account.
 *
 * - `invalid-number`: no such number
 * - `rejected`: Twilio will not make this call, for a reason of the number or of the request
 * - `account-trouble`: nothing is known of the number; the call waits until the account is mended
 * - `not-processed`: too many requests; surely no call, try again
 *
 * Decided by Twilio's code, not by the HTTP status. Source: Twilio error dictionary.
 */
export type RefusalClass = 'invalid-number' | 'rejected' | 'account-trouble' | 'not-processed';

const byCode: Record<number, RefusalClass> = {
  10001: 'account-trouble', // account disabled
  10004: 'account-trouble', // concurrency limit
  10005: 'account-trouble', // voice disabled for the account
  13226: 'invalid-number',
  20003: 'account-trouble', // bad credentials, or suspended
  20005: 'account-trouble', // account not active
  20006: 'account-trouble', // access denied
  20008: 'account-trouble', // test credentials
  20010: 'account-trouble', // action disabled
  20403: 'account-trouble', // forbidden
  20404: 'account-trouble', // on create: no such account
  20409: 'not-processed', // conflicting state
  20429: 'not-processed', // documented as never processed
  21211: 'invalid-number',
  21217: 'invalid-number',
  21265: 'invalid-number',
};

/** Reads a 4xx answer to a create. Every 4xx means that there is no call; 408 is not one of Twilio's. */
export function classifyRefusal(error: TwilioError): RefusalClass {
  if (error.code !== null) return byCode[error.code] ?? 'rejected';
  if (error.httpStatus === 429) return 'not-processed';
  // Without a code it may be a proxy's answer, or a wrong address: only 400 and 422 speak of the request itself.
  return error.httpStatus === 400 || error.httpStatus === 422 ? 'rejected' : 'account-trouble';
}

/** The number cannot be reached through Twilio, wherever the code is met. */
export const unreachableErrorCodes: ReadonlySet<number> = new Set([21214, 13224]);
