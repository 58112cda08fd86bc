import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { DoNotCallEntry } from '../../../activities/store/do-not-call/doNotCallList.js';
import type { Engine } from '../engines.js';

const number = (nth: number) => `+1500${String(nth).padStart(7, '0')}`;
const to = number(1);
const soon = '2099-01-01T00:00:00.000000Z';
const later = '2099-01-02T00:00:00.000000Z';

export function doNotCallSuite(engine: () => Engine): void {
  const store = () => engine().store;
  beforeEach(() => engine().db.run('truncate do_not_call, invalid_numbers'));

  /** Makes the entry of a number one that expired a while ago, and was added before that. */
  const expire = (number: string) =>
    engine().db.query(
      `update do_not_call set expires_at = '2020-01-02T00:00:00Z', added_at = '2020-01-01T00:00:00Z'
       where to_number = $1`,
      [number],
    );

  describe('the do-not-call list', () => {
    it('a number is added: on the list from now on, for good', async () => {
      const added = await store().addToDoNotCall({
        to,
        reason: 'asked us to',
        source: 'api',
        expiresAt: null,
      });
      expect(added).toEqual({
        to,
        reason: 'asked us to',
        source: 'api',
        addedBy: null,
        addedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        expiresAt: null,
        expired: false,
      });
      expect(await store().findDoNotCall(to)).toEqual(added);
    });

    it('a number that was never added: null', async () => {
      expect(await store().findDoNotCall(to)).toBeNull();
    });

    it.each([
      ['for good, then for good again', null, null, 'second', null],
      ['until soon, then until later', soon, later, 'second', later],
      ['until soon, then for good', soon, null, 'second', null],
      ['until later, then until soon: not shortened', later, soon, 'first', later],
      ['for good, then until soon: not shortened', null, soon, 'first', null],
    ])('a number is added %s, since the first time', async (_, first, second, reason, expiresAt) => {
      const { addedAt } = await store().addToDoNotCall({
        to,
        reason: 'first',
        source: 'api',
        expiresAt: first,
      });
      const saved = await store().addToDoNotCall({ to, reason: 'second', source: 'csv', expiresAt: second });
      const source = expiresAt === first ? 'api' : 'csv';
      expect(saved).toEqual({ to, reason, source, addedBy: null, addedAt, expiresAt, expired: false });
    });

    it.each([
      ['the new entry lasts longer', soon, later, 'bob'],
      ['both last equally long', soon, soon, 'ann'],
      ['the old entry lasts longer', later, soon, 'ann'],
    ])('added by two clients, %s: the name goes with the entry', async (_, first, second, addedBy) => {
      const entry = { to, reason: '', source: 'api' } as const;
      await store().addToDoNotCall({ ...entry, expiresAt: first, addedBy: 'ann' });
      const saved = await store().addToDoNotCall({ ...entry, expiresAt: second, addedBy: 'bob' });
      expect(saved.addedBy).toBe(addedBy);
      await store().removeFromDoNotCall(to, 'cem');
      const { removals } = await store().listDoNotCallRemovals({ to, limit: 1 });
      expect(removals).toMatchObject([{ addedBy, removedBy: 'cem' }]);
    });

    it('a list is added: its entries have the name of the client', async () => {
      await store().addAllToDoNotCall([{ to, reason: '', expiresAt: null }], 'csv', 'ann');
      expect(await store().findDoNotCall(to)).toMatchObject({ source: 'csv', addedBy: 'ann' });
    });

    it('an entry has expired: shown as expired; added again, it starts over', async () => {
      await store().addToDoNotCall({ to, reason: 'old', source: 'api', expiresAt: null });
      await expire(to);
      expect(await store().findDoNotCall(to)).toMatchObject({ expired: true, reason: 'old' });
      const again = await store().addToDoNotCall({ to, reason: 'new', source: 'api', expiresAt: soon });
      expect(again).toMatchObject({ reason: 'new', expiresAt: soon, expired: false });
      expect(again.addedAt > '2020-01-02').toBe(true);
    });

    it('a number is removed twice: gone, and the second time nothing happens', async () => {
      await store().addToDoNotCall({ to, reason: '', source: 'api', expiresAt: null });
      expect(await store().removeFromDoNotCall(to, null)).toBe(true);
      expect(await store().findDoNotCall(to)).toBeNull();
      expect(await store().removeFromDoNotCall(to, null)).toBe(false);
    });

    it('purge: deletes expired entries only', async () => {
      for (const nth of [1, 2, 3])
        await store().addToDoNotCall({
          to: number(nth),
          reason: '',
          source: 'api',
          expiresAt: nth === 1 ? null : soon,
        });
      await expire(number(2));
      expect(await store().purgeDoNotCall()).toBe(1);
      const { entries } = await store().listDoNotCall({ limit: 10 });
      expect(entries.map((one) => one.to)).toEqual([number(1), number(3)]);
    });

    it('a number is added many times at once: one entry, the one that expires last', async () => {
      const { stores, store: first } = engine();
      const untils = Array.from({ length: 12 }, (_, n) => (n === 7 ? later : soon));
      await Promise.all(
        untils.map((expiresAt, n) =>
          (stores[n % stores.length] ?? first).addToDoNotCall({
            to,
            reason: String(n),
            source: 'api',
            expiresAt,
          }),
        ),
      );
      expect(await store().findDoNotCall(to)).toMatchObject({ reason: '7', expiresAt: later });
    });
  });

  describe('many numbers are imported', () => {
    const entries = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ to: number(from + n), reason: '', expiresAt: null }));
    const count = async () => {
      const [row] = await engine().db.query<{ count: number }>(
        'select count(*)::integer as count from do_not_call',
      );
      return row?.count;
    };

    it('more numbers than one statement takes, some already listed: all are listed', async () => {
      await store().addAllToDoNotCall(entries(1, 10), 'csv');
      expect(await store().addAllToDoNotCall(entries(6, 12_000), 'csv')).toEqual({ added: 11_995 });
      expect(await count()).toBe(12_005);
      expect(await store().addAllToDoNotCall(entries(1, 12_005), 'csv')).toEqual({ added: 0 });
    });

    it('no numbers: nothing happens', async () => {
      expect(await store().addAllToDoNotCall([], 'csv')).toEqual({ added: 0 });
    });

    it('a number comes more than once: the entry that expires last, otherwise the last one', async () => {
      const added = await store().addAllToDoNotCall(
        [
          { to, reason: 'short', expiresAt: soon },
          { to, reason: 'good', expiresAt: null },
          { to, reason: 'long', expiresAt: later },
          { to: number(2), reason: 'first', expiresAt: soon },
          { to: number(2), reason: 'last', expiresAt: soon },
        ],
        'csv',
      );
      expect(added).toEqual({ added: 2 });
      expect(await store().findDoNotCall(to)).toMatchObject({ reason: 'good', source: 'csv' });
      expect(await store().findDoNotCall(number(2))).toMatchObject({ reason: 'last' });
    });

    it('the last part has an invalid time: nothing is imported', async () => {
      const broken = [...entries(1, 5_500), { to, reason: '', expiresAt: 'never' }];
      await expect(store().addAllToDoNotCall(broken, 'csv')).rejects.toThrow();
      expect(await count()).toBe(0);
    });

    it('two imports of the same numbers meet, in opposite orders: both succeed', async () => {
      const all = entries(1, 10_001);
      const [one, other] = [engine().stores[0], engine().stores.at(-1)];
      const [first, second] = await Promise.all([
        one?.addAllToDoNotCall(all, 'csv'),
        other?.addAllToDoNotCall(all.toReversed(), 'csv'),
      ]);
      expect((first?.added ?? 0) + (second?.added ?? 0)).toBe(10_001);
    });
  });

  describe('pages of the do-not-call list', () => {
    beforeEach(async () => {
      for (const nth of [3, 1, 5, 2, 4])
        await store().addToDoNotCall({
          to: number(nth),
          reason: nth < 3 ? 'low' : 'high',
          source: nth === 3 ? 'opt-out' : 'api',
          expiresAt: nth === 4 ? soon : null,
        });
      await expire(number(4));
    });

    it.each([
      ['everything', {}, [1, 2, 3, 4, 5]],
      ['one reason', { reason: 'low' }, [1, 2]],
      ['one source', { source: 'opt-out' as const }, [3]],
      ['what holds', { expired: false }, [1, 2, 3, 5]],
      ['what has expired', { expired: true }, [4]],
      ['nothing that fits', { reason: 'none' }, []],
    ])('%s, any page size: each number once, in order', async (_, filter, expected) => {
      for (const limit of [1, 2, 5, 1000]) {
        const seen: DoNotCallEntry[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const page: Awaited<ReturnType<Engine['store']['listDoNotCall']>> = await store().listDoNotCall({
            ...filter,
            limit,
            ...(cursor === '' ? {} : { cursor }),
          });
          expect(page.entries.length).toBeLessThanOrEqual(limit);
          seen.push(...page.entries);
          cursor = page.nextCursor;
        }
        expect(seen.map((one) => one.to)).toEqual(expected.map(number));
      }
    });

    it.each(['', 'nonsense', '!!!', Buffer.from('15').toString('base64url')])(
      'the cursor %j is from no page: InvalidCursor',
      async (cursor) => {
        await expect(store().listDoNotCall({ limit: 5, cursor })).rejects.toThrow(InvalidCursor);
        await expect(store().listInvalidNumbers({ limit: 5, cursor })).rejects.toThrow(InvalidCursor);
      },
    );

    it.each([0, 1001, 1.5])('a page of %d: RangeError', async (limit) => {
      await expect(store().listDoNotCall({ limit })).rejects.toThrow(RangeError);
    });
  });

  describe('numbers remembered as invalid', () => {
    const remember = (to: string) =>
      engine().db.query(
        `insert into invalid_numbers (to_number, source, code, message, call_id, seen_at)
         values ($1, 'twilio', '21211', 'no such number', 'call-1', '2026-01-01T00:00:00Z')`,
        [to],
      );

    it('invalid numbers are listed with their evidence, paged', async () => {
      for (const nth of [2, 1, 3]) await remember(number(nth));
      expect(await store().findInvalidNumber(number(1))).toEqual({
        to: number(1),
        source: 'twilio',
        code: '21211',
        message: 'no such number',
        callId: 'call-1',
        seenAt: '2026-01-01T00:00:00.000000Z',
      });
      const { invalidNumbers, nextCursor } = await store().listInvalidNumbers({ limit: 2 });
      expect(invalidNumbers.map((one) => one.to)).toEqual([number(1), number(2)]);
      const rest = await store().listInvalidNumbers({ limit: 2, cursor: nextCursor ?? '' });
      expect(rest).toMatchObject({ invalidNumbers: [{ to: number(3) }], nextCursor: null });
    });

    it('a number is forgotten twice: gone, and the second time nothing happens', async () => {
      await remember(to);
      expect(await store().forgetInvalidNumber(to)).toBe(true);
      expect(await store().findInvalidNumber(to)).toBeNull();
      expect(await store().forgetInvalidNumber(to)).toBe(false);
    });
  });
}
