import fc from 'fast-check';
import { expect, it } from 'vitest';
import { useEndToEndStack } from './useEndToEndStack.js';

const stack = useEndToEndStack({ callbackWaitSeconds: 1, pollIntervalSeconds: 1, absentAfterSeconds: 6 });

/** Create faults that do not take the whole time-out of a worker. */
const createFault = fc.constantFrom(
  '00',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '07',
  '08',
  '09',
  '12',
  '13',
  '14',
  '17',
  '18',
  '19',
);
const outcomeOf: Record<string, string> = {
  0: 'answered',
  1: 'answered',
  2: 'busy',
  3: 'no-answer',
  4: 'no-answer',
  5: 'failed',
  7: 'canceled',
  8: 'answered',
};

const number = fc
  .tuple(
    createFault,
    fc.nat(9),
    fc.constantFrom(0, 1, 2, 3, 4, 6, 7),
    fc.constantFrom(1, 2),
    fc.constantFrom(...Object.keys(outcomeOf)),
  )
  .map((digits) => `+15009${digits.flat().join('')}`);

const called = new Set<string>();

it('responses and callbacks are lost, doubled, late or out of order: each call has the outcome of Twilio, no attempt has two calls', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(number, { minLength: 40, maxLength: 40 }), async (numbers) => {
      // The simulator also remembers the calls of earlier runs to the same number.
      const fresh = numbers.filter((to) => !called.has(to));
      for (const to of fresh) called.add(to);
      await Promise.all(
        fresh.map(async (to) => {
          const outcome = await stack.call({ to });
          const calls = await stack.simulated(to);
          expect([to, outcome.outcome]).toEqual([to, outcomeOf[to.at(-1) as string]]);
          expect([
            to,
            outcome.attempts.map((attempt) => [attempt.number, attempt.callSid, attempt.status]),
          ]).toEqual([to, calls.map((call) => [1, call.sid, call.status])]);
        }),
      );
    }),
    { numRuns: 2, endOnFailure: true },
  );
}, 240_000);
