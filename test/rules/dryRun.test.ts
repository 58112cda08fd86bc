import { describe, expect, it } from 'vitest';
import { completePolicy } from '../../activities/validation/retryPolicySchema.js';
import { type DryRunScenario, dryRun } from '../../src/policy/dryRun.js';
import { simulatedVerdict } from '../../src/policy/simulatedVerdict.js';
import { dryRunTable } from '../../src/terminal/dryRunTable.js';
import type { RetryPolicyRequest } from '../../workflows/callRequest.js';
import { classesOf, type RetryBasis } from '../../workflows/rules/retry.js';

function verdictFor(token: string): RetryBasis {
  const found = simulatedVerdict(token);
  if ('wrong' in found) throw new Error(`${token} ${found.wrong}`);
  return found;
}

describe('an argument of the command line stands for a verdict', () => {
  it.each<[string, RetryBasis['outcome'], boolean, string[]]>([
    ['answered', 'answered', false, []],
    ['answered-by-machine', 'answered', true, ['answered-by-machine']],
    ['busy', 'busy', true, ['busy']],
    ['no-answer', 'no-answer', true, ['no-answer']],
    ['failed', 'failed', true, ['failed']],
    ['canceled', 'canceled', false, ['canceled']],
    ['unknown', 'unknown', true, ['unknown']],
    ['unreachable', 'failed', true, ['unreachable', 'failed']],
    ['rejected', 'rejected', true, ['error:21214', 'unreachable', 'rejected']],
    ['invalid-number', 'invalid-number', false, ['error:21211', 'invalid-number']],
    ['sip:480', 'no-answer', true, ['sip:480', 'unreachable', 'no-answer']],
    ['sip:486', 'busy', true, ['sip:486', 'busy']],
    ['sip:487', 'no-answer', true, ['sip:487', 'no-answer']],
    ['sip:503', 'failed', true, ['sip:503', 'failed']],
    ['sip:607', 'failed', false, ['sip:607', 'failed']],
    ['error:32005', 'failed', true, ['error:32005', 'failed']],
    ['error:21215', 'rejected', false, ['error:21215', 'rejected']],
    ['error:13226', 'invalid-number', false, ['error:13226', 'invalid-number']],
    ['busy+sip:487', 'busy', true, ['sip:487', 'busy']],
    [
      'no-answer+sip:480+error:32005',
      'no-answer',
      true,
      ['error:32005', 'sip:480', 'unreachable', 'no-answer'],
    ],
    ['rejected+error:21216', 'rejected', false, ['error:21216', 'rejected']],
  ])('%s', (token, outcome, retryable, classes) => {
    const found = verdictFor(token);
    expect({ outcome: found.outcome, retryable: found.retryable, classes: classesOf(found) }).toEqual({
      outcome,
      retryable,
      classes,
    });
  });

  it.each([
    ['', 'is not a way in which an attempt can end; must be one of answered'],
    ['expired', 'is not a way in which an attempt can end; must be one of answered'],
    ['busy+failed', 'is not a way in which an attempt can end'],
    ['sip:48', 'is not a way in which an attempt can end'],
    ['sip:480+sip:486', 'is not a way in which an attempt can end'],
    ['constructor', 'is not a way in which an attempt can end'],
    ['error:20003', 'ends no attempt: the call waits until'],
  ])('%j stands for no verdict: says what is wrong', (token, wrong) => {
    expect(simulatedVerdict(token)).toEqual({ wrong: expect.stringContaining(wrong) });
  });
});

