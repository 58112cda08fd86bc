import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { Notification } from '../../../workflows/callActivities.js';
import type { Engine } from '../engines.js';
import { newCallId, outcome } from '../records.js';

export function deadLetterSuite(engine: () => Engine): void {
  const store = () => engine().store;

  function newDeadLetter(
    id: string,
    callId = newCallId(),
  ): { id: string; notification: Notification; error: string } {
    const notification: Notification = {
      callId,
      url: 'https://hooks.example/calls?token=x',
      type: 'call.ended',
      payload: outcome(callId),
    };
    return { id, notification, error: 'hooks.example answered 500' };
  }

  describe('dead letters', () => {
    beforeEach(() => engine().db.run('truncate dead_letters'));

    it('a letter is kept: found with the whole notification, its fields in the same order', async () => {
      const deadLetter = newDeadLetter('msg_1');
      await store().saveDeadLetter(deadLetter);
      const found = await store().findDeadLetter('msg_1');
      expect(found?.notification).toEqual({ ...deadLetter.notification, id: 'msg_1' });
      expect(JSON.stringify(found?.notification.payload)).toBe(
        JSON.stringify(deadLetter.notification.payload),
      );
      expect(found?.letter).toEqual({
        id: 'msg_1',
        callId: deadLetter.notification.callId,
        type: 'call.ended',
        url: deadLetter.notification.url,
        state: 'dead',
        error: deadLetter.error,
        failedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        resends: 0,
        resentAt: null,
        deliveredAt: null,
      });
      expect(await store().findDeadLetter('msg_2')).toBeNull();
    });

    it('a letter is kept twice: one letter, with the newer error', async () => {
      const deadLetter = newDeadLetter('msg_1');
      await store().saveDeadLetter(deadLetter);
      await store().markDeadLetterResent('msg_1');
      await store().saveDeadLetter({ ...deadLetter, error: 'hooks.example answered 410' });
      const { deadLetters } = await store().listDeadLetters({ limit: 10 });
      expect(deadLetters).toMatchObject([
        { id: 'msg_1', state: 'dead', error: 'hooks.example answered 410', resends: 1 },
      ]);
      expect(deadLetters[0]?.resentAt).not.toBeNull();
    });

    it('a letter is delivered: stays delivered after late writes', async () => {
      await store().saveDeadLetter(newDeadLetter('msg_1'));
      await store().markDeadLetterDelivered('msg_1');
      const settled = await store().findDeadLetter('msg_1');
      await store().markDeadLetterDelivered('msg_1');
      await store().saveDeadLetter({ ...newDeadLetter('msg_1'), error: 'late' });
      expect(settled?.letter).toMatchObject({ state: 'delivered', deliveredAt: expect.any(String) });
      expect(await store().findDeadLetter('msg_1')).toEqual(settled);
    });

    it('no such letter: marking it changes nothing', async () => {
      await store().markDeadLetterDelivered('msg_none');
      await store().markDeadLetterResent('msg_none');
      expect(await store().listDeadLetters({ limit: 1 })).toEqual({ deadLetters: [], nextCursor: null });
    });

    it('letters are listed: newest first, paged, by call and by state', async () => {
      const callId = newCallId();
      for (const n of [1, 2, 3, 4, 5])
        await store().saveDeadLetter(newDeadLetter(`msg_${n}`, n % 2 ? callId : undefined));
      await store().markDeadLetterDelivered('msg_3');
      const ids = async (filter: { callId?: string; state?: 'dead' | 'delivered' }) => {
        const seen: string[] = [];
        for (let cursor: string | null | undefined; cursor !== null; ) {
          const page = await store().listDeadLetters({ ...filter, limit: 2, ...(cursor ? { cursor } : {}) });
          seen.push(...page.deadLetters.map(({ id }) => id));
          cursor = page.nextCursor;
        }
        return seen;
      };
      expect(await ids({})).toEqual(['msg_5', 'msg_4', 'msg_3', 'msg_2', 'msg_1']);
      expect(await ids({ callId })).toEqual(['msg_5', 'msg_3', 'msg_1']);
      expect(await ids({ state: 'dead' })).toEqual(['msg_5', 'msg_4', 'msg_2', 'msg_1']);
      expect(await ids({ callId, state: 'delivered' })).toEqual(['msg_3']);
    });

    it('a cursor from no page: InvalidCursor; a page of 0 or 201: RangeError', async () => {
      await expect(store().listDeadLetters({ limit: 1, cursor: 'x' })).rejects.toThrow(InvalidCursor);
      for (const limit of [0, 201])
        await expect(store().listDeadLetters({ limit })).rejects.toThrow(RangeError);
    });

    it('a letter holds text that PostgreSQL cannot store: kept, with U+FFFD instead', async () => {
      const deadLetter = newDeadLetter('msg_1', 'call-\0');
      await store().saveDeadLetter(deadLetter);
      const found = await store().findDeadLetter('msg_1');
      expect(found?.notification.payload).toMatchObject({ callId: 'call-\uFFFD' });
    });
  });
}
