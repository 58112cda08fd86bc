import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallUpdate } from '../../workflows/callOutcome.js';
import { disagree, isRepeat, mergeUpdates, updateFromCallback } from '../../workflows/rules/callUpdate.js';
import { isTerminal, orderOf, stateOf } from '../../workflows/rules/twilioStatus.js';

const callSid = 'CA00000000000000000000000000000001';

function update(over: Partial<CallUpdate>): CallUpdate {
  return {
    source: 'webhook',
    callSid,
    status: 'ringing',
    sequence: null,
    at: null,
    sipResponseCode: null,
    errorCode: null,
    durationSeconds: null,
    answeredBy: null,
    rang: false,
    ...over,
  };
}

describe("Twilio's statuses", () => {
  it.each([
    ['queued', false, 'queued'],
    ['initiated', false, 'queued'],
    ['ringing', false, 'ringing'],
    ['in-progress', false, 'in-progress'],
    ['completed', true, null],
    ['busy', true, null],
    ['no-answer', true, null],
    ['failed', true, null],
    ['canceled', true, null],
    ['teleporting', false, null],
    ['toString', false, null],
    ['', false, null],
  ])('%s: final %s, the call is then %s', (status, terminal, state) => {
    expect(isTerminal(status)).toBe(terminal);
    expect(stateOf(status)).toBe(state);
  });

  it('status that Twilio never used before: hides no known one', () => {
    expect(orderOf('teleporting')).toBeLessThan(orderOf('queued'));
  });
});

describe('a status callback, read', () => {
  it('busy, UK to Zambia: seconds from CallDuration, not the minutes of Duration', () => {
    const params = {
      CallSid: callSid,
      CallStatus: 'busy',
      SequenceNumber: '2',
      SipResponseCode: '486',
      Duration: '0',
      CallDuration: '0',
      Timestamp: 'Tue, 31 Aug 2010 20:36:28 +0000',
      ToZip: '',
    };
    expect(updateFromCallback(params)).toEqual(
      update({
        status: 'busy',
        sequence: 2,
        sipResponseCode: 486,
        durationSeconds: 0,
        at: '2010-08-31T20:36:28.000Z',
        rang: true,
      }),
    );
  });

  it.each([
    [
      'answered with AMD, no SIP code',
      {
        CallStatus: 'completed',
        SequenceNumber: '3',
        Duration: '1',
        CallDuration: '49',
        AnsweredBy: 'human',
      },
      { status: 'completed', sequence: 3, durationSeconds: 49, answeredBy: 'human', rang: true },
    ],
    [
      'empty parameters count as absent',
      { CallStatus: 'failed', SequenceNumber: '', SipResponseCode: '', AnsweredBy: '', Timestamp: '' },
      { status: 'failed' },
    ],
    [
      'no number where one belongs',
      { CallStatus: 'failed', SequenceNumber: 'x', SipResponseCode: '-1', CallDuration: '1e9' },
      { status: 'failed' },
    ],
    [
      'only the final event came first: it did not ring before',
      { CallStatus: 'no-answer', SequenceNumber: '1' },
      { status: 'no-answer', sequence: 1, rang: false },
    ],
    [
      'initiated and ringing went before: it rang',
      { CallStatus: 'no-answer', SequenceNumber: '2' },
      { status: 'no-answer', sequence: 2, rang: true },
    ],
    [
      'a word that Twilio never used before is kept',
      { CallStatus: 'teleporting', SequenceNumber: '4' },
      { status: 'teleporting', sequence: 4 },
    ],
    [
      'an error code, should one come',
      { CallStatus: 'failed', ErrorCode: '13224' },
      { status: 'failed', errorCode: 13224 },
    ],
  ])('%s', (_, params, expected) => {
    expect(updateFromCallback({ CallSid: callSid, ...params })).toEqual(update(expected));
  });

  it.each([
    [{}],
    [{ CallSid: callSid }],
    [{ CallStatus: 'busy' }],
    [{ CallSid: '', CallStatus: 'busy' }],
    [{ CallSid: 1, CallStatus: ['busy'] }],
  ])('no status callback at all, %j: nothing was heard', (params) =>
    expect(updateFromCallback(params)).toBeNull(),
  );
});

