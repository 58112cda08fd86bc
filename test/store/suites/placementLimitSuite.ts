import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DialLimits } from '../../../activities/store/placements/dialLimits.js';
import { admissionBench, type Claim } from '../admissionBench.js';
import type { Engine } from '../engines.js';
import { outcome } from '../records.js';

/** What an account may dial at once and in a second. */
export function placementLimitSuite(engine: () => Engine): void {
  const { atOnce, newAccount, claim, by, settle, sql, control } = admissionBench(engine);

  describe('calls in flight of an account', () => {
    it('forty at once, seven allowed: seven are claimed; operators allow nine: two more', async () => {
      const newRequest = newAccount({ callsInFlight: 7 });
      const claimAll = async () =>
        (await atOnce(40, (store) => store.claimPlacement(newRequest()))).filter((answer) => answer.claimed)
          .length;
      expect(await claimAll()).toBe(7);
      await control(newRequest().accountSid, { calls_in_flight: 9 });
      expect(await claimAll()).toBe(2);
      expect(await claim(newRequest())).toEqual({ claimed: false, by: 'account-limit', limit: 9 });
    });

    it('calls start and end over all connections: never more than allowed, and all are placed', async () => {
      const newRequest = newAccount({ callsInFlight: 3 });
      let holding = 0;
      let most = 0;
      await atOnce(15, async (store) => {
        const request = newRequest();
        while (!(await store.claimPlacement(request)).claimed)
          await new Promise((done) => setTimeout(done, 5));
        most = Math.max(most, ++holding);
        await new Promise((done) => setTimeout(done, 2));
        holding--;
        await store.settlePlacement({ ...request, result: 'refused', callSid: null });
      });
      expect(most).toBe(3);
    });

    it('claims and ends in any order: as a list of calls in flight would decide', async () => {
      const numbers = ['1', '2', '3'].map((n) => `+1500555900${n}`);
      const step = fc.record({ number: fc.nat(2), end: fc.nat(3), parallel: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 14 }), async (steps) => {
          const newRequest = newAccount({ callsInFlight: 3, callsPerNumber: 1 });
          const inFlight: Claim[] = [];
          for (const [n, { number, end, parallel }] of steps.entries()) {
            const to = numbers[number] as string;
            const request = newRequest({ to, from: `+15005558${String(n).padStart(3, '0')}`, parallel });
            const expected =
              !parallel && inFlight.some((other) => other.to === to)
                ? 'number-in-flight'
                : inFlight.length >= 3
                  ? 'account-limit'
                  : 'claimed';
            expect(await by(request)).toBe(expected);
            if (expected === 'claimed') inFlight.push(request);
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
    const sendTimes = async (newRequest: () => Claim, count: number) => {
      const answers = await atOnce(count, (store) => store.claimPlacement(newRequest()));
      return answers
        .map((answer) => ('sendAt' in answer ? microseconds(answer.sendAt) : 0n))
        .sort((a, b) => (a < b ? -1 : 1));
    };
    const apart = (times: bigint[]) => times.slice(1).map((time, n) => time - (times[n] ?? 0n));
    // A first send time ahead, so that no later one is in the past on a slow machine.
    const startPacing = (accountSid: string) =>
      sql(
        `insert into account_pacing (account_sid, next_send_at) values ($1, clock_timestamp() + interval '20 seconds')`,
        [accountSid],
      );

    it('a hundred at once, a hundred a second: send times ten milliseconds apart', async () => {
      const newRequest = newAccount({ callsPerSecond: 100 });
      await startPacing(newRequest().accountSid);
      expect(apart(await sendTimes(newRequest, 100))).toEqual(Array(99).fill(10_000n));
    });

    it('operators change the rate while calls wait: it holds from the next send time on, faster and slower', async () => {
      const newRequest = newAccount({ callsPerSecond: 0.01 });
      const { accountSid } = newRequest();
      await startPacing(accountSid);
      const [before] = await sendTimes(newRequest, 1);
      await control(accountSid, { calls_per_second: 50 });
      const faster = await sendTimes(newRequest, 3);
      await control(accountSid, { calls_per_second: 0.5 });
      const slower = await sendTimes(newRequest, 3);
      await control(accountSid, { calls_per_second: null });
      const again = await sendTimes(newRequest, 1);
      expect(apart([before as bigint, ...faster, ...slower, ...again]).map(Number)).toEqual([
        20_000, 20_000, 20_000, 2_000_000, 2_000_000, 2_000_000, 100_000_000,
      ]);
    });

    it('nothing was dialed for a while: the next send time is now, not in the past', async () => {
      const request = newAccount({ callsPerSecond: 1 })();
      await sql(
        `insert into account_pacing (account_sid, next_send_at) values ($1, clock_timestamp() - interval '1 hour')`,
        [request.accountSid],
      );
      expect(await claim(request)).toMatchObject({ claimed: true, waitSeconds: 0 });
    });

    it('the clock of the database was ahead when it wrote the next send time: not believed', async () => {
      const request = newAccount({ callsPerSecond: 1 })();
      const { accountSid, limits } = request;
      await sql(
        `insert into account_pacing (account_sid, next_send_at) values ($1, clock_timestamp() + interval '6 hours')`,
        [accountSid],
      );
      const capacity = { accountSid, limits, withinSeconds: 1 };
      expect(await engine().store.availableCapacity(capacity)).toMatchObject({
        available: 2,
        waitSeconds: 0,
      });
      expect(await claim(request)).toMatchObject({ claimed: true, waitSeconds: 0 });
    });

    it('the send time is too far away: not claimed, and nothing is reserved', async () => {
      const newRequest = newAccount({ callsPerSecond: 1 }, { sendWithinSeconds: 0.001 });
      await claim(newRequest());
      const request = newRequest();
      const next = async () => {
        const [pacing] = await engine().db.query<{ at: string }>(
          'select next_send_at::text as at from account_pacing where account_sid = $1',
          [request.accountSid],
        );
        return pacing?.at;
      };
      const before = await next();
      expect(await claim(request)).toMatchObject({ claimed: false, by: 'rate-limit', callsPerSecond: 1 });
      expect(await engine().store.findPlacement(request)).toBeNull();
      expect(await next()).toBe(before);
      expect(await claim({ ...request, sendWithinSeconds: 5 })).toMatchObject({ claimed: true });
    });
  });

  describe('a call that has not been in the dial queue', () => {
    it('goes only where nobody waits: at this moment, and leaves a tenth of the places in flight free', async () => {
      const newRequest = newAccount({ callsInFlight: 20, callsPerSecond: 1000 }, { sendWithinSeconds: 60 });
      const claimOne = () => by(newRequest({ atOnce: true }));
      for (let n = 0; n < 18; n++) {
        await new Promise((done) => setTimeout(done, 2));
        expect(await claimOne()).toBe('claimed');
      }
      expect(await claimOne()).toBe('account-limit');
      expect(await by(newRequest())).toBe('claimed');
      await control(newRequest().accountSid, { calls_in_flight: 1 });
      expect(await claimOne()).toBe('account-limit');
    });

    it('a send time that is ahead: refused', async () => {
      const newRequest = newAccount({ callsPerSecond: 1 }, { sendWithinSeconds: 60 });
      expect(await by(newRequest({ atOnce: true }))).toBe('claimed');
      expect(await by(newRequest({ atOnce: true }))).toBe('rate-limit');
    });

    it('a circuit breaker that tests Twilio: refused', async () => {
      const newRequest = newAccount();
      await control(newRequest().accountSid, {
        breaker_opened_at: new Date(Date.now() - 60_000).toISOString(),
        breaker_open_until: new Date(Date.now() - 30_000).toISOString(),
      });
      expect(await by(newRequest({ atOnce: true }))).toBe('breaker');
      expect(await by(newRequest())).toBe('claimed');
    });
  });

  describe('the capacity of an account', () => {
    it.each<[string, Partial<DialLimits>, number, number, number]>([
      ['no limit reached', { callsPerSecond: 4 }, 0, 1, 5],
      ['one send time is taken', { callsPerSecond: 4 }, 1, 1, 4],
      ['no send time soon enough', { callsPerSecond: 0.01 }, 1, 1, 0],
      ['two of three calls in flight', { callsInFlight: 3 }, 2, 1, 1],
      ['as many in flight as allowed', { callsInFlight: 2 }, 2, 1, 0],
    ])('%s', async (_, limits, claims, withinSeconds, capacity) => {
      const newRequest = newAccount(limits);
      const { accountSid, limits: limitsInForce } = newRequest();
      for (let n = 0; n < claims; n++) await claim(newRequest());
      const answer = await engine().store.availableCapacity({
        accountSid,
        limits: limitsInForce,
        withinSeconds,
      });
      // Time passes, so one more send time may be near enough.
      expect([capacity, claims > 0 && limits.callsPerSecond === 4 ? capacity + 1 : capacity]).toContain(
        answer.available,
      );
      if (limits.callsPerSecond === 0.01) expect(answer.waitSeconds).toBeGreaterThan(50);
    });
  });
}

function microseconds(iso: string): bigint {
  const [, whole, fraction] = /^(.*)\.(\d{6})Z$/.exec(iso) ?? [];
  return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction ?? '');
}
