import { describe, expect, it } from 'vitest';
import { useEndToEndStack } from './useEndToEndStack.js';

const stack = useEndToEndStack({ callbackWaitSeconds: 2, pollIntervalSeconds: 1, absentAfterSeconds: 5 });

type Row = [to: string, expected: Record<string, unknown>, request?: Record<string, unknown>];

/** Runs the rows of a table at the same time. Each is a call of its own over HTTP. */
function each(title: string, rows: Row[]): void {
  describe(title, () => {
    it.concurrent.each(rows)('%s: %j', async (to, expected, request = {}) => {
      const outcome = await stack.call({ to, ...request });
      expect(outcome).toMatchObject(expected);
      const calls = await stack.simulated(to);
      expect(calls.map((call) => call.sid)).toEqual(
        outcome.attempts.flatMap((attempt) => attempt.callSid ?? []),
      );
    });
  });
}

const poll = { decidedBy: 'poll', sipResponseCode: null };
const amd = { machineDetection: 'detectMessageEnd' };

each('final status and SIP code', [
  [
    '+15005551200',
    {
      outcome: 'answered',
      reachability: 'reachable',
      decidedBy: 'webhook',
      sipResponseCode: 200,
      answeredBy: null,
      reason: null,
    },
  ],
  ['+15005551000', { outcome: 'answered', sipResponseCode: null }],
  [
    '+15005552486',
    {
      outcome: 'busy',
      reachability: 'reachable',
      sipResponseCode: 486,
      reason: { code: '486', source: 'sip' },
    },
  ],
  ['+15005552487', { outcome: 'busy', reachability: 'reachable', sipResponseCode: 487 }],
  ['+15005552600', { outcome: 'busy', reachability: 'reachable' }],
  ['+15005553487', { outcome: 'no-answer', reachability: 'reachable', durationSeconds: 0 }],
  ['+15005554487', { outcome: 'no-answer', reachability: 'undetermined' }],
  ['+15005554404', { outcome: 'no-answer', reachability: 'unreachable' }],
  [
    '+15005555404',
    { outcome: 'failed', reachability: 'unreachable', reason: { code: '404', source: 'sip' } },
  ],
  ['+15005555410', { outcome: 'failed', reachability: 'unreachable' }],
  [
    '+15005555480',
    {
      outcome: 'no-answer',
      reachability: 'unreachable',
      attempts: [{ status: 'failed', outcome: 'no-answer' }],
    },
  ],
  ['+15005556480', { outcome: 'no-answer', reachability: 'reachable' }],
  ['+15005555484', { outcome: 'failed', reachability: 'unreachable' }],
  ['+15005555503', { outcome: 'failed', reachability: 'undetermined' }],
  ['+15005555604', { outcome: 'failed', reachability: 'unreachable' }],
  ['+15005555607', { outcome: 'failed', reachability: 'undetermined' }],
  ['+15005557487', { outcome: 'canceled', decidedBy: 'webhook' }],
  ['+15005558106', { outcome: 'canceled', decidedBy: 'webhook' }],
  ['+15005558107', { outcome: 'canceled', ...poll }],
  ['+15005558108', { outcome: 'answered' }],
]);

each('machine detection', [
  ['+15005558001', { outcome: 'answered', answeredBy: 'human' }, amd],
  ['+15005558002', { outcome: 'answered', answeredBy: 'machine' }, amd],
  ['+15005558003', { outcome: 'answered', answeredBy: 'machine' }, amd],
  ['+15005558006', { outcome: 'answered', answeredBy: 'fax' }, amd],
  ['+15005558007', { outcome: 'answered', answeredBy: 'unknown' }, { machineDetection: 'enable' }],
]);

each('Twilio refuses the call', [
  [
    '+15005550001',
    {
      outcome: 'invalid-number',
      reachability: 'invalid',
      decidedBy: 'create',
      errorCode: 21217,
      callSid: null,
    },
  ],
  ['+15005550002', { outcome: 'rejected', reachability: 'unreachable', errorCode: 21214 }],
  ['+15005550003', { outcome: 'rejected', reachability: 'undetermined', errorCode: 21215 }],
  [
    '+15005550004',
    { outcome: 'rejected', reachability: 'undetermined', reason: { code: '21216', source: 'twilio' } },
  ],
  ['+15006212110', { outcome: 'invalid-number', errorCode: 21211 }],
  ['+15006212650', { outcome: 'invalid-number', errorCode: 21265 }],
  ['+15006132260', { outcome: 'invalid-number', errorCode: 13226 }],
  ['+15006132240', { outcome: 'rejected', reachability: 'unreachable' }],
  ['+15006212102', { outcome: 'rejected', errorCode: 21210 }],
  ['+15006212199', { outcome: 'rejected', errorCode: 21219 }],
  ['+15006200031', { outcome: 'answered', attempts: [{ number: 1 }] }],
  ['+15006100041', { outcome: 'answered', attempts: [{ number: 1 }] }],
  ['+15009200000', { outcome: 'invalid-number', errorCode: 21211 }],
]);

