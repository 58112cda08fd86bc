import { describe, expect, it } from 'vitest';
import { e164 } from '../../workflows/rules/phoneNumber.js';
import { forgeries, longestFreezeMs, planOf, targets } from './plan.js';

const options = { seed: 42, calls: 400, seconds: 300 };

describe('the plan of a run', () => {
  it('the same seed: the same plan, down to the millisecond', () => {
    expect(planOf(options)).toEqual(planOf(options));
  });

  it('a different seed: a different plan', () => {
    expect(planOf({ ...options, seed: 43 })).not.toEqual(planOf(options));
  });

  it('400 calls: planned in the order of their times, each with its own key', () => {
    const { calls } = planOf(options);
    expect(calls).toHaveLength(400);
    expect(calls.map(({ atMs }) => atMs)).toEqual(calls.map(({ atMs }) => atMs).sort((a, b) => a - b));
    expect(new Set(calls.map(({ key }) => key)).size).toBe(400);
    expect(calls.filter(({ request }) => !e164.test(request.to))).toEqual([]);
  });

  it.each([1, 2, 3])(
    'a short run with seed %i: has every kind of fault and every kind of forged callback',
    (seed) => {
      const { faults, forgeries: forged } = planOf({ seed, calls: 40, seconds: 20 });
      expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['kill', 'stop', 'freeze']));
      expect(new Set(faults.filter(({ kind }) => kind === 'kill').map(({ target }) => target))).toEqual(
        new Set(['api', 'worker-1', 'temporal', 'postgres']),
      );
      expect(new Set(forged.map(({ kind }) => kind))).toEqual(new Set(forgeries));
    },
  );

  it('a long run: kills every process and freezes none for longer than the settings allow', () => {
    const { faults } = planOf({ ...options, seconds: 1_200 });
    const killed = new Set(faults.filter(({ kind }) => kind === 'kill').map(({ target }) => target));
    expect(killed).toEqual(new Set(targets));
    expect(faults.filter(({ kind, forMs }) => kind === 'freeze' && forMs > longestFreezeMs)).toEqual([]);
  });

  it('a long run: has calls of every kind', () => {
    const { calls } = planOf(options);
    const sorts = {
      canceled: calls.filter(({ cancelAfterMs }) => cancelAfterMs !== null),
      'retried on request': calls.filter(({ retryNow }) => retryNow),
      'posted twice at once': calls.filter(({ postedTwice }) => postedTwice),
      'several between the same two numbers': calls.filter(({ what }) => what.endsWith('several at once')),
      'with giveUpAt': calls.filter(({ giveUpAfterSeconds }) => giveUpAfterSeconds !== null),
      'lost create responses': calls.filter(({ request }) => request.to.startsWith('+1500902')),
    };
    expect(Object.entries(sorts).filter(([, some]) => some.length === 0)).toEqual([]);
  });

  it('numbers whose outcome Twilio never reports: left out', () => {
    const { calls } = planOf(options);
    expect(calls.filter(({ request }) => /^\+15009\d{3}[89]/.test(request.to))).toEqual([]);
  });
});
