import { describe, expect, it } from 'vitest';
import type { BreakerRule } from '../../../activities/store/placements/dialLimits.js';
import { admissionBench, type Claim } from '../admissionBench.js';
import type { Engine } from '../engines.js';
import { newSid, noLimits } from '../records.js';

/** When the circuit breaker opens, and closes. */
export function breakerSuite(engine: () => Engine): void {
  const { atOnce, newAccount, claim, by, sql } = admissionBench(engine);

  describe('the circuit breaker', () => {
    const rule: BreakerRule = { latest: 20, least: 10, share: 0.5, withinSeconds: 60, openSeconds: 600 };

    async function place(
      request: Claim,
      providerFailed: boolean | undefined,
      breaker: BreakerRule | null = rule,
    ) {
      expect(await by(request)).toBe('claimed');
      const answer =
        providerFailed === undefined
          ? {}
          : { answer: { providerFailed, why: '20003 Authenticate', breaker } };
      const settled = await engine().store.settlePlacement({
        ...request,
        result: providerFailed ? 'not-sent' : 'refused',
        callSid: null,
        ...answer,
      });
      return settled.breakerChange;
    }
    const endOpenTime = (accountSid: string) =>
      sql(
        `update dialing_control set breaker_open_until = clock_timestamp() - interval '1 second' where account_sid = $1`,
        [accountSid],
      );
    async function openBreaker(newRequest: () => Claim) {
      for (let n = 0; n < 9; n++) expect(await place(newRequest(), true)).toBeNull();
      return place(newRequest(), true);
    }

    it('ten placements fail: opens with a reason, and nothing is dialed', async () => {
      const newRequest = newAccount();
      const reason = '10 of the last 10 calls could not be placed; the last: 20003 Authenticate';
      expect(await openBreaker(newRequest)).toEqual({ change: 'opened', reason, prefixes: null });
      expect(await claim(newRequest())).toEqual({ claimed: false, by: 'breaker', reason, prefixes: null });
      const capacityRequest = { accountSid: newRequest().accountSid, limits: noLimits, withinSeconds: 1 };
      expect(await engine().store.availableCapacity(capacityRequest)).toMatchObject({
        stopped: { by: 'breaker', reason },
      });
    });

    it.each<[string, boolean, (boolean | undefined)[]]>([
      ['half of ten', true, Array.from({ length: 10 }, (_, n) => n % 2 === 1)],
      ['fewer than half', false, Array.from({ length: 30 }, (_, n) => n % 3 === 2)],
      ['fewer than ten in all', false, Array(9).fill(true)],
      ['nine, and Twilio asked to wait in between', false, [...Array(9).fill(true), undefined, undefined]],
      ['the last ten after many that succeeded', true, [...Array(25).fill(false), ...Array(10).fill(true)]],
    ])('%s fail: opens: %s', async (_, opens, failures) => {
      const newRequest = newAccount();
      let change: unknown = null;
      for (const trouble of failures) change ??= await place(newRequest(), trouble);
      expect(change !== null).toBe(opens);
    });

    it('the failures are too old, or no breaker is configured: stays closed', async () => {
      const newRequest = newAccount();
      for (let n = 0; n < 9; n++) await place(newRequest(), true);
      await sql(
        `update placements set responded_at = responded_at - interval '2 minutes' where account_sid = $1`,
        [newRequest().accountSid],
      );
      expect(await place(newRequest(), true)).toBeNull();
      const other = newAccount();
      for (let n = 0; n < 12; n++) expect(await place(other(), true, null)).toBeNull();
    });

    async function refuse(
      request: Claim,
      answer: { accountTrouble?: boolean; accountFaultCode?: number; accountFaultPrefix?: string },
    ) {
      expect(await by(request)).toBe('claimed');
      const { accountTrouble = false, accountFaultCode = null, accountFaultPrefix = null } = answer;
      const { breakerChange } = await engine().store.settlePlacement({
        ...request,
        result: 'refused',
        callSid: null,
        detail: { code: accountFaultCode, httpStatus: 400, message: 'no' },
        answer: {
          providerFailed: accountTrouble,
          accountTrouble,
          accountFaultCode,
          accountFaultPrefix,
          why: 'why',
          breaker: null,
        },
      });
      return breakerChange;
    }

    it('Twilio refuses the account once: opens at once, and longer after each test that fails', async () => {
      const newRequest = newAccount();
      const { accountSid } = newRequest();
      const reason = 'Twilio refuses the account: why';
      expect(await refuse(newRequest(), { accountTrouble: true })).toEqual({
        change: 'opened',
        reason,
        prefixes: null,
      });
      const openFor = async () => {
        const [row] = await engine().db.query<{ seconds: number }>(
          `select extract(epoch from breaker_open_until - clock_timestamp())::float8 as seconds
           from dialing_control where account_sid = $1`,
          [accountSid],
        );
        return Math.round(row?.seconds ?? 0);
      };
      expect(await openFor()).toBe(2);
      for (const seconds of [4, 8, 16, 32, 60, 60]) {
        await endOpenTime(accountSid);
        expect(await refuse(newRequest(), { accountTrouble: true })).toBeNull();
        expect(await openFor()).toBe(seconds);
      }
      await endOpenTime(accountSid);
      expect(await refuse(newRequest(), {})).toEqual({ change: 'closed' });
    });

    it('Twilio refuses five calls in a row with a code that is the same for all: opens, and closes with another answer', async () => {
      const newRequest = newAccount();
      const fault = { accountFaultCode: 21210 };
      for (let n = 0; n < 4; n++) expect(await refuse(newRequest(), fault)).toBeNull();
      expect(await refuse(newRequest(), fault)).toEqual({
        change: 'opened',
        reason: 'Twilio refused the last 5 calls with the same code: why',
        prefixes: null,
      });
      await endOpenTime(newRequest().accountSid);
      const tests = newRequest();
      expect(await by(tests)).toBe('claimed');
      const answer = { providerFailed: false, ...fault, why: 'why', breaker: null };
      const refusal = { ...tests, result: 'refused', callSid: null, answer } as const;
      expect(await engine().store.settlePlacement(refusal)).toEqual({
        breakerChange: null,
        isSameFault: true,
      });
      expect(await by(newRequest())).toBe('breaker');
      await endOpenTime(newRequest().accountSid);
      expect(await refuse(newRequest(), {})).toEqual({ change: 'closed' });
    });

    it('the code speaks of a country: only calls there are held, and only they test it', async () => {
      const newRequest = newAccount();
      const { accountSid } = newRequest();
      let area = 0;
      const to = (prefix: string) => ({
        ...newRequest(),
        to: `${prefix}1${String(++area).padStart(8, '0')}`,
      });
      const refuseTo = (prefix: string) =>
        refuse(to(prefix), { accountFaultCode: 21215, accountFaultPrefix: prefix });
      for (let n = 0; n < 4; n++) {
        expect(await refuseTo('+49')).toBeNull();
        // An answer of another country in between says nothing of this one.
        expect(await place(to('+33'), false)).toBeNull();
      }
      const last = to('+49');
      const about = { accountFaultCode: 21215, accountFaultPrefix: '+49' };
      expect(await refuse(last, about)).toEqual({
        change: 'opened',
        reason: 'Twilio refused the last 5 calls to +49 with the same code: why',
        prefixes: ['+49'],
      });
      // A later execution of this placement must not take the refusal for one of the number.
      expect((await engine().store.findPlacement(last))?.detail).toMatchObject({ everyCall: true });
      expect(await claim(to('+49'))).toMatchObject({ claimed: false, by: 'breaker', prefixes: ['+49'] });
      const capacity = () =>
        engine().store.availableCapacity({ accountSid, limits: noLimits, withinSeconds: 1 });
      expect(await capacity()).toMatchObject({ stopped: null, heldBecause: expect.stringContaining('+49') });
      for (let n = 0; n < 5; n++) expect(await place(to('+33'), false)).toBeNull();
      for (let n = 0; n < 4; n++) expect(await refuseTo('+43')).toBeNull();
      expect(await refuseTo('+43')).toMatchObject({ prefixes: ['+49', '+43'] });
      expect(await by(to('+33'))).toBe('claimed');
      await endOpenTime(accountSid);
      const test = to('+43');
      expect(await by(test)).toBe('claimed');
      expect(await by(to('+49'))).toBe('breaker');
      expect(await by(to('+33'))).toBe('claimed');
      const answer = { providerFailed: false, why: null, breaker: rule };
      const created = { ...test, result: 'created', callSid: newSid(), answer } as const;
      expect((await engine().store.settlePlacement(created)).breakerChange).toEqual({ change: 'closed' });
      expect(await capacity()).toMatchObject({ stopped: null, heldBecause: null });
    });

    it('refusals of several kinds, or a success in between: stays closed', async () => {
      const newRequest = newAccount();
      for (let n = 0; n < 12; n++)
        expect(await refuse(newRequest(), { accountFaultCode: n % 4 === 3 ? 21215 : 21210 })).toBeNull();
      expect(await by(newRequest())).toBe('claimed');
    });

    it('open time is over, twenty claims at once: one is tried; it fails: open again', async () => {
      const newRequest = newAccount();
      await openBreaker(newRequest);
      await endOpenTime(newRequest().accountSid);
      const requests = Array.from({ length: 20 }, () => newRequest());
      const answers = await atOnce(20, (store, n) => store.claimPlacement(requests[n] as Claim));
      expect(answers.filter((answer) => answer.claimed)).toHaveLength(1);
      const probe = requests[answers.findIndex((answer) => answer.claimed)] as Claim;
      const answer = { providerFailed: true, why: 'again', breaker: rule };
      await engine().store.settlePlacement({ ...probe, result: null, callSid: null, answer });
      expect(await by(newRequest())).toBe('breaker');
    });

    it('the placement that tests it succeeds: closed, and earlier failures count no longer', async () => {
      const newRequest = newAccount();
      await openBreaker(newRequest);
      await endOpenTime(newRequest().accountSid);
      expect(await place(newRequest(), false)).toEqual({ change: 'closed' });
      expect(await place(newRequest(), true)).toBeNull();
      expect(await by(newRequest())).toBe('claimed');
    });

    it('Twilio asks the placement that tests it to wait: the next one tests it', async () => {
      const newRequest = newAccount();
      await openBreaker(newRequest);
      await endOpenTime(newRequest().accountSid);
      expect(await place(newRequest(), undefined)).toBeNull();
      expect(await by(newRequest())).toBe('claimed');
      expect(await by(newRequest())).toBe('breaker');
    });

    it('a placement from before it opened succeeds: still open', async () => {
      const newRequest = newAccount();
      const before = newRequest();
      await claim(before);
      await openBreaker(newRequest);
      const answer = { providerFailed: false, why: null, breaker: rule };
      const settled = { ...before, result: 'created', callSid: newSid(), answer } as const;
      expect(await engine().store.settlePlacement(settled)).toMatchObject({ breakerChange: null });
      expect(await by(newRequest())).toBe('breaker');
    });
  });
}
