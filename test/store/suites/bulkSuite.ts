import { beforeEach, describe, expect, it } from 'vitest';
import type { BulkCalls, NewBulkOperation } from '../../../activities/store/bulk/bulkStore.js';
import type { CallSelection } from '../../../activities/store/calls/callStore.js';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { Engine } from '../engines.js';
import { opened, outcome } from '../records.js';

const times = ['00.000000', '00.000001', '00.000001', '01.000000', '02.000000'].map(
  (t) => `2026-01-02T03:04:${t}Z`,
);

export function bulkSuite(engine: () => Engine): void {
  const store = () => engine().store;

  const spring: CallSelection = { metadata: { campaign: 'spring' } };

  async function create(overrides: Partial<NewBulkOperation> = {}): Promise<boolean> {
    const { count, last } = await store().previewBulkOperation(overrides.selection ?? spring);
    return store().createBulkOperation({
      ...{ operationId: 'bulk-1', action: 'cancel', selection: spring, reason: null, requestedBy: 'Ann' },
      requestedFilter: { 'metadata.campaign': 'spring' },
      contentHash: 'h',
      expected: count,
      last: last ?? { startedAt: '2026-01-01T00:00:00.000000Z', callId: '' },
      ...overrides,
    });
  }

  const next = async (limit: number) => (await store().nextBulkCalls('bulk-1', limit)) as BulkCalls;
  const idsOf = ({ calls }: BulkCalls) => calls.map(({ callId }) => callId);
  const done = ({ calls }: BulkCalls) =>
    calls.map(({ callId }) => ({ callId, kind: 'done', message: null }) as const);
  const progress = async () => (await store().findBulkOperation('bulk-1'))?.progress;

  describe('bulk operations', () => {
    /** Five calls that are not over, two of them from the same moment, one that is, and one of another campaign. */
    beforeEach(async () => {
      await engine().db.run('truncate calls, attempts, bulk_operations cascade');
      for (const [nth, startedAt] of times.entries())
        await store().addCall({ ...opened(`call-${nth}`), startedAt, metadata: { campaign: 'spring' } });
      await store().saveOutcome(
        outcome('call-over', { metadata: { campaign: 'spring' }, startedAt: '2026-01-02T03:04:01Z' }),
      );
      await store().addCall({ ...opened('call-other'), metadata: { campaign: 'autumn' } });
    });

    it('the preview: counts what is not over by state, and shows the three newest', async () => {
      expect(await store().previewBulkOperation(spring)).toMatchObject({
        count: 5,
        states: { 'looking-up': 5 },
        over: 1,
        sample: [{ callId: 'call-4' }, { callId: 'call-3' }, { callId: 'call-2' }],
        last: { callId: 'call-4', startedAt: '2026-01-02T03:04:02.000000Z' },
      });
      expect(await store().previewBulkOperation({ outcome: 'busy' })).toMatchObject({
        count: 0,
        over: 1,
        last: null,
      });
    });

    it.each<[string, CallSelection, string[]]>([
      ['metadata', spring, ['call-0', 'call-1', 'call-2', 'call-3', 'call-4']],
      [
        'a state',
        { state: 'looking-up', search: '0006' },
        ['call-0', 'call-1', 'call-2', 'call-3', 'call-4'],
      ],
      ['a search', { search: 'autumn' }, ['call-other']],
      ['a state that ends calls', { state: 'done' }, []],
    ])('calls of %s: each once, oldest first, and none that is over', async (_, selection, ids) => {
      await create({ selection });
      const seen: string[] = [];
      for (let calls = await next(2); calls !== null; calls = await next(2)) {
        seen.push(...idsOf(calls));
        await store().saveBulkResults('bulk-1', calls, done(calls));
      }
      expect(seen.filter((callId) => callId !== 'call-other' || ids.includes(callId))).toEqual(ids);
      expect(await progress()).toMatchObject({ state: 'done', counts: { done: seen.length } });
    });

    it('calls that are requested later: do not belong to it', async () => {
      await create();
      await store().addCall({
        ...opened('call-9'),
        startedAt: times[4] as string,
        metadata: { campaign: 'spring' },
      });
      await store().addCall({
        ...opened('call-later'),
        startedAt: '2026-01-03T00:00:00Z',
        metadata: { campaign: 'spring' },
      });
      expect(idsOf(await next(10))).toEqual(['call-0', 'call-1', 'call-2', 'call-3', 'call-4']);
    });

    it('a step is repeated: the same calls, though the filter shows them no more; counted once', async () => {
      await create();
      const first = await next(2);
      await store().saveOutcome(
        outcome('call-0', { metadata: { campaign: 'spring' }, startedAt: times[0] as string }),
      );
      const again = await next(2);
      expect(idsOf(again)).toEqual(['call-0', 'call-1']);
      const results = [
        { callId: 'call-0', kind: 'done', message: null },
        { callId: 'call-1', kind: 'refused', message: 'no' },
      ] as const;
      await store().saveBulkResults('bulk-1', first, results);
      await store().saveBulkResults('bulk-1', again, results);
      expect(await progress()).toMatchObject({
        state: 'running',
        counts: { done: 1, refused: 1, failed: 0 },
        reasons: [{ kind: 'refused', message: 'no', calls: 1, callId: 'call-1' }],
      });
    });

    it('stopped: what was taken is still counted, then it is over', async () => {
      await create();
      const taken = await next(2);
      await store().stopBulkOperation({ operationId: 'bulk-1', by: 'Bob' });
      expect(await progress()).toMatchObject({ state: 'stopping', stoppedBy: 'Bob' });
      expect(idsOf(await next(2))).toEqual(idsOf(taken));
      await store().saveBulkResults('bulk-1', taken, done(taken));
      expect(await store().nextBulkCalls('bulk-1', 2)).toBeNull();
      expect(await progress()).toMatchObject({ state: 'stopped', counts: { done: 2 } });
      await store().stopBulkOperation({ operationId: 'bulk-1', by: 'Eve' });
      expect(await progress()).toMatchObject({ stoppedBy: 'Bob' });
    });

    it('an id is used again: refused; without results: may be discarded; pages: newest first', async () => {
      expect(await create()).toBe(true);
      expect(await create()).toBe(false);
      await create({ operationId: 'bulk-2' });
      const first = await store().listBulkOperations({ limit: 1 });
      expect(first.operations.map(({ operationId }) => operationId)).toEqual(['bulk-2']);
      const second = await store().listBulkOperations({ limit: 1, cursor: first.nextCursor as string });
      expect(second).toMatchObject({ operations: [{ operationId: 'bulk-1' }], nextCursor: null });
      await expect(store().listBulkOperations({ limit: 1, cursor: 'x' })).rejects.toThrow(InvalidCursor);
      await store().discardBulkOperation('bulk-2');
      expect(await store().findBulkOperation('bulk-2')).toBeNull();
      expect(await store().nextBulkCalls('bulk-2', 1)).toBeNull();
    });
  });
}
