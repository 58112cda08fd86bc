import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRetryPolicy, completePolicy } from '../../activities/validation/retryPolicySchema.js';
import type { RetryClass, RetryPolicy } from '../../workflows/callRequest.js';
import { classesOf, errorCodeWithinSeconds, nextStep, type RetryBasis } from '../../workflows/rules/retry.js';

const policy = completePolicy({
  maxAttempts: 4,
  initialIntervalSeconds: 60,
  backoffCoefficient: 2,
  maximumIntervalSeconds: 200,
});
const ended = (outcome: RetryBasis['outcome'], more: Partial<RetryBasis> = {}): RetryBasis => ({
  outcome,
  retryable: true,
  reachability: 'undetermined',
  answeredBy: null,
  sipResponseCode: null,
  errorCode: null,
  ...more,
});
const noRandom = () => {
  throw new Error('chance is asked though the policy has no jitter');
};

describe('after an attempt', () => {
  it.each<[string, Partial<RetryPolicy>, number, RetryBasis, number | 'stop']>([
    ['busy, first: the initial interval', {}, 1, ended('busy'), 60],
    ['busy, second: twice that', {}, 2, ended('busy'), 120],
    ['busy, third: not above the maximum', {}, 3, ended('busy'), 200],
    ['busy, fourth of four: stop', {}, 4, ended('busy'), 'stop'],
    ['coefficient 1: a fixed interval', { backoffCoefficient: 1 }, 3, ended('busy'), 60],
    ['one attempt: stop', { maxAttempts: 1 }, 1, ended('busy'), 'stop'],
    ['an outcome that the policy does not name: stop', { retryOn: ['busy'] }, 1, ended('failed'), 'stop'],
    ['unknown, not named: never dialed again', {}, 1, ended('unknown'), 'stop'],
    ['unknown, named: dialed again', { retryOn: ['unknown'] }, 1, ended('unknown'), 60],
    ['unwanted, although failed is named: stop', {}, 1, ended('failed', { retryable: false }), 'stop'],
    ['answered: stop', { retryOn: ['answered'] }, 1, ended('answered', { retryable: false }), 'stop'],
    ['intervals of this outcome go first', { intervals: { busy: [5, 10] } }, 1, ended('busy'), 5],
    ['the second of them', { intervals: { busy: [5, 10] } }, 2, ended('busy'), 10],
    ['the last of them repeats', { intervals: { busy: [5, 10] } }, 3, ended('busy'), 10],
    ['intervals of another outcome do not count', { intervals: { busy: [5] } }, 1, ended('failed'), 60],
    ['none listed: the initial interval', { intervals: { busy: [] } }, 1, ended('busy'), 60],
    ['at once', { intervals: { busy: [0] } }, 1, ended('busy'), 0],
  ])('%s', (_, over, attempt, after, expected) => {
    const step = nextStep({ ...policy, ...over }, attempt, after, noRandom);
    expect(step.kind === 'stop' ? 'stop' : step.afterSeconds).toBe(expected);
    if (step.kind === 'stop') expect(step?.endedBecause.message).not.toBe('');
  });
});

const machine = ended('answered', { answeredBy: 'machine', reachability: 'reachable' });
const declined = ended('busy', { sipResponseCode: 486, reachability: 'reachable' });
const switchedOff = ended('no-answer', { sipResponseCode: 480, reachability: 'unreachable' });
const routeFailed = ended('failed', { sipResponseCode: 503, errorCode: 32009 });

