import type { TwilioError } from '../callOutcome.js';

/**
 * What a refused create says.
 *
 * - `invalid-number`: there is no such number
 * - `rejected`: Twilio will not make this call, because of the number or of the request
 * - `not-processed`: too many requests; certainly no call, try again
 * - `account-trouble`: everything else. It speaks of the account or the credentials, or nobody knows of what. It says nothing
 *   of the number, so the call waits.
 */
export type RefusalClass = 'invalid-number' | 'rejected' | 'not-processed' | 'account-trouble';

interface KnownRefusal {
  class: RefusalClass;
  /** What it means, for people. */
  meaning: string;
  /** Twilio says the same to every call until this is done: it is no fault of one number. */
  fix?: string;
  /** To every call to the same country, that is. */
  ofCountry?: true;
}

const invalid = (meaning: string): KnownRefusal => ({ class: 'invalid-number', meaning });
const rejected = (meaning: string, fix?: string): KnownRefusal => ({
  class: 'rejected',
  meaning,
  ...(fix === undefined ? {} : { fix }),
});
const noPermission: KnownRefusal = {
  ...rejected('no geographic permission', 'allow the country in the Console under Voice, Geo permissions'),
  ofCountry: true,
};
const trouble = (meaning: string, fix: string): KnownRefusal => ({ class: 'account-trouble', meaning, fix });

/**
 * Only a code of this table that is `invalid-number` or `rejected` ends a call.
 * Source: Twilio error dictionary; the codes of test credentials; reports of 70051, 14107 and 10429.
 */
const knownRefusals: Record<number, KnownRefusal> = {
  10001: trouble('the account is disabled', "ask Twilio's support why"),
  10002: trouble('the trial account does not allow this', 'upgrade the account'),
  10004: trouble(
    'too many calls at once for the account',
    'lower RINGTRUE_CALLS_IN_FLIGHT or ask Twilio for more',
  ),
  10005: trouble('voice is disabled for the account', "ask Twilio's support why"),
  11100: rejected('the URL has an invalid format'),
  13223: rejected('the number has an invalid format'),
  13224: rejected('Twilio cannot reach the number'),
  13225: rejected('Twilio blocks calls to the number'),
  13226: invalid('the country code does not exist'),
  13227: noPermission,
  13247: rejected('the caller id may not be used', 'use a caller id that the account owns or has verified'),
  13248: rejected('the caller id is too long'),
  20003: trouble(
    'wrong credentials, or the account is suspended',
    'check TWILIO_ACCOUNT_SID, token or API key',
  ),
  20005: trouble('the account is not active', "check its status in Twilio's Console"),
  20006: trouble('access denied', 'check the permissions of the API key'),
  20008: trouble('test credentials cannot do this', 'use live credentials'),
  20010: trouble('the action is disabled for the account', "ask Twilio's support why"),
  20403: trouble('forbidden', 'check the permissions of the API key'),
  20404: trouble('there is no such account', 'check TWILIO_ACCOUNT_SID'),
  20409: { class: 'not-processed', meaning: 'conflicting state' },
  20422: rejected('a parameter is invalid'),
  // Documented as never processed.
  20429: { class: 'not-processed', meaning: 'too many requests at once' },
  21200: rejected('the request is incomplete'),
  21201: rejected('the request names no number'),
  21202: rejected('a premium-rate number'),
  21203: rejected('international calls are not enabled', 'enable them in the Console'),
  21205: rejected('the URL is invalid'),
  21206: rejected('SendDigits is invalid'),
  21207: rejected('IfMachine is invalid'),
  21208: rejected('Timeout is invalid'),
  21209: rejected('a Method is invalid'),
  21210: rejected(
    'the account does not own the caller id',
    'verify the caller id, or buy it, or use another one',
  ),
  21211: invalid('the number is invalid'),
  21212: rejected('the caller id is invalid', 'use a caller id that the account owns or has verified'),
  21213: rejected('the request names no caller id'),
  21214: rejected('Twilio cannot reach the number'),
  21215: noPermission,
  21216: rejected('Twilio blocks the call', 'for numbers of +1, complete the Primary Customer Profile'),
  21217: invalid('the number is invalid'),
  21218: rejected('the application SID is invalid', 'check the application in the Console'),
  21219: rejected('a trial account calls verified numbers only', 'verify the number, or upgrade the account'),
  21221: rejected('SIP user name too long'),
  21222: rejected('SIP user name invalid'),
  21223: rejected('SIP password too long'),
  21224: rejected('SIP password invalid'),
  21225: rejected('SIP user name or password is missing'),
  21226: rejected('SIP calls are not enabled', 'enable them in the Console'),
  21234: rejected('MachineDetection is invalid'),
  21264: rejected(
    'the account does not own the caller id',
    'verify the caller id, or buy it, or use another one',
  ),
  21265: invalid('a short code cannot be called'),
  21266: rejected('number and caller id are the same'),
  21268: rejected('a premium-rate number'),
  21300: rejected('the BYOC trunk is invalid', 'check the trunk in the Console'),
  21609: rejected(
    'the status callback URL is not public',
    'set RINGTRUE_PUBLIC_URL to an address that Twilio reaches',
  ),
  21626: rejected('a status callback event is invalid'),
  32018: rejected('the TwiML is too long'),
  45003: trouble('the token may not do this', 'check the permissions of the API key'),
  70051: trouble(
    'authorization failed: account or key suspended, or the key lacks a permission',
    'check the account and the permissions of the API key',
  ),
};

/**
 * Reads Twilio's own 4xx answer to a create. The code decides, whatever the HTTP status: 21215 has been seen with 400 and
 * 401. A code that is not known ends no call.
 */
export function classifyRefusal({ code, httpStatus }: TwilioError): RefusalClass {
  const known = code === null ? undefined : knownRefusals[code];
  if (known) return known.class;
  // Every 429 was not processed, whatever code it carries.
  return httpStatus === 429 ? 'not-processed' : 'account-trouble';
}

/** The known codes of a class. */
export function codesOf(wanted: RefusalClass): number[] {
  const codes = Object.entries(knownRefusals).filter(([, known]) => known.class === wanted);
  return codes.map(([code]) => Number(code));
}

/** What a code of this table means, and how to fix it if it is no fault of one number; null if it is not known. */
export function refusalMeaning(code: number): { meaning: string; fix: string | null } | null {
  const known = knownRefusals[code];
  return known === undefined ? null : { meaning: known.meaning, fix: known.fix ?? null };
}

/**
 * What Twilio says to every call of the account alike, or to every call to the same country (`ofCountry`), and how to fix it;
 * null when it speaks of one number or is not known.
 */
export function accountFault(
  code: number | null,
): { meaning: string; fix: string; ofCountry: boolean } | null {
  const known = code === null ? undefined : knownRefusals[code];
  if (known?.fix === undefined) return null;
  return { meaning: known.meaning, fix: known.fix, ofCountry: known.ofCountry ?? false };
}

/** The number cannot be reached through Twilio, wherever the code is met. */
export const unreachableErrorCodes: ReadonlySet<number> = new Set([21214, 13224]);