describe('a dry run of a policy', () => {
  const startAt = '2026-01-30T19:58:00.000Z';
  const berlin = { timeZone: 'Europe/Berlin', start: '08:00', end: '21:00' };
  async function ringsOf(
    policy: RetryPolicyRequest,
    tokens: string,
    scene: Partial<DryRunScenario> = {},
    random = 0,
  ) {
    const verdicts = tokens.split(',').map(verdictFor);
    const input = { startAt, giveUpAt: null, to: null, window: null, ...scene, verdicts };
    const { rings, endedBecause, outcome } = await dryRun(completePolicy(policy), input, random);
    return { rings: rings.map(({ at }) => at.slice(8, 19)), ends: endedBecause.message, outcome };
  }

  it.each<[string, RetryPolicyRequest, string, Partial<DryRunScenario>, string[], string, string]>([
    [
      'busy twice, then a person: each wait is added, and the answer ends it',
      { maxAttempts: 5, intervals: { busy: [60, 120] } },
      'busy,busy,answered',
      {},
      ['30T19:58:00', '30T19:59:00', '30T20:01:00'],
      'The call was answered',
      'answered',
    ],
    [
      'the last word repeats until the budget is used up',
      { maxAttempts: 3, initialIntervalSeconds: 60, backoffCoefficient: 2 },
      'no-answer',
      {},
      ['30T19:58:00', '30T19:59:00', '30T20:01:00'],
      'Attempt 3 of 3 was the last',
      'no-answer',
    ],
    [
      'the window shuts: the next one rings when it opens',
      { maxAttempts: 2, initialIntervalSeconds: 300 },
      'busy',
      { window: berlin },
      ['30T19:58:00', '31T07:00:00'],
      'Attempt 2 of 2 was the last',
      'busy',
    ],
    [
      'the window opens too late: the last outcome stays',
      { maxAttempts: 2, initialIntervalSeconds: 300, giveUpAfterSeconds: 3600 },
      'busy',
      { window: berlin },
      ['30T19:58:00'],
      'Attempt 2 would ring at 2026-01-31T07:00:00Z, and the call gives up at 2026-01-30T20:58:00Z',
      'busy',
    ],
    [
      'the wait is longer than the deadline',
      { maxAttempts: 2, initialIntervalSeconds: 300 },
      'busy',
      { giveUpAt: '2026-01-30T20:00:00Z' },
      ['30T19:58:00'],
      'Attempt 2 would ring at 2026-01-30T20:03:00Z, and the call gives up at 2026-01-30T20:00:00Z',
      'busy',
    ],
    [
      'the window never opens for this number: expired',
      { maxAttempts: 2 },
      'busy',
      { window: { start: '08:00', end: '21:00' }, to: '+80012345678' },
      [],
      'The calling window never opens',
      'expired',
    ],
    [
      'the zone comes from the number',
      { maxAttempts: 1 },
      'answered',
      { window: { start: '08:00', end: '21:00' }, to: '+81312345678' },
      ['30T23:00:00'],
      'The call was answered',
      'answered',
    ],
  ])('%s', async (_, policy, tokens, scene, rings, ends, outcome) => {
    expect(await ringsOf(policy, tokens, scene)).toEqual({ rings, ends, outcome });
  });

  it('with jitter: the earliest and the latest that chance may bring', async () => {
    const policy = { maxAttempts: 3, initialIntervalSeconds: 100, jitter: 0.1 };
    expect((await ringsOf(policy, 'busy', {}, 0)).rings).toEqual([
      '30T19:58:00',
      '30T19:59:30',
      '30T20:01:00',
    ]);
    expect((await ringsOf(policy, 'busy', {}, 1)).rings).toEqual([
      '30T19:58:00',
      '30T19:59:50',
      '30T20:01:40',
    ]);
  });
});

describe('the table of a dry run', () => {
  it('jitter leads to two results: both are shown, and what may not come at all', async () => {
    const policy = completePolicy({
      maxAttempts: 3,
      initialIntervalSeconds: 600,
      jitter: 0.5,
      giveUpAfterSeconds: 1200,
    });
    const scene = {
      startAt: '2026-01-30T19:00:00.000Z',
      giveUpAt: null,
      to: null,
      window: null,
      verdicts: [verdictFor('no-answer')],
    };
    const [earliest, latest] = [await dryRun(policy, scene, 0), await dryRun(policy, scene, 1)];
    const texts = { words: ['no-answer'], timeZones: ['Asia/Tokyo'] };
    expect(dryRunTable({ name: 'p', policy, earliest, latest }, texts).split('\n')).toEqual([
      'Policy p: at most 3 attempts, none later than 20 min after the start.',
      'ATTEMPT  EARLIEST (UTC)        LATEST (UTC)          ASIA/TOKYO                          WAITED          SET BY                  BECAUSE OF  ENDS AS',
      '1        2026-01-30T19:00:00Z  2026-01-30T19:00:00Z  Sat 2026-01-31 04:00:00                                                                 no-answer',
      '2        2026-01-30T19:05:00Z  2026-01-30T19:15:00Z  Sat 2026-01-31 04:05:00 – 04:15:00  5 min – 15 min  initialIntervalSeconds  no-answer   no-answer',
      '3        2026-01-30T19:10:00Z  not at all            Sat 2026-01-31 04:10:00             5 min           initialIntervalSeconds  no-answer   no-answer',
      'With the shortest waits: Attempt 3 of 3 was the last. The call ends as no-answer.',
      'With the longest waits: Attempt 3 would ring at 2026-01-30T19:30:00Z, and the call gives up at 2026-01-30T19:20:00Z. The call ends as no-answer.',
    ]);
  });
});
