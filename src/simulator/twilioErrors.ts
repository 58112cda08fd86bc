/** An error answer of Twilio's REST API. */
export interface TwilioRefusal {
  code: number;
  httpStatus: number;
  message: string;
  retryAfterSeconds?: number;
}

/**
 * Twilio's error codes that the simulator can answer, with their HTTP status and message.
 * Source: Twilio's error dictionary. Where it names no HTTP status, the usual one is given.
 */
export const errorTexts: Record<number, [httpStatus: number, message: string]> = {
  10001: [403, 'Account is not active'],
  10002: [403, 'Trial account does not support this feature'],
  10004: [400, 'Call concurrency limit exceeded'],
  10005: [403, 'Voice calling has been disabled for this account'],
  11100: [400, 'Invalid URL format'],
  20003: [401, 'Authenticate'],
  20005: [403, 'Account not active'],
  20006: [403, 'Access denied'],
  20008: [403, 'Resource not accessible with test account credentials'],
  20009: [409, 'Unable to delete: the call is not over'],
  20010: [403, 'This action has been disabled for this account'],
  20403: [403, 'Forbidden'],
  20404: [404, 'The requested resource was not found'],
  20409: [409, 'The request conflicts with the current state of the resource'],
  20422: [400, 'Invalid parameter'],
  20429: [429, 'Too many requests'],
  20500: [500, 'Internal server error'],
  20503: [503, 'Service unavailable'],
  21200: [400, 'Error in the Calls resource request'],
  21201: [400, "No 'To' number is specified"],
  21202: [400, "The 'To' number is a premium number"],
  21203: [400, 'International calling is not enabled'],
  21205: [400, 'Url is not a valid URL'],
  21206: [400, 'Invalid SendDigits'],
  21207: [400, 'Invalid IfMachine'],
  21208: [400, 'Invalid Timeout'],
  21209: [400, 'Invalid Method'],
  21210: [400, "The 'From' number is not verified for your account"],
  21211: [400, "Invalid 'To' phone number"],
  21212: [400, "Invalid 'From' phone number (caller ID)"],
  21213: [400, "No 'From' number is specified"],
  21214: [400, "The 'To' phone number cannot be reached"],
  21215: [400, 'Account not authorized to call this number; check its geographic permissions'],
  21216: [400, 'Account not allowed to call this number: blocked by Twilio'],
  21217: [400, 'Phone number does not appear to be valid'],
  21218: [400, 'Invalid ApplicationSid'],
  21219: [400, "The 'To' phone number is not verified: trial accounts may only call verified numbers"],
  21220: [400, 'Invalid call state: the call is not in a state that allows this'],
  21221: [400, 'Invalid SipAuthUsername: too long'],
  21222: [400, 'Invalid SipAuthUsername: illegal characters'],
  21223: [400, 'Invalid SipAuthPassword: too long'],
  21224: [400, 'Invalid SipAuthPassword: illegal characters'],
  21225: [400, 'SipAuthUsername and SipAuthPassword must be given together'],
  21226: [400, 'SIP calling is not enabled'],
  21234: [400, 'Invalid machine detection parameter'],
  21265: [400, "The 'To' number cannot be a short code"],
  21266: [400, "'To' and 'From' cannot be the same number"],
  21268: [400, "The 'To' number is a premium number"],
  21300: [400, 'Invalid BYOC trunk'],
  21609: [400, "Invalid 'StatusCallback' URL"],
  21626: [400, 'Invalid StatusCallbackEvent'],
  32018: [400, 'Twiml must not exceed 4000 characters'],
  60200: [400, 'Invalid parameter'],
};

/** Lookup's own codes. Source: Twilio's error dictionary. */
const lookupTexts: Record<number, string> = {
  60600: 'Unprovisioned or out of coverage',
  60601: 'Authorization for Canadian numbers is missing',
  60606: 'Package not enabled',
  60607: 'Country not covered',
  60608: 'Provider error',
  60609: 'Package not enabled',
  60610: 'Number not covered',
  60611: 'Quota reached',
  60612: 'Not a mobile number',
  60613: 'Provider degraded: fallback data',
  60614: 'Wrong Twilio region',
  60616: 'Lookup rate limit exceeded',
  60617: 'Missing parameter',
  60618: 'Malformed parameter',
  60619: 'Wrong Twilio region',
  60620: 'SIM swap data incomplete',
  60621: 'SIM swap data incomplete',
};

/**
 * What Twilio notes about a call in its Notifications: severity and text.
 * Source: Twilio's error dictionary.
 */
export const notificationTexts: Record<number, ['error' | 'warning', string]> = {
  10004: ['error', 'Call concurrency limit exceeded'],
  11200: ['error', 'HTTP retrieval failure'],
  11205: ['error', 'HTTP connection failure'],
  11210: ['error', 'HTTP bad host name'],
  11220: ['error', 'SSL/TLS handshake error'],
  11243: ['error', 'Invalid connection override in the URL fragment'],
  13224: ['error', 'Dial: number not supported or invalid'],
  13225: ['error', 'Dial: number blocked by Twilio'],
  13226: ['warning', 'Dial: invalid country code'],
  13227: ['error', 'Dial: no international permission'],
  15003: ['warning', 'Call progress: warning response to the status callback'],
  20001: ['warning', 'Unknown parameter'],
  21626: ['warning', 'Invalid StatusCallbackEvent'],
  32015: ['warning', 'Call ended: maximum duration reached'],
  32016: ['error', 'Post-dial delay: no response from the carriers'],
  32017: ['error', 'Blocked by the carrier because of the caller id'],
  32019: ['warning', 'Both Url and Twiml are given: Url is used'],
};

/** The refusal with this code. Codes that are not in the dictionary here get HTTP 400. */
export function refusalOf(
  code: number,
  details: { message?: string; httpStatus?: number } = {},
): TwilioRefusal {
  const [httpStatus, message] = errorTexts[code] ?? [400, lookupTexts[code] ?? `Error ${code}`];
  return { code, httpStatus: details.httpStatus ?? httpStatus, message: details.message ?? message };
}

/** Twilio's classic error body. */
export function errorBody({ code, httpStatus, message }: TwilioRefusal) {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status: httpStatus };
}

/**
 * The error body of Twilio's newer services. Source: RFC 9457, as the SDK's `TwilioServiceException` reads
 * it.
 */
export function problemBody({ code, httpStatus, message }: TwilioRefusal) {
  return {
    type: `https://www.twilio.com/docs/errors/${code}`,
    title: message,
    status: httpStatus,
    code,
    detail: message,
    errors: [],
  };
}