describe('the classes of a result, the most specific first', () => {
  it.each<[string, RetryBasis, RetryClass[]]>([
    ['nothing but an outcome', ended('busy'), ['busy']],
    ['a SIP code', declined, ['sip:486', 'busy']],
    ['a number that cannot be reached', switchedOff, ['sip:480', 'unreachable', 'no-answer']],
    ['an error code and a SIP code', routeFailed, ['error:32009', 'sip:503', 'failed']],
    [
      'a refused create: the number cannot be reached',
      ended('rejected', { errorCode: 21214, reachability: 'unreachable' }),
      ['error:21214', 'unreachable', 'rejected'],
    ],
    ['a machine picked up', machine, ['answered-by-machine']],
    ['a fax picked up', ended('answered', { answeredBy: 'fax' }), ['answered-by-machine']],
    ['a person picked up', ended('answered', { answeredBy: 'human' }), []],
    ['nobody can tell who picked up', ended('answered', { answeredBy: 'unknown' }), []],
    ['no machine detection', ended('answered'), []],
    ['unknown: whatever else is known of it', ended('unknown', { errorCode: 32009 }), ['unknown']],
  ])('%s', (_, verdict, classes) => {
    expect(classesOf(verdict)).toEqual(classes);
  });
});

describe('a policy that names finer classes', () => {
  it.each<[string, Partial<RetryPolicy>, RetryBasis, RetryClass | 'stop']>([
    ['a machine, not named: final', {}, machine, 'stop'],
    ['a machine, named: dialed again', { retryOn: ['answered-by-machine'] }, machine, 'answered-by-machine'],
    ['the SIP code alone is named', { retryOn: ['sip:480'] }, switchedOff, 'sip:480'],
    ['another SIP code is named: stop', { retryOn: ['sip:408'] }, switchedOff, 'stop'],
    ['unreachable is named', { retryOn: ['unreachable'] }, switchedOff, 'unreachable'],
    ['the error code is named', { retryOn: ['error:32009'] }, routeFailed, 'error:32009'],
    ['an outcome covers its finer classes', { retryOn: ['failed'] }, routeFailed, 'failed'],
    ['several are named: the most specific', { retryOn: ['failed', 'sip:503'] }, routeFailed, 'sip:503'],
    ['never on a finer class: stop', { retryOn: ['busy'], neverOn: ['sip:486'] }, declined, 'stop'],
    ['never on a wider class: stop as well', { retryOn: ['sip:486'], neverOn: ['busy'] }, declined, 'stop'],
    ['never on another class', { retryOn: ['busy'], neverOn: ['sip:600'] }, declined, 'busy'],
    [
      'unknown is not brought back by a code',
      { retryOn: ['error:32009'] },
      ended('unknown', { errorCode: 32009 }),
      'stop',
    ],
  ])('%s', (_, over, after, expected) => {
    const step = nextStep({ ...policy, ...over }, 1, after, noRandom);
    expect(step.kind === 'stop' ? 'stop' : step.because).toBe(expected);
  });
});

describe('which wait: that of the most specific class which has one', () => {
  const own = { initialIntervalSeconds: 7, backoffCoefficient: 10, maximumIntervalSeconds: 300 };
  it.each<[string, Partial<RetryPolicy>, number, RetryBasis, number, string]>([
    ['none has: the policy’s back-off', {}, 2, routeFailed, 120, 'initialIntervalSeconds'],
    ['the list of its outcome', { intervals: { failed: [5] } }, 1, routeFailed, 5, 'intervals.failed'],
    [
      'the list of its SIP code takes precedence over that of its outcome',
      { intervals: { failed: [5], 'sip:503': [6] } },
      1,
      routeFailed,
      6,
      'intervals.sip:503',
    ],
    [
      'the back-off of its error code takes precedence over the list of its SIP code',
      { intervals: { 'sip:503': [6] }, backoff: { 'error:32009': own } },
      1,
      routeFailed,
      7,
      'backoff.error:32009',
    ],
    [
      'a back-off of its own grows by itself',
      { backoff: { failed: own } },
      2,
      routeFailed,
      70,
      'backoff.failed',
    ],
    ['and has a ceiling of its own', { backoff: { failed: own } }, 3, routeFailed, 300, 'backoff.failed'],
    [
      'unreachable takes precedence over the outcome',
      { intervals: { unreachable: [9], 'no-answer': [8] } },
      1,
      switchedOff,
      9,
      'intervals.unreachable',
    ],
  ])('%s', (_, over, attempt, after, seconds, from) => {
    const step = nextStep({ ...policy, ...over }, attempt, after, noRandom);
    expect(step).toMatchObject({ afterSeconds: seconds, waitFrom: from });
  });
});

