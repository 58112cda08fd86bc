import type { Choice } from './callCourses.js';

/**
 * What goes wrong between client and Twilio when a call is created, and whether the call exists all the same.
 */
export interface CreateFault {
  /**
   * `never`: no call. `yes`: the call was made before the answer went wrong.
   * `later`: it appears some seconds after the request was cut or left hanging.
   */
  calls: 'never' | 'yes' | 'later';
  answer:
    | { kind: 'cut' }
    | { kind: 'hang' }
    | { kind: 'error'; httpStatus: number; code: number; retryAfterSeconds?: number; rfc9457?: boolean }
    | { kind: 'html'; httpStatus: number }
    | { kind: 'truncated' }
    | { kind: 'empty' }
    | { kind: 'slow' };
}

/** What happens to status callbacks on their way. */
export type CallbackFault =
  | 'none'
  | 'all-lost'
  | 'last-lost'
  | 'first-lost'
  | 'doubled'
  | 'reversed'
  | 'last-late'
  | 'early'
  | 'only-last'
  | 'straggler';

/** What goes wrong when the Call resource is read. */
export type ReadFault =
  | 'none'
  | 'not-found-at-first'
  | 'stale'
  | 'too-many-requests'
  | 'server-error'
  | 'hang'
  | 'new-status'
  | 'missing-fields'
  | 'never-found'
  | 'never-final';

/**
 * How long a read is stale or answers 404, a terminal callback is late, or a late call takes to appear; in
 * call seconds.
 */
export const lagSeconds = 4;

export const createFaults: Choice<CreateFault | null>[] = [
  { digits: '00', happens: 'nothing goes wrong', effect: null },
  {
    digits: '01',
    happens: 'connection cut, no call made',
    effect: { calls: 'never', answer: { kind: 'cut' } },
  },
  {
    digits: '02',
    happens: 'call made, then the connection is cut: the answer is lost',
    effect: { calls: 'yes', answer: { kind: 'cut' } },
  },
  {
    digits: '03',
    happens: '500 with code 20500, no call made',
    effect: { calls: 'never', answer: { kind: 'error', httpStatus: 500, code: 20500 } },
  },
  {
    digits: '04',
    happens: '500 with code 20500, call made',
    effect: { calls: 'yes', answer: { kind: 'error', httpStatus: 500, code: 20500 } },
  },
  {
    digits: '05',
    happens: '502 with an HTML page, no call made',
    effect: { calls: 'never', answer: { kind: 'html', httpStatus: 502 } },
  },
  {
    digits: '06',
    happens: '502 with an HTML page, call made',
    effect: { calls: 'yes', answer: { kind: 'html', httpStatus: 502 } },
  },
  {
    digits: '07',
    happens: '503 with code 20503, no call made',
    effect: { calls: 'never', answer: { kind: 'error', httpStatus: 503, code: 20503 } },
  },
  {
    digits: '08',
    happens: '503 with code 20503, call made',
    effect: { calls: 'yes', answer: { kind: 'error', httpStatus: 503, code: 20503 } },
  },
  {
    digits: '09',
    happens: 'call made, 201 whose JSON stops half-way',
    effect: { calls: 'yes', answer: { kind: 'truncated' } },
  },
  {
    digits: '10',
    happens: 'no answer ever, no call made',
    effect: { calls: 'never', answer: { kind: 'hang' } },
  },
  { digits: '11', happens: 'no answer ever, call made', effect: { calls: 'yes', answer: { kind: 'hang' } } },
  {
    digits: '12',
    happens: '429 with code 20429 and `Retry-After: 1`, no call made',
    effect: { calls: 'never', answer: { kind: 'error', httpStatus: 429, code: 20429, retryAfterSeconds: 1 } },
  },
  {
    digits: '13',
    happens: '429 with code 20429, no call made',
    effect: { calls: 'never', answer: { kind: 'error', httpStatus: 429, code: 20429 } },
  },
  {
    digits: '14',
    happens: `connection cut; the call appears ${lagSeconds} seconds later`,
    effect: { calls: 'later', answer: { kind: 'cut' } },
  },
  {
    digits: '15',
    happens: `no answer ever; the call appears ${lagSeconds} seconds later`,
    effect: { calls: 'later', answer: { kind: 'hang' } },
  },
  {
    digits: '16',
    happens: `call made, 201 only after ${lagSeconds} seconds`,
    effect: { calls: 'yes', answer: { kind: 'slow' } },
  },
  {
    digits: '17',
    happens: 'call made, 201 with an empty body',
    effect: { calls: 'yes', answer: { kind: 'empty' } },
  },
  {
    digits: '18',
    happens: '504 with an HTML page, no call made',
    effect: { calls: 'never', answer: { kind: 'html', httpStatus: 504 } },
  },
  {
    digits: '19',
    happens: '504 with an HTML page, call made',
    effect: { calls: 'yes', answer: { kind: 'html', httpStatus: 504 } },
  },
  {
    digits: '20',
    happens: '400 with code 21211 in the newer RFC 9457 form, no call made',
    effect: { calls: 'never', answer: { kind: 'error', httpStatus: 400, code: 21211, rfc9457: true } },
  },
];

export const callbackFaults: Choice<CallbackFault>[] = [
  { digits: '0', happens: 'each is sent once, in order', effect: 'none' },
  { digits: '1', happens: 'all are lost', effect: 'all-lost' },
  { digits: '2', happens: 'the terminal one is lost', effect: 'last-lost' },
  { digits: '3', happens: 'the first one is lost', effect: 'first-lost' },
  { digits: '4', happens: 'each is sent twice', effect: 'doubled' },
  { digits: '5', happens: 'all are held back and then sent last first', effect: 'reversed' },
  { digits: '6', happens: `the terminal one is ${lagSeconds} seconds late`, effect: 'last-late' },
  { digits: '7', happens: 'all are sent before the create is answered', effect: 'early' },
  { digits: '8', happens: 'only the terminal one is sent', effect: 'only-last' },
  { digits: '9', happens: 'the last one before the terminal is sent after it', effect: 'straggler' },
];

export const readFaults: Choice<ReadFault>[] = [
  { digits: '0', happens: 'nothing goes wrong', effect: 'none' },
  {
    digits: '1',
    happens: `404 and missing from the list for the first ${lagSeconds} seconds`,
    effect: 'not-found-at-first',
  },
  { digits: '2', happens: `every status is seen ${lagSeconds} seconds late`, effect: 'stale' },
  { digits: '3', happens: '429 with code 20429', effect: 'too-many-requests' },
  { digits: '4', happens: '500 with code 20500', effect: 'server-error' },
  { digits: '5', happens: 'no answer ever', effect: 'hang' },
  {
    digits: '6',
    happens: `after the end, ${lagSeconds} seconds of an unknown status, then the final one`,
    effect: 'new-status',
  },
  {
    digits: '7',
    happens: 'fields empty or missing: `duration` "", `end_time` "", no `answered_by`, no `queue_time`',
    effect: 'missing-fields',
  },
  { digits: '8', happens: 'always 404, never in the list', effect: 'never-found' },
  { digits: '9', happens: 'the final status is never seen', effect: 'never-final' },
];
