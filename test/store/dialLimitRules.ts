import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DialLimits } from '../../activities/dialGate.js';
import type { Engine } from './engines.js';
import { type Claim, gateBench } from './gateBench.js';
import { outcome } from './records.js';

/** What an account may dial at once and in a second. */
export function dialLimitRules(engine: () => Engine): void {
  const { atOnce, newAccount, claim, by, settle, sql, control } = gateBench(engine);

  describe('calls in flight of an account', () => {
    it('forty at once, seven allowed: seven are claimed; operators allow nine: two more', async () => {
      const order = newAccount({ callsInFlight: 7 });
      const claimAll = async () =>
        (await atOnce(40, (store) => store.claimDial(order()))).filter((answer) => answer.claimed).length;
      expect(await claimAll()).toBe(7);
      await control(order().accountSid, { calls_in_flight: 9 });
      expect(await claimAll()).toBe(2);
      expect(await claim(order())).toEqual({ claimed: false, by: 'no-room', limit: 9 });
    });

    it('calls come and go over all connections: never more than may be, and all get through', async () => {
      const order = newAccount({ callsInFlight: 3 });
      let holding = 0;
      let most = 0;
      await atOnce(15, async (store) => {
        const mine = order();
        while (!(await store.claimDial(mine)).claimed) await new Promise((done) => setTimeout(done, 5));
        most = Math.max(most, ++holding);
        await new Promise((done) => setTimeout(done, 2));
        holding--;
        await store.settleDial({ ...mine, result: 'refused', callSid: null });
      });
      expect(most).toBe(3);
    });

    it('any order of claims and ends: the answers are those of a list of calls in flight', async () => {
      const numbers = ['1', '2', '3'].map((n) => `+1500555900${n}`);
      const step = fc.record({ number: fc.nat(2), end: fc.nat(3), parallel: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 14 }), async (steps) => {
          const order = newAccount({ callsInFlight: 3, callsPerNumber: 1 });
          const inFlight: Claim[] = [];
          for (const [n, { number, end, parallel }] of steps.entries()) {
            const to = numbers[number] as string;
            const mine = order({ to, from: `+15005558${String(n).padStart(3, '0')}`, parallel });
            const expected =
              !parallel && inFlight.some((other) => other.to === to)
                ? 'number-in-flight'
                : inFlight.length >= 3
                  ? 'no-room'
                  : 'claimed';
            expect(await by(mine)).toBe(expected);
            if (expected === 'claimed') inFlight.push(mine);
            const [over] = end === 0 ? [] : inFlight.splice(0, 1);
            if (over && end === 1) await settle(over, 'not-sent');
            if (over && end > 1) await engine().store.saveOutcome(outcome(over.callId));
          }
        }),
        { numRuns: 8 },
      );
    });
  });

  describe('calls per second', () => {
    const slots = async (order: () => Claim, count: number) => {
      const answers = await atOnce(count, (store) => store.claimDial(order()));
      return answers
        .map((answer) => ('slot' in answer ? microseconds(answer.slot) : 0n))
        .sort((a, b) => (a < b ? -1 : 1));
    };
    const apart = (times: bigint[]) => times.slice(1).map((time, n) => time - (times[n] ?? 0n));
    // A first slot far ahead, so that a slow machine does not let the line run dry.
    const startLine = (accountSid: string) =>
      sql(
        `insert into dial_slots (account_sid, next_at) values ($1, clock_timestamp() + interval '1 minute')`,
        [accountSid],
      );

    it('a hundred at once, a hundred a second: slots ten milliseconds apart, no two the same', async () => {
      const order = newAccount({ callsPerSecond: 100 });
      await startLine(order().accountSid);
      expect(apart(await slots(order, 100))).toEqual(Array(99).fill(10_000n));
    });

    it('operators change the rate while calls wait: it holds from the next slot on, faster and slower', async () => {
      const order = newAccount({ callsPerSecond: 0.01 });
      const { accountSid } = order();
      await startLine(accountSid);
      const [before] = await slots(order, 1);
      await control(accountSid, { calls_per_second: 50 });
      const faster = await slots(order, 3);
      await control(accountSid, { calls_per_second: 0.5 });
      const slower = await slots(order, 3);
      await control(accountSid, { calls_per_second: null });
      const again = await slots(order, 1);
      expect(apart([before as bigint, ...faster, ...slower, ...again]).map(Number)).toEqual([
        20_000, 20_000, 20_000, 2_000_000, 2_000_000, 2_000_000, 100_000_000,
      ]);
    });

    it('nobody dialled for a while: the next slot is now, not in the past', async () => {
      const order = newAccount({ callsPerSecond: 1 })();
      await sql(
        `insert into dial_slots (account_sid, next_at) values ($1, clock_timestamp() - interval '1 hour')`,
        [order.accountSid],
      );
      expect(await claim(order)).toMatchObject({ claimed: true, waitSeconds: 0 });
    });

    it('a slot too far away: not claimed, and nobody else has to wait for it', async () => {
      const order = newAccount({ callsPerSecond: 1 }, { slotWithinSeconds: 0.001 });
      await claim(order());
      const mine = order();
      const next = async () => {
        const [line] = await engine().db.query<{ at: string }>(
          'select next_at::text as at from dial_slots where account_sid = $1',
          [mine.accountSid],
        );
        return line?.at;
      };
      const before = await next();
      expect(await claim(mine)).toMatchObject({ claimed: false, by: 'turn', callsPerSecond: 1 });
      expect(await engine().store.findDial(mine)).toBeNull();
      expect(await next()).toBe(before);
      expect(await claim({ ...mine, slotWithinSeconds: 5 })).toMatchObject({ claimed: true });
    });
  });

  describe('how much room an account has', () => {
    it.each<[string, Partial<DialLimits>, number, number, number]>([
      ['nothing in the way', { callsPerSecond: 4 }, 0, 1, 5],
      ['one slot is taken', { callsPerSecond: 4 }, 1, 1, 4],
      ['no slot within reach', { callsPerSecond: 0.01 }, 1, 1, 0],
      ['two of three calls in flight', { callsInFlight: 3 }, 2, 1, 1],
      ['as many in flight as may be', { callsInFlight: 2 }, 2, 1, 0],
    ])('%s', async (_, limits, claims, withinSeconds, room) => {
      const order = newAccount(limits);
      const { accountSid, limits: asked } = order();
      for (let n = 0; n < claims; n++) await claim(order());
      const answer = await engine().store.dialRoom({ accountSid, limits: asked, withinSeconds });
      // Time goes by: a slot may have come nearer.
      expect([room, claims > 0 && limits.callsPerSecond === 4 ? room + 1 : room]).toContain(answer.room);
      if (limits.callsPerSecond === 0.01) expect(answer.waitSeconds).toBeGreaterThan(50);
    });
  });
}

function microseconds(iso: string): bigint {
  const [, whole, fraction] = /^(.*)\.(\d{6})Z$/.exec(iso) ?? [];
  return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction ?? '');
}