describe('jitter', () => {
  it.each<[string, Partial<RetryPolicy>, number, number, number]>([
    ['the least chance: the wait less its jitter', { jitter: 0.5 }, 1, 0, 30],
    ['half a chance: the wait itself', { jitter: 0.5 }, 1, 0.5, 60],
    ['the most: the wait and its jitter', { jitter: 0.5 }, 1, 1, 90],
    ['at the ceiling: from there downwards', { jitter: 0.5 }, 3, 1, 200],
    ['at the ceiling: drawn evenly all the same', { jitter: 0.5 }, 3, 0.5, 150],
    ['just below the ceiling: up to it', { jitter: 1 }, 2, 1, 200],
    ['a list has no ceiling', { jitter: 0.5, intervals: { busy: [1000] } }, 1, 1, 1500],
    ['jitter 1: from nothing', { jitter: 1 }, 1, 0, 0],
  ])('%s', (_, over, attempt, random, seconds) => {
    const step = nextStep({ ...policy, ...over }, attempt, ended('busy'), () => random);
    expect(step).toMatchObject({ afterSeconds: seconds });
  });

  it('none, or 0: chance is not asked', () => {
    expect(nextStep({ ...policy, jitter: 0 }, 1, ended('busy'), noRandom)).toMatchObject({
      afterSeconds: 60,
    });
  });
});

describe('whatever the policy', () => {
  const retryClass = fc.constantFrom<RetryClass>(
    'busy',
    'no-answer',
    'failed',
    'rejected',
    'unknown',
    'answered-by-machine',
    'unreachable',
    'sip:486',
    'sip:503',
    'error:32009',
  );
  const wait = fc.double({ min: 0, max: 1e6, noNaN: true });
  const anyPolicy = fc
    .record(
      {
        maxAttempts: fc.integer({ min: 1, max: 100 }),
        retryOn: fc.uniqueArray(retryClass),
        neverOn: fc.uniqueArray(retryClass, { maxLength: 2 }),
        initialIntervalSeconds: wait,
        backoffCoefficient: fc.double({ min: 1, max: 100, noNaN: true }),
        maximumIntervalSeconds: wait,
        intervals: fc.dictionary(retryClass, fc.array(wait, { minLength: 1, maxLength: 4 })),
        backoff: fc.dictionary(retryClass, fc.record({ initialIntervalSeconds: wait })),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      },
      { requiredKeys: ['maxAttempts'] },
    )
    .map((input) => checkRetryPolicy(input))
    .filter((checked) => 'policy' in checked)
    .map((checked) => ('policy' in checked ? checked.policy : completePolicy({ maxAttempts: 1 })));
  const anyVerdict = fc.record<RetryBasis>({
    outcome: fc.constantFrom('answered', 'busy', 'no-answer', 'failed', 'rejected', 'unknown'),
    retryable: fc.boolean(),
    reachability: fc.constantFrom('reachable', 'unreachable', 'undetermined'),
    answeredBy: fc.constantFrom('human', 'machine', 'fax', 'unknown', null),
    sipResponseCode: fc.constantFrom(486, 503, null),
    errorCode: fc.constantFrom(32009, null),
  });
  const attempt = fc.integer({ min: 1, max: 120 });
  const anyRandom = fc.double({ min: 0, max: 1, noNaN: true });

  it('a wait lies within its jitter, and a back-off below its ceiling', () => {
    fc.assert(
      fc.property(anyPolicy, attempt, anyVerdict, anyRandom, (policy, attempt, verdict, random) => {
        const step = nextStep(policy, attempt, verdict, () => random);
        if (step.kind === 'stop') return;
        const steady = { ...policy, jitter: 0 };
        const without = nextStep(steady, attempt, verdict, noRandom);
        const seconds = without.kind === 'stop' ? Number.NaN : without.afterSeconds;
        const { jitter } = policy;
        expect(step.afterSeconds).toBeGreaterThanOrEqual(seconds * (1 - jitter) - 1e-6);
        expect(step.afterSeconds).toBeLessThanOrEqual(seconds * (1 + jitter) + 1e-6);
        const [kind, name] = step.waitFrom.split(/\.(.*)/s);
        if (kind === 'intervals') return;
        const by = name ? policy.backoff?.[name as RetryClass] : policy;
        expect(step.afterSeconds).toBeLessThanOrEqual((by?.maximumIntervalSeconds ?? -1) + 1e-6);
      }),
    );
  });

  it('a later chance never means an earlier attempt, and none begins before the last one has ended', () => {
    fc.assert(
      fc.property(
        anyPolicy,
        attempt,
        anyVerdict,
        anyRandom,
        anyRandom,
        (policy, attempt, verdict, one, other) => {
          const [first, second] = [Math.min(one, other), Math.max(one, other)].map((random) =>
            nextStep(policy, attempt, verdict, () => random),
          );
          if (first?.kind !== 'retry' || second?.kind !== 'retry') {
            expect(first).toEqual(second);
            return;
          }
          expect(first.afterSeconds).toBeGreaterThanOrEqual(0);
          expect(second.afterSeconds).toBeGreaterThanOrEqual(first.afterSeconds - 1e-6);
        },
      ),
    );
  });

  it('no more attempts than it allows; nothing again after what is final, or what it does not name', () => {
    fc.assert(
      fc.property(anyPolicy, attempt, anyVerdict, (policy, attempt, verdict) => {
        const again = nextStep(policy, attempt, verdict, () => 0.5).kind === 'retry';
        const classes = classesOf(verdict);
        const named = (list: RetryClass[] = []) => classes.some((one) => list.includes(one));
        expect(again).toBe(
          attempt < policy.maxAttempts &&
            verdict.retryable &&
            named(policy.retryOn) &&
            !named(policy.neverOn),
        );
        if (verdict.outcome === 'unknown' && again) expect(policy.retryOn).toContain('unknown');
        if (verdict.outcome === 'answered' && again) expect(['machine', 'fax']).toContain(verdict.answeredBy);
      }),
    );
  });
});

