import { describe, expect, it } from 'vitest';
import type { BreakerRule } from '../../activities/dialGate.js';
import type { Engine } from './engines.js';
import { type Claim, gateBench } from './gateBench.js';
import { newSid, noLimits } from './records.js';

/** When the circuit breaker opens, and closes. */
export function breakerRules(engine: () => Engine): void {
  const { atOnce, newAccount, claim, by, sql } = gateBench(engine);

  describe('the circuit breaker', () => {
    const rule: BreakerRule = { latest: 20, least: 10, share: 0.5, withinSeconds: 60, openSeconds: 600 };

    async function dial(order: Claim, trouble: boolean | undefined, breaker: BreakerRule | null = rule) {
      expect(await by(order)).toBe('claimed');
      const answer = trouble === undefined ? {} : { answer: { trouble, why: '20003 Authenticate', breaker } };
      return engine().store.settleDial({
        ...order,
        result: trouble ? 'not-sent' : 'refused',
        callSid: null,
        ...answer,
      });
    }
    const openingAgo = (accountSid: string) =>
      sql(
        `update dial_control set breaker_open_until = clock_timestamp() - interval '1 second' where account_sid = $1`,
        [accountSid],
      );
    async function opened(order: () => Claim) {
      for (let n = 0; n < 9; n++) expect(await dial(order(), true)).toBeNull();
      return dial(order(), true);
    }

    it('ten creates fail: opens, says why, and nothing is dialled', async () => {
      const order = newAccount();
      const reason = '10 of the last 10 calls could not be placed; the last: 20003 Authenticate';
      expect(await opened(order)).toEqual({ change: 'opened', reason });
      expect(await claim(order())).toEqual({ claimed: false, by: 'breaker', reason });
      const asked = { accountSid: order().accountSid, limits: noLimits, withinSeconds: 1 };
      expect(await engine().store.dialRoom(asked)).toMatchObject({ stopped: { by: 'breaker', reason } });
    });

    it.each<[string, boolean, (boolean | undefined)[]]>([
      ['half of ten', true, Array.from({ length: 10 }, (_, n) => n % 2 === 1)],
      ['fewer than half', false, Array.from({ length: 30 }, (_, n) => n % 3 === 2)],
      ['fewer than ten in all', false, Array(9).fill(true)],
      ['nine, and Twilio asked to wait in between', false, [...Array(9).fill(true), undefined, undefined]],
      ['the last ten after many that went well', true, [...Array(25).fill(false), ...Array(10).fill(true)]],
    ])('%s fail: opens: %s', async (_, opens, troubles) => {
      const order = newAccount();
      let change: unknown = null;
      for (const trouble of troubles) change ??= await dial(order(), trouble);
      expect(change !== null).toBe(opens);
    });

    it('they failed longer ago than counts, or no breaker is wanted: stays closed', async () => {
      const order = newAccount();
      for (let n = 0; n < 9; n++) await dial(order(), true);
      await sql(`update dials set answered_at = answered_at - interval '2 minutes' where account_sid = $1`, [
        order().accountSid,
      ]);
      expect(await dial(order(), true)).toBeNull();
      const other = newAccount();
      for (let n = 0; n < 12; n++) expect(await dial(other(), true, null)).toBeNull();
    });

    it('its time is over: one of twenty tries; it fails: open again', async () => {
      const order = newAccount();
      await opened(order);
      await openingAgo(order().accountSid);
      const orders = Array.from({ length: 20 }, () => order());
      const answers = await atOnce(20, (store, n) => store.claimDial(orders[n] as Claim));
      expect(answers.filter((answer) => answer.claimed)).toHaveLength(1);
      const probe = orders[answers.findIndex((answer) => answer.claimed)] as Claim;
      const answer = { trouble: true, why: 'again', breaker: rule };
      await engine().store.settleDial({ ...probe, result: null, callSid: null, answer });
      expect(await by(order())).toBe('breaker');
    });

    it('the one that tries goes well: closed, and what failed before counts no longer', async () => {
      const order = newAccount();
      await opened(order);
      await openingAgo(order().accountSid);
      expect(await dial(order(), false)).toEqual({ change: 'closed' });
      expect(await dial(order(), true)).toBeNull();
      expect(await by(order())).toBe('claimed');
    });

    it('the one that tries is told to wait: the next one tries', async () => {
      const order = newAccount();
      await opened(order);
      await openingAgo(order().accountSid);
      expect(await dial(order(), undefined)).toBeNull();
      expect(await by(order())).toBe('claimed');
      expect(await by(order())).toBe('breaker');
    });

    it('a create from before it opened goes well: still open', async () => {
      const order = newAccount();
      const before = order();
      await claim(before);
      await opened(order);
      const answer = { trouble: false, why: null, breaker: rule };
      const settled = { ...before, result: 'created', callSid: newSid(), answer } as const;
      expect(await engine().store.settleDial(settled)).toBeNull();
      expect(await by(order())).toBe('breaker');
    });
  });
}
