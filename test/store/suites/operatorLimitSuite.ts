import { describe, expect, it } from 'vitest';
import type { Engine } from '../engines.js';
import { newClaim, noLimits } from '../records.js';

let accounts = 0;
const asConfigured = {
  callsPerSecond: null,
  callsInFlight: null,
  contactsPerNumber: null,
  contactsPeriodSeconds: null,
  callsPerNumber: null,
};
const closed = { state: 'closed', openedAt: null, openUntil: null, reason: null, prefixes: null };
const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);

export function operatorLimitSuite(engine: () => Engine): void {
  const newAccount = () => ({ accountSid: `AC-control-${++accounts}` });
  const store = () => engine().store;
  const query = (statement: string, parameters: (string | null)[]) =>
    engine().db.query<Record<string, unknown>>(statement, parameters);

  describe('the control of dialing', () => {
    it('nothing was set: limits as configured, not paused, breaker closed', async () => {
      expect(await store().readDialing(newAccount())).toEqual({
        limits: asConfigured,
        paused: null,
        changes: [],
        breaker: closed,
        inFlight: 0,
        nextPlacementAt: null,
      });
    });

    it('limits are set one after another: each stays until it is set again; null is as configured', async () => {
      const account = newAccount();
      const limits = () =>
        store()
          .readDialing(account)
          .then((dialing) => dialing.limits);
      await store().setDialLimits({ ...account, limits: { callsPerSecond: 2.5, callsInFlight: 20 } });
      await store().setDialLimits({
        ...account,
        limits: { contactsPerNumber: 3, contactsPeriodSeconds: 86_400, callsPerNumber: 1 },
      });
      expect(await limits()).toEqual({
        callsPerSecond: 2.5,
        callsInFlight: 20,
        contactsPerNumber: 3,
        contactsPeriodSeconds: 86_400,
        callsPerNumber: 1,
      });
      await store().setDialLimits({ ...account, limits: { callsPerSecond: null } });
      await store().setDialLimits({ ...account, limits: {} });
      expect(await limits()).toMatchObject({ callsPerSecond: null, callsInFlight: 20 });
    });

    it('dialing is paused twice: since the first time, with the newer reason if there is one', async () => {
      const account = newAccount();
      await store().pauseDialing({ ...account, reason: 'the script is wrong' });
      const { paused } = await store().readDialing(account);
      expect(paused).toEqual({ since: aTime, reason: 'the script is wrong', by: null });
      await store().pauseDialing({ ...account, reason: null });
      expect((await store().readDialing(account)).paused).toEqual(paused);
      await store().pauseDialing({ ...account, reason: 'and the number too' });
      const { paused: still } = await store().readDialing(account);
      expect(still).toEqual({ since: paused?.since, reason: 'and the number too', by: null });
    });

    it('dialing is resumed: goes on with the limits that were set', async () => {
      const account = newAccount();
      await store().setDialLimits({ ...account, limits: { callsInFlight: 7 } });
      await store().pauseDialing({ ...account, reason: 'lunch' });
      await store().resumeDialing(account);
      expect(await store().readDialing(account)).toMatchObject({
        paused: null,
        limits: { callsInFlight: 7 },
      });
      await store().pauseDialing({ ...account, reason: null });
      expect((await store().readDialing(account)).paused).toEqual({ since: aTime, reason: null, by: null });
    });

    it('paused again without a reason: the name stays; with a reason: the newer name', async () => {
      const account = newAccount();
      await store().pauseDialing({ ...account, reason: 'lunch', by: 'ann' });
      await store().pauseDialing({ ...account, reason: null, by: 'bob' });
      expect((await store().readDialing(account)).paused).toMatchObject({ reason: 'lunch', by: 'ann' });
      await store().pauseDialing({ ...account, reason: 'a fire', by: 'bob' });
      expect((await store().readDialing(account)).paused).toMatchObject({ reason: 'a fire', by: 'bob' });
      await store().resumeDialing({ ...account, by: 'ann' });
      await store().pauseDialing({ ...account, reason: null, by: 'cem' });
      expect((await store().readDialing(account)).paused).toMatchObject({ reason: null, by: 'cem' });
    });

    it('the dialing log: the newest 50 changes, each with its name', async () => {
      const account = newAccount();
      expect((await store().readDialing(account)).changes).toEqual([]);
      for (let n = 1; n <= 49; n++)
        await store().setDialLimits({ ...account, limits: { callsInFlight: n }, by: 'ann' });
      await store().pauseDialing({ ...account, reason: 'lunch', by: 'bob' });
      await store().resumeDialing(account);
      const { changes } = await store().readDialing(account);
      expect(changes).toHaveLength(50);
      expect(changes.slice(0, 3)).toEqual([
        { at: aTime, change: 'resume', by: null, limits: null },
        { at: aTime, change: 'pause', by: 'bob', limits: null },
        { at: aTime, change: 'limits', by: 'ann', limits: { callsInFlight: 49 } },
      ]);
      expect(changes.at(-1)?.limits).toEqual({ callsInFlight: 2 });
    });

    it('nothing was set or paused: resuming changes nothing', async () => {
      const account = newAccount();
      await store().resumeDialing(account);
      expect(await store().readDialing(account)).toMatchObject({ paused: null, breaker: closed });
    });

    it('another account: unchanged', async () => {
      const [one, other] = [newAccount(), newAccount()];
      await store().setDialLimits({ ...one, limits: { callsPerSecond: 1 } });
      await store().pauseDialing({ ...one, reason: null });
      expect(await store().readDialing(other)).toMatchObject({ limits: asConfigured, paused: null });
    });

    const open = ({ accountSid }: { accountSid: string }, forSeconds: number) =>
      query(
        `insert into dialing_control (account_sid, breaker_opened_at, breaker_open_until, breaker_reason, breaker_counts_since)
         values ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => ${forSeconds}), 'it fails', '2026-01-01T00:00:00Z')`,
        [accountSid],
      );
    const countsSince = async ({ accountSid }: { accountSid: string }) => {
      const [row] = await query(
        `select breaker_counts_since = '2026-01-01T00:00:00Z' as "asBefore" from dialing_control where account_sid = $1`,
        [accountSid],
      );
      return row?.asBefore ? 'as before' : 'now';
    };

    it.each([
      [60, 'open'],
      [-1, 'trying'],
    ])(
      'the breaker opened for %d more seconds: %s; resuming closes it, and it counts anew',
      async (seconds, state) => {
        const account = newAccount();
        await open(account, seconds);
        const { breaker } = await store().readDialing(account);
        expect(breaker).toEqual({
          state,
          openedAt: aTime,
          openUntil: aTime,
          reason: 'it fails',
          prefixes: null,
        });
        expect(await countsSince(account)).toBe('as before');
        await store().resumeDialing(account);
        expect((await store().readDialing(account)).breaker).toEqual(closed);
        expect(await countsSince(account)).toBe('now');
      },
    );

    it('resumed after a pause while the breaker is closed: its counts stay', async () => {
      const account = newAccount();
      await open(account, 60);
      await query('update dialing_control set breaker_open_until = null where account_sid = $1', [
        account.accountSid,
      ]);
      await store().pauseDialing({ ...account, reason: null });
      await store().resumeDialing(account);
      expect(await countsSince(account)).toBe('as before');
    });

    it('calls in flight and the next send time: those of the account only', async () => {
      const account = newAccount();
      const limits = { ...noLimits, callsPerSecond: 1 };
      for (const [nth, { accountSid }] of [account, account, newAccount()].entries())
        await store().claimPlacement(
          newClaim({ accountSid, to: `+1500999000${nth}`, limits, sendWithinSeconds: 60 }),
        );
      const dialing = await store().readDialing(account);
      expect(dialing.inFlight).toBe(2);
      const [next] = await query(
        `select max(claimed_at) + interval '1 second' = $2::timestamptz as "isNext" from placements where account_sid = $1`,
        [account.accountSid, dialing.nextPlacementAt],
      );
      expect(next).toEqual({ isNext: true });
    });

    it('a call of which nobody ever learned the end: in flight for 26 hours, and no longer', async () => {
      const account = newAccount();
      await store().claimPlacement(newClaim(account));
      const age = (hours: number) =>
        query(
          'update placements set claimed_at = clock_timestamp() - make_interval(hours => $2::integer) where account_sid = $1',
          [account.accountSid, String(hours)],
        );
      await age(25);
      expect((await store().readDialing(account)).inFlight).toBe(1);
      await age(27);
      expect((await store().readDialing(account)).inFlight).toBe(0);
    });
  });
}