describe('the reason of a failure is searched for', () => {
  it.each<[string, Partial<RetryPolicy>, number, RetryBasis, number | null]>([
    ['dialed again in a minute: no longer than that', {}, 1, ended('failed'), 60],
    ['its third attempt: no longer than the wait after that one', {}, 3, ended('failed'), 200],
    ['a wait with jitter: no longer than the shortest', { jitter: 0.5 }, 1, ended('failed'), 30],
    ['not dialed again: as long as it takes', {}, 4, ended('failed'), null],
    [
      'an outcome that is not tried again: as long as it takes',
      { retryOn: ['busy'] },
      1,
      ended('failed'),
      null,
    ],
    [
      'the policy names an error code: as long as it takes',
      { retryOn: ['failed', 'error:32016'] },
      1,
      ended('failed'),
      null,
    ],
    [
      'it waits otherwise after an error code: the same',
      { intervals: { 'error:32016': [5] } },
      1,
      ended('failed'),
      null,
    ],
    ['it never dials again after one: the same', { neverOn: ['error:32016'] }, 1, ended('failed'), null],
    ['it names the unreachable: the same', { retryOn: ['failed', 'unreachable'] }, 1, ended('failed'), null],
    [
      'it backs off from the unreachable: the same',
      {
        backoff: {
          unreachable: { initialIntervalSeconds: 9, backoffCoefficient: 1, maximumIntervalSeconds: 9 },
        },
      },
      1,
      ended('failed'),
      null,
    ],
  ])('%s', (_, more, attempt, verdict, seconds) => {
    expect(errorCodeWithinSeconds({ ...policy, ...more }, attempt, verdict)).toBe(seconds);
  });
});
