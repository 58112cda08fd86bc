import type { Choice } from './callCourses.js';

/** What goes wrong with Lookup. `times`: how often for each number; null: always. */
export type LookupTrouble =
  | { kind: 'none' }
  | { kind: 'error'; httpStatus: number; code: number; times: number | null; retryAfterSeconds?: number }
  | { kind: 'html'; httpStatus: number }
  | { kind: 'hang' }
  | { kind: 'cut' }
  /** HTTP 200 with an error code inside each package that was asked for. */
  | { kind: 'package'; code: number }
  /** An HTTP error that carries the code chosen by the two digits of the line type. */
  | { kind: 'package-code-as-error' };

export const validationErrors: Choice<string | null>[] = [
  { digits: '0', happens: '`valid: true`', effect: null },
  { digits: '1', happens: '`valid: false`, TOO_SHORT', effect: 'TOO_SHORT' },
  { digits: '2', happens: '`valid: false`, TOO_LONG', effect: 'TOO_LONG' },
  { digits: '3', happens: '`valid: false`, INVALID_LENGTH', effect: 'INVALID_LENGTH' },
  { digits: '4', happens: '`valid: false`, INVALID_COUNTRY_CODE', effect: 'INVALID_COUNTRY_CODE' },
  { digits: '5', happens: '`valid: false`, INVALID_BUT_POSSIBLE', effect: 'INVALID_BUT_POSSIBLE' },
  { digits: '6', happens: '`valid: false`, NOT_A_NUMBER', effect: 'NOT_A_NUMBER' },
  {
    digits: '7',
    happens: '`valid: true`, and `phone_number` is the number with 0 in place of V',
    effect: null,
  },
];

export const lineTypes: Choice<string | null>[] = [
  { digits: '00', happens: 'mobile', effect: 'mobile' },
  { digits: '01', happens: 'landline', effect: 'landline' },
  { digits: '02', happens: 'fixedVoip', effect: 'fixedVoip' },
  { digits: '03', happens: 'nonFixedVoip', effect: 'nonFixedVoip' },
  { digits: '04', happens: 'personal', effect: 'personal' },
  { digits: '05', happens: 'tollFree', effect: 'tollFree' },
  { digits: '06', happens: 'premium', effect: 'premium' },
  { digits: '07', happens: 'sharedCost', effect: 'sharedCost' },
  { digits: '08', happens: 'uan', effect: 'uan' },
  { digits: '09', happens: 'voicemail', effect: 'voicemail' },
  { digits: '10', happens: 'pager', effect: 'pager' },
  { digits: '11', happens: 'unknown', effect: 'unknown' },
  { digits: '12', happens: 'null', effect: null },
];

export const lineStatuses: Choice<string | null>[] = [
  { digits: '0', happens: 'active', effect: 'active' },
  { digits: '1', happens: 'reachable', effect: 'reachable' },
  { digits: '2', happens: 'unreachable', effect: 'unreachable' },
  { digits: '3', happens: 'inactive', effect: 'inactive' },
  { digits: '4', happens: 'unknown', effect: 'unknown' },
  { digits: '5', happens: 'null', effect: null },
];

export const lookupTroubles: Choice<LookupTrouble>[] = [
  { digits: '0', happens: 'none', effect: { kind: 'none' } },
  {
    digits: '1',
    happens: '404 with code 20404',
    effect: { kind: 'error', httpStatus: 404, code: 20404, times: null },
  },
  {
    digits: '2',
    happens: '429 with code 20429 and `Retry-After: 1` once, then fine',
    effect: { kind: 'error', httpStatus: 429, code: 20429, times: 1, retryAfterSeconds: 1 },
  },
  {
    digits: '3',
    happens: '500 with code 20500 twice, then fine',
    effect: { kind: 'error', httpStatus: 500, code: 20500, times: 2 },
  },
  { digits: '4', happens: '503 with an HTML page', effect: { kind: 'html', httpStatus: 503 } },
  { digits: '5', happens: 'no answer ever', effect: { kind: 'hang' } },
  { digits: '6', happens: 'connection cut', effect: { kind: 'cut' } },
  {
    digits: '7',
    happens: '200, but every package asked for has `error_code` 606TT (and the line is mobile)',
    effect: { kind: 'package', code: 60600 },
  },
  {
    digits: '8',
    happens: 'HTTP error with code 606TT (429 for 60616, 400 for 60617 and 60618, else 403)',
    effect: { kind: 'package-code-as-error' },
  },
  {
    digits: '9',
    happens: '429 with code 20429',
    effect: { kind: 'error', httpStatus: 429, code: 20429, times: null },
  },
];
