import { describe, expect, it } from 'vitest';
import type { Outcome, RetryPolicy } from '../../workflows/callRequest.js';
import { nextStep } from '../../workflows/nextStep.js';
import type { Verdict } from '../../workflows/outcomeOf.js';

const policy: RetryPolicy = {
  maxAttempts: 4,
  retryOn: ['busy', 'no-answer', 'failed'],
  initialIntervalSeconds: 60,
  backoffCoefficient: 2,
  maximumIntervalSeconds: 200,
};
const verdict = (outcome: Outcome, retryable = true): Verdict => ({
  outcome,
  retryable,
  reachability: 'undetermined',
  reason: null,
});

describe('after an attempt', () => {
  it.each<[string, Partial<RetryPolicy>, number, Verdict, number | 'stop']>([
    ['busy, first: the initial interval', {}, 1, verdict('busy'), 60],
    ['busy, second: twice that', {}, 2, verdict('busy'), 120],
    ['busy, third: not above the maximum', {}, 3, verdict('busy'), 200],
    ['busy, fourth of four: stop', {}, 4, verdict('busy'), 'stop'],
    ['coefficient 1: a fixed interval', { backoffCoefficient: 1 }, 3, verdict('busy'), 60],
    ['one attempt: stop', { maxAttempts: 1 }, 1, verdict('busy'), 'stop'],
    ['an outcome that the policy does not name: stop', { retryOn: ['busy'] }, 1, verdict('failed'), 'stop'],
    ['unknown, not named: never dialled again', {}, 1, verdict('unknown'), 'stop'],
    ['unknown, named: dialled again', { retryOn: ['unknown'] }, 1, verdict('unknown'), 60],
    ['unwanted, although failed is named: stop', {}, 1, verdict('failed', false), 'stop'],
    ['answered: stop', { retryOn: ['answered' as Outcome] }, 1, verdict('answered', false), 'stop'],
    ['intervals of this outcome go first', { intervals: { busy: [5, 10] } }, 1, verdict('busy'), 5],
    ['the second of them', { intervals: { busy: [5, 10] } }, 2, verdict('busy'), 10],
    ['the last of them repeats', { intervals: { busy: [5, 10] } }, 3, verdict('busy'), 10],
    ['intervals of another outcome do not count', { intervals: { busy: [5] } }, 1, verdict('failed'), 60],
    ['none listed: the initial interval', { intervals: { busy: [] } }, 1, verdict('busy'), 60],
    ['at once', { intervals: { busy: [0] } }, 1, verdict('busy'), 0],
  ])('%s', (_, over, attempt, after, expected) => {
    const step = nextStep({ ...policy, ...over }, attempt, after);
    expect(step.kind === 'stop' ? 'stop' : step.afterSeconds).toBe(expected);
    if (step.kind === 'stop') expect(step.why).not.toBe('');
  });
});