each('error code from the notifications', [
  ['+15007132240', { outcome: 'failed', errorCode: 13224, reachability: 'unreachable' }],
  [
    '+15007320160',
    {
      outcome: 'failed',
      errorCode: 32016,
      reachability: 'undetermined',
      reason: { code: '32016', source: 'twilio' },
    },
  ],
  ['+15007320170', { outcome: 'failed', errorCode: 32017 }],
]);

each('Lookup', [
  [
    '+15008100000',
    {
      outcome: 'invalid-number',
      decidedBy: 'lookup',
      attempts: [],
      reason: { code: 'TOO_SHORT', source: 'lookup' },
    },
  ],
  ['+15008500000', { outcome: 'invalid-number', reason: { code: 'INVALID_BUT_POSSIBLE' } }],
  ['+15008000300', { outcome: 'invalid-number', reason: { code: 'inactive' } }, { lookup: 'lineStatus' }],
  ['+15008000301', { outcome: 'answered' }],
  ['+15008001200', { outcome: 'answered', lookup: { lineStatus: 'unreachable' } }, { lookup: 'lineStatus' }],
  [
    '+15008001000',
    { outcome: 'answered', lookup: { lineType: 'landline', valid: true } },
    { lookup: 'lineType' },
  ],
  ['+15008000010', { outcome: 'answered', lookup: { answered: false, errors: [{ code: 20404 }] } }],
  ['+15008000040', { outcome: 'answered', lookup: { answered: false } }],
  ['+15008000060', { outcome: 'answered', lookup: { answered: false } }],
  [
    '+15008012070',
    { outcome: 'answered', lookup: { answered: true, errors: [{ code: 60612 }] } },
    { lookup: 'lineStatus' },
  ],
  ['+15008000090', { outcome: 'answered' }],
]);

each('lost callbacks', [
  ['+15009001000', { outcome: 'answered', ...poll }],
  ['+15009002002', { outcome: 'busy', ...poll }],
  ['+15009001003', { outcome: 'no-answer', ...poll }],
  ['+15009003006', { outcome: 'no-answer', sipResponseCode: 480 }],
  ['+15009004000', { outcome: 'answered' }],
  ['+15009005000', { outcome: 'answered' }],
  ['+15009007000', { outcome: 'answered', decidedBy: 'webhook' }],
  ['+15009008005', { outcome: 'failed', sipResponseCode: 404 }],
  ['+15009009000', { outcome: 'answered' }],
  ['+15009001100', { outcome: 'answered', ...poll }],
  ['+15009001208', { outcome: 'answered', ...poll }],
  ['+15009001602', { outcome: 'busy', ...poll }],
  ['+15009001700', { outcome: 'answered', ...poll }],
]);

each('lost create response', [
  ['+15009020000', { outcome: 'answered' }],
  ['+15009021000', { outcome: 'answered', ...poll }],
  ['+15009042002', { outcome: 'busy', ...poll }],
  ['+15009060003', { outcome: 'no-answer' }],
  ['+15009080000', { outcome: 'answered' }],
  ['+15009090000', { outcome: 'answered' }],
  ['+15009170000', { outcome: 'answered' }],
  ['+15009140000', { outcome: 'answered' }],
  ['+15009012010', { outcome: 'answered', attempts: [{ number: 1 }] }],
  ['+15009030010', { outcome: 'answered' }],
  ['+15009050010', { outcome: 'answered' }],
  ['+15009120010', { outcome: 'answered' }],
  ['+15009130010', { outcome: 'answered' }],
]);

describe('retries', () => {
  const retry = {
    maxAttempts: 3,
    retryOn: ['busy', 'no-answer', 'failed'],
    initialIntervalSeconds: 1,
    maximumIntervalSeconds: 1,
    backoffCoefficient: 1,
  };

  it.concurrent('busy three times: three attempts, three Twilio calls, one outcome', async () => {
    const outcome = await stack.call({ to: '+15005552486', from: '+15005550100', retry });
    expect(outcome).toMatchObject({
      outcome: 'busy',
      attempts: [{ number: 1 }, { number: 2 }, { number: 3 }],
    });
    expect(new Set(outcome.attempts.map((attempt) => attempt.callSid)).size).toBe(3);
  });

  it.concurrent('unwanted: not dialed again, whatever the policy says', async () => {
    const outcome = await stack.call({ to: '+15005555607', from: '+15005550100', retry });
    expect(outcome.attempts).toHaveLength(1);
  });
});
