import { describe, expect, it } from 'vitest';
import { faultLine } from '../../activities/validation/fault.js';
import { checkRetryPolicy, completePolicy } from '../../activities/validation/retryPolicySchema.js';
import { newAttempt } from '../../workflows/call/attempt.js';
import { updateFromCallback } from '../../workflows/rules/callUpdate.js';
import { classesOf, deadlineOf } from '../../workflows/rules/retry.js';
import { verdictOfAttempt } from '../../workflows/rules/verdict.js';

const classes =
  'must be one of busy, no-answer, failed, rejected, unknown, answered-by-machine, unreachable, sip:CODE such as sip:480, error:CODE such as error:32005';

describe('a policy that is right', () => {
  it.each([
    [
      'finer classes',
      { retryOn: ['answered-by-machine', 'unreachable', 'sip:100', 'sip:699', 'error:32005'] },
    ],
    ['no class at all', { retryOn: [], neverOn: [] }],
    ['never after what is final anyway', { neverOn: ['sip:607', 'error:21211'] }],
    [
      'lists and back-offs of different classes',
      { intervals: { busy: [1] }, backoff: { failed: { initialIntervalSeconds: 1 } } },
    ],
    ['the limits of jitter', { jitter: 0 }],
    ['the limits of jitter, again', { jitter: 1 }],
    ['a deadline of a year', { giveUpAfterSeconds: 31_622_400 }],
  ])('%s', (_, fields) => {
    expect(checkRetryPolicy({ maxAttempts: 2, ...fields })).toHaveProperty('policy');
  });

  it('what a back-off of a class leaves out is the policy’s; a longer first wait lifts the ceiling', () => {
    const { backoff } = completePolicy({
      maxAttempts: 3,
      backoffCoefficient: 2,
      maximumIntervalSeconds: 600,
      backoff: {
        busy: { initialIntervalSeconds: 30 },
        'sip:503': { initialIntervalSeconds: 900, backoffCoefficient: 1 },
      },
    });
    expect(backoff).toEqual({
      busy: { initialIntervalSeconds: 30, backoffCoefficient: 2, maximumIntervalSeconds: 600 },
      'sip:503': { initialIntervalSeconds: 900, backoffCoefficient: 1, maximumIntervalSeconds: 900 },
    });
  });

  it('only maxAttempts is named: every other field has its default', () => {
    expect(completePolicy({ maxAttempts: 2 })).toEqual({
      maxAttempts: 2,
      retryOn: ['busy', 'no-answer', 'failed'],
      neverOn: [],
      intervals: {},
      backoff: {},
      initialIntervalSeconds: 300,
      backoffCoefficient: 1,
      maximumIntervalSeconds: 3600,
      jitter: 0,
      giveUpAfterSeconds: null,
    });
  });
});

describe('a policy that is wrong: each fault is named', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ retryOn: ['sip:99'] }, `retryOn.0 is "sip:99"; ${classes}`],
    [{ retryOn: ['sip:700'] }, `retryOn.0 is "sip:700"; ${classes}`],
    [{ retryOn: ['error:'] }, `retryOn.0 is "error:"; ${classes}`],
    [{ retryOn: ['busy', 'answered'] }, `retryOn.1 is "answered"; ${classes}`],
    [{ retryOn: ['invalid-number'] }, `retryOn.0 is "invalid-number"; ${classes}`],
    [{ neverOn: ['canceled'] }, `neverOn.0 is "canceled"; ${classes}`],
    [{ retryOn: ['sip:607'] }, 'retryOn.0 is "sip:607", after which no policy dials again; must be left out'],
    [
      { retryOn: ['error:21211'] },
      'retryOn.0 is "error:21211", after which no policy dials again; must be left out',
    ],
    [
      { retryOn: ['busy', 'sip:486'], neverOn: ['sip:486'] },
      'neverOn.0 is "sip:486", which retryOn names too; must be in one',
    ],
    [{ intervals: { 'sip:4': [1] } }, `intervals.sip:4 is unknown; ${classes}`],
    [
      { backoff: JSON.parse('{"__proto__": {"initialIntervalSeconds": 1}}') },
      `backoff.__proto__ is unknown; ${classes}`,
    ],
    [{ backoff: { later: { initialIntervalSeconds: 1 } } }, `backoff.later is unknown; ${classes}`],
    [
      { backoff: { busy: 60 } },
      'backoff.busy is 60; must be a back-off, an object with initialIntervalSeconds',
    ],
    [
      { backoff: { busy: {} } },
      'backoff.busy.initialIntervalSeconds is missing; must be a number of seconds, 0..31622400',
    ],
    [
      { backoff: { busy: { initialIntervalSeconds: 1, jitter: 1 } } },
      'backoff.busy.jitter is unknown; must be one of initialIntervalSeconds, backoffCoefficient, maximumIntervalSeconds',
    ],
    [
      { backoff: { busy: { initialIntervalSeconds: 9, maximumIntervalSeconds: 8 } } },
      'backoff.busy.maximumIntervalSeconds is 8, below initialIntervalSeconds (9); must not be below it',
    ],
    [
      { intervals: { busy: [1] }, backoff: { busy: { initialIntervalSeconds: 1 } } },
      'backoff.busy has a list in intervals too; must be in one',
    ],
    [
      { jitter: 1.5 },
      'jitter is 1.5; must be a number 0..1: the part by which a wait may be shorter or longer',
    ],
    [{ giveUpAfterSeconds: 0 }, 'giveUpAfterSeconds is 0; must be an integer 1..31622400 seconds'],
  ])('%j: %s', (fields, fault) => {
    const checked = checkRetryPolicy({ maxAttempts: 2, ...fields });
    expect('faults' in checked ? checked.faults.map(faultLine) : []).toEqual([fault]);
  });
});