describe('merged updates', () => {
  it('no update: null', () => expect(mergeUpdates([])).toBeNull());

  it.each([
    [
      'final beats a later number',
      [
        { status: 'in-progress', sequence: 9 },
        { status: 'busy', sequence: 2 },
      ],
      'busy',
    ],
    [
      'final without a number beats all others',
      [
        { status: 'in-progress', sequence: 2 },
        { status: 'completed', source: 'poll' },
      ],
      'completed',
    ],
    [
      'late ringing after in-progress changes nothing',
      [
        { status: 'in-progress', sequence: 2 },
        { status: 'ringing', sequence: 1 },
      ],
      'in-progress',
    ],
    [
      'a stale poll after a callback changes nothing',
      [
        { status: 'in-progress', sequence: 2 },
        { status: 'queued', source: 'poll' },
      ],
      'in-progress',
    ],
    [
      'an unknown word does not hide a known one',
      [
        { status: 'ringing', sequence: 1 },
        { status: 'teleporting', sequence: 2 },
      ],
      'ringing',
    ],
    [
      'two final words: the higher number counts',
      [
        { status: 'failed', sequence: 2 },
        { status: 'completed', sequence: 3 },
      ],
      'completed',
    ],
  ] as [string, Partial<CallUpdate>[], string][])('%s', (_, updates, status) => {
    expect(mergeUpdates(updates.map(update))?.status).toBe(status);
    expect(mergeUpdates(updates.map(update).reverse())?.status).toBe(status);
  });

  it('poll says failed first, the callback brings the SIP code: both are one truth', () => {
    const poll = update({ source: 'poll', status: 'failed' });
    const callback = update({ status: 'failed', sequence: 2, sipResponseCode: 480 });
    expect(mergeUpdates([poll, callback])).toMatchObject({ status: 'failed', sipResponseCode: 480 });
    expect(disagree([poll, callback])).toBe(false);
  });

  it('what another status said of its own is not mixed in, but who answered is', () => {
    const known = mergeUpdates([
      update({ status: 'in-progress', answeredBy: 'human', at: '2026-01-01T00:00:00.000Z' }),
      update({ status: 'completed', source: 'poll', durationSeconds: 3 }),
    ]);
    expect(known).toMatchObject({
      status: 'completed',
      answeredBy: 'human',
      at: null,
      durationSeconds: 3,
      rang: false,
    });
  });

  it('two sources with different final statuses: disagreed', () => {
    expect(disagree([update({ status: 'busy' }), update({ status: 'failed', source: 'poll' })])).toBe(true);
  });

  const status = fc.constantFrom(
    'queued',
    'initiated',
    'ringing',
    'in-progress',
    'completed',
    'busy',
    'no-answer',
    'failed',
    'canceled',
    'teleporting',
  );
  const number = (max: number) => fc.option(fc.nat(max), { nil: null });
  const anyUpdate = fc.record({
    source: fc.constantFrom('webhook', 'poll'),
    callSid: fc.constant(callSid),
    status: status,
    sequence: number(4),
    at: fc.constantFrom(null, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:09.000Z'),
    sipResponseCode: fc.constantFrom(null, 200, 480, 486),
    errorCode: fc.constantFrom(null, 13224),
    durationSeconds: number(2),
    answeredBy: fc.constantFrom(null, 'human', 'machine_start'),
    rang: fc.boolean(),
  }) as fc.Arbitrary<CallUpdate>;

  it('in whatever order, however often repeated: the same is known', () => {
    fc.assert(
      fc.property(
        fc.array(anyUpdate, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(5)),
        fc.integer(),
        (updates, again, seed) => {
          const received = [...updates, ...again.flatMap((i) => updates[i] ?? [])];
          const shuffled = received
            .map((u, i) => [Math.sin(seed + i * 7919), u] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, u]) => u);
          const distinct: CallUpdate[] = [];
          for (const u of shuffled) if (!isRepeat(distinct, u)) distinct.push(u);
          expect(mergeUpdates(distinct)).toEqual(mergeUpdates(updates));
          expect(mergeUpdates(shuffled)).toEqual(mergeUpdates(updates));
        },
      ),
    );
  });

  it('later updates: a final status stays', () => {
    fc.assert(
      fc.property(fc.array(anyUpdate, { minLength: 1, maxLength: 6 }), anyUpdate, (updates, more) => {
        const before = mergeUpdates(updates);
        const after = mergeUpdates([...updates, more]);
        if (before && isTerminal(before.status)) expect(after && isTerminal(after.status)).toBe(true);
        expect(after?.rang || false).toBe(updates.some((u) => u.rang) || more.rang);
      }),
    );
  });
});
