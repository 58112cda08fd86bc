import { describe, expect, it } from 'vitest';
import { type FeedEvent, LostCursor } from '../../../activities/store/events/eventFeed.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import type { Engine } from '../engines.js';
import { attempt, busyAttempt, newCallId, newSid, outcome } from '../records.js';

/** Reads until this many events have come, in small pages, while others write. */
export async function readFrom(store: OutcomeStore, cursor: string, count: number): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for (let after = cursor; events.length < count; ) {
    const page = await store.readEvents({ after, limit: 7 });
    events.push(...page.events);
    after = page.next;
  }
  return events;
}

export function eventFeedSuite(engine: () => Engine): void {
  const store = () => engine().store;
  const endOfFeed = async () => (await store().readEvents({ after: 'latest', limit: 1 })).next;
  const settled = (callId: string, number = 1) =>
    store().saveAttempt({ callId, state: 'waiting-to-retry', attempt: busyAttempt(number) });
  const namesOf = (events: FeedEvent[]) =>
    events.map(({ type, data }) => `${type} ${data.outcome}${'number' in data ? ` ${data.number}` : ''}`);

  describe('event feed', () => {
    it('a call of two attempts: an event for the end of each, then for its own, as they are on record', async () => {
      const [after, callId] = [await endOfFeed(), newCallId()];
      await store().saveAttempt({ callId, state: 'queued', attempt: attempt() });
      await settled(callId);
      const ended = outcome(callId, { attempts: [busyAttempt(1), busyAttempt(2)] });
      await store().saveOutcome(ended);
      const { events, next } = await store().readEvents({ after, limit: 10 });
      expect(events).toEqual(
        [
          { type: 'attempt.ended', data: busyAttempt(1) },
          { type: 'attempt.ended', data: busyAttempt(2) },
          { type: 'call.ended', data: ended },
        ].map((event) => ({
          ...event,
          id: expect.stringMatching(/^\d+-\d+$/),
          at: expect.stringMatching(/Z$/),
          callId,
        })),
      );
      expect(events.at(-1)?.id).toBe(next);
      expect((await store().readEvents({ after: events[0]?.id ?? '', limit: 1 })).events).toEqual([
        events[1],
      ]);
    });

    it('everything is written twice, and another outcome comes late: no further event', async () => {
      const [after, callId] = [await endOfFeed(), newCallId()];
      for (const _ of [1, 2]) await settled(callId);
      for (const _ of [1, 2]) await store().saveOutcome(outcome(callId));
      await store().saveOutcome(outcome(callId, { outcome: 'answered' }));
      await settled(callId);
      const { events } = await store().readEvents({ after, limit: 10 });
      expect(namesOf(events)).toEqual(['attempt.ended busy 1', 'call.ended busy']);
    });

    it('a late update changes the outcome of an attempt: another event', async () => {
      const [after, callId] = [await endOfFeed(), newCallId()];
      await settled(callId);
      const { next } = await store().readEvents({ after, limit: 10 });
      const corrected = { ...busyAttempt(), status: 'completed', outcome: 'answered' } as const;
      await store().saveAttempt({ callId, state: 'waiting-to-retry', attempt: corrected });
      const { events } = await store().readEvents({ after: next, limit: 10 });
      expect(namesOf(events)).toEqual(['attempt.ended answered 1']);
    });

    it('no event came: the cursor stays the same, at the start of the feed too', async () => {
      const after = await endOfFeed();
      expect(await store().readEvents({ after, limit: 10 })).toMatchObject({ events: [], next: after });
    });

    it('forty calls end at once while five readers page: each reads every event once, in the same sequence', async () => {
      const after = await endOfFeed();
      const callIds = Array.from({ length: 40 }, newCallId);
      const write = async (callId: string, index: number) => {
        const writer = engine().stores[index % engine().stores.length] ?? store();
        const attempts = [1, 2].map((number) => ({ ...busyAttempt(number), callSid: newSid() }));
        for (const one of attempts)
          await writer.saveAttempt({ callId, state: 'waiting-to-retry', attempt: one });
        await writer.saveOutcome(outcome(callId, { attempts }));
      };
      const readers = Array.from({ length: 5 }, (_, index) =>
        readFrom(engine().stores[index % engine().stores.length] ?? store(), after, 120),
      );
      const [feeds] = await Promise.all([Promise.all(readers), Promise.all(callIds.map(write))]);
      const [first = []] = feeds;
      for (const feed of feeds) expect(feed.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
      for (const callId of callIds)
        expect(namesOf(first.filter((event) => event.callId === callId))).toEqual([
          'attempt.ended busy 1',
          'attempt.ended busy 2',
          'call.ended busy',
        ]);
    });

    it('calls are deleted: a reader behind their events is told, and can go on; others are not', async () => {
      const start = await endOfFeed();
      const [kept, deleted, later] = [newCallId(), newCallId(), newCallId()];
      for (const callId of [kept, deleted, later]) await store().saveOutcome(outcome(callId));
      const all = (await store().readEvents({ after: start, limit: 10 })).events;
      await engine().db.query('delete from calls where call_id = $1', [deleted]);

      const [readKept, readDeleted] = [all[1]?.id ?? '', all[3]?.id ?? ''];
      const gap = await store()
        .readEvents({ after: readKept, limit: 10 })
        .catch((error: unknown) => error);
      expect(gap).toBeInstanceOf(LostCursor);
      const next = (gap as LostCursor).next ?? '';
      const callIdsAfter = async (after: string) =>
        (await store().readEvents({ after, limit: 10 })).events.map(({ callId }) => callId);
      expect(await callIdsAfter(next)).toEqual([later, later]);
      expect(await callIdsAfter(readDeleted)).toEqual([later, later]);
      // A reader that begins now misses nothing that it could have.
      expect((await readFrom(store(), '0', 1)).length).toBeGreaterThan(0);
    });
  });
}