describe('when a call gives up at the latest', () => {
  const startedAt = '2026-01-31T09:00:00.000Z';
  it.each<[string, number | undefined, string | null, string | null, string | null]>([
    ['neither says: never', undefined, null, null, null],
    ['only the request says', undefined, null, '2026-01-31T10:00:00+01:00', '2026-01-31T10:00:00+01:00'],
    ['only the policy says: from the start', 3600, null, null, '2026-01-31T10:00:00.000Z'],
    ['the request’s is earlier', 3600, null, '2026-01-31T09:30:00Z', '2026-01-31T09:30:00Z'],
    ['the policy’s is earlier', 3600, null, '2026-01-31T11:00:00Z', '2026-01-31T10:00:00.000Z'],
    [
      'it may not begin at once: from then on',
      3600,
      '2026-02-01T09:00:00Z',
      null,
      '2026-02-01T10:00:00.000Z',
    ],
    ['notBefore is past: from the start', 3600, '2025-02-01T09:00:00Z', null, '2026-01-31T10:00:00.000Z'],
  ])('%s', (_, giveUpAfterSeconds, notBefore, giveUpAt, deadline) => {
    const policy = completePolicy({ maxAttempts: 2, ...(giveUpAfterSeconds ? { giveUpAfterSeconds } : {}) });
    expect(deadlineOf(policy, { startedAt, notBefore, giveUpAt })).toBe(deadline);
  });
});

describe('the result that the evidence shows', () => {
  const attemptWith = (CallStatus: string, more: Record<string, string> = {}) => {
    const update = updateFromCallback({ CallSid: 'CA', CallStatus, ...more });
    const attempt = newAttempt(1);
    return { ...attempt, evidence: { ...attempt.evidence, updates: update ? [update] : [] } };
  };
  it.each<[string, ReturnType<typeof attemptWith>, boolean, string[]]>([
    ['a person answered: final', attemptWith('completed', { AnsweredBy: 'human' }), false, []],
    ['AMD could not tell: final', attemptWith('completed', { AnsweredBy: 'unknown' }), false, []],
    ['no AMD: final', attemptWith('completed'), false, []],
    ['a beep', attemptWith('completed', { AnsweredBy: 'machine_end_beep' }), true, ['answered-by-machine']],
    ['a fax', attemptWith('completed', { AnsweredBy: 'fax' }), true, ['answered-by-machine']],
    ['opt-out: final', attemptWith('failed', { SipResponseCode: '607' }), false, ['sip:607', 'failed']],
    [
      'failed with 480: not answered',
      attemptWith('failed', { SipResponseCode: '480', ErrorCode: '32005' }),
      true,
      ['error:32005', 'sip:480', 'unreachable', 'no-answer'],
    ],
    ['canceled: final', attemptWith('canceled'), false, ['canceled']],
    ['nothing: unknown', newAttempt(1), true, ['unknown']],
  ])('%s', (_, attempt, retryable, classes) => {
    const verdict = verdictOfAttempt(attempt);
    expect({ retryable: verdict.retryable, classes: classesOf(verdict) }).toEqual({ retryable, classes });
  });
});
