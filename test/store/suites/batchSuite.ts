import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import type { BatchProgress } from '../../../workflows/batch/batchProgress.js';
import { type Outcome, outcomes } from '../../../workflows/callRequest.js';
import type { Engine } from '../engines.js';
import { opened, outcome } from '../records.js';

export function batchSuite(engine: () => Engine): void {
  const store = () => engine().store;

  async function newBatch(
    rows: PartialCallRequest[] | number,
    window = 10,
    defaults: PartialCallRequest = {},
  ) {
    const batchId = `batch-${randomUUID()}`;
    const all =
      typeof rows === 'number' ? Array.from({ length: rows }, () => ({ to: '+15005550006' })) : rows;
    const draft = await store().createDraft({ name: 'n', window, defaults, redialOf: null, paused: false });
    await store().addBatchRows(draft, 1, all);
    const published = { batchId, total: all.length, contentHash: 'hash', metadataNames: ['order'] };
    expect(await store().publishDraft(draft, published)).toBe(true);
    return batchId;
  }

  const starting = async (batchId: string) =>
    (await store().startingRows(batchId, 1000)).map(({ row }) => row);
  const progressOf = async (batchId: string) =>
    ((await store().findBatch(batchId)) as { progress: BatchProgress }).progress;
  const end = async (batchId: string, row: number, how: Outcome = 'busy') => {
    const callId = `${batchId}-${row}`;
    await store().addCall({ ...opened(callId), batchId });
    await store().saveOutcome(outcome(callId, { outcome: how }));
  };

  it('a row is released while a step ends the batch: the batch goes on', async () => {
    const { db } = engine();
    // The only connection would wait for itself.
    if (engine().stores.length === 1) return;
    const batchId = await newBatch(2, 1);
    await store().releaseRows(batchId, 10);
    await store().refuseRows(batchId, [{ row: 1, fault: 'none' }]);
    let concluding: Promise<BatchProgress> | undefined;
    await db.transaction(async (sql) => {
      await sql.query(`update batches set next_row = 2 where batch_id = '${batchId}'`);
      await sql.query(`update batch_rows set state = 'starting' where row = 2
        and batch_no = (select batch_no from batches where batch_id = '${batchId}')`);
      concluding = store().finishStep(batchId);
      const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%taken_up_at%'`;
      await vi.waitFor(async () => expect(await db.query(waiting)).toHaveLength(1));
    });
    expect(await concluding).toMatchObject({ state: 'running', counts: { running: 1, refused: 1 } });
  });

  /** What the counts must be, by counting the rows themselves. */
  async function countRows(batchId: string) {
    const rows = await engine().db.query<{ state: string; outcome: string | null; count: number }>(
      `select case when r.state = 'waiting' and b.canceled_at is not null then 'withdrawn'
          when r.state in ('starting', 'running') then case when c.state = 'done' then 'done' else 'running' end
          else r.state end as state, coalesce(r.outcome, c.outcome) as outcome, count(*)::integer as count
        from batches b join batch_rows r using (batch_no) left join calls c on c.call_id = b.batch_id || '-' || r.row
        where b.batch_id = $1 group by 1, 2`,
      [batchId],
    );
    const of = (state: string) =>
      rows.filter((row) => row.state === state).reduce((sum, { count }) => sum + count, 0);
    const [waiting, running, done, refused, withdrawn] = [
      'waiting',
      'running',
      'done',
      'refused',
      'withdrawn',
    ].map(of);
    const byOutcome = rows.filter(({ state }) => state === 'done').map((row) => [row.outcome, row.count]);
    const total = rows.reduce((sum, { count }) => sum + count, 0);
    return { total, waiting, running, done, refused, withdrawn, outcomes: Object.fromEntries(byOutcome) };
  }

  describe('a batch is written', () => {
    it('a draft: not listed until it is published, then complete with its rows in order', async () => {
      const draft = await store().createDraft({
        name: 'Monday',
        window: 7,
        defaults: { twiml: '<Response/>', metadata: { order: '0', shop: 'a' } },
        redialOf: { batch: 'b', outcome: ['busy'] },
        paused: true,
      });
      const batchId = `batch-${randomUUID()}`;
      await store().addBatchRows(draft, 1, [{ to: '+15005550001' }, { to: '+15005550002', url: 'http://x' }]);
      await store().addBatchRows(draft, 3, [{ to: '+15005550003', metadata: { order: '3' } }]);
      expect(await store().findBatch(batchId)).toBeNull();
      const published = { batchId, total: 3, contentHash: 'h', metadataNames: ['order', 'shop'] };
      expect(await store().publishDraft(draft, published)).toBe(true);
      expect(await store().findBatch(batchId)).toMatchObject({
        contentHash: 'h',
        metadataNames: ['order', 'shop'],
        progress: {
          batchId,
          name: 'Monday',
          state: 'paused',
          window: 7,
          redialOf: { batch: 'b', outcome: ['busy'] },
          counts: { total: 3, waiting: 3, running: 0, done: 0, refused: 0, withdrawn: 0, outcomes: {} },
        },
      });
      await store().controlBatch({ batchId, what: 'resume', reason: null });
      await store().releaseRows(batchId, 10);
      expect((await store().startingRows(batchId, 10)).map(({ request }) => request)).toEqual([
        { to: '+15005550001', twiml: '<Response/>', metadata: { order: '0', shop: 'a' } },
        { to: '+15005550002', url: 'http://x', metadata: { order: '0', shop: 'a' } },
        { to: '+15005550003', twiml: '<Response/>', metadata: { order: '3', shop: 'a' } },
      ]);
    });

    it('another batch has its id: it stays a draft, and can be discarded with its rows', async () => {
      const batchId = await newBatch(2);
      const draft = await store().createDraft({
        name: null,
        window: 1,
        defaults: {},
        redialOf: null,
        paused: false,
      });
      await store().addBatchRows(draft, 1, [{ to: '+15005550009' }]);
      const published = { batchId, total: 1, contentHash: 'other', metadataNames: [] };
      expect(await store().publishDraft(draft, published)).toBe(false);
      await store().discardDraft(draft);
      const left = await engine().db.query('select row from batch_rows where batch_no = $1::bigint', [draft]);
      expect(left).toEqual([]);
      expect((await store().findBatch(batchId))?.progress.counts.total).toBe(2);
    });

    it('a published batch is discarded as a draft: nothing happens', async () => {
      const batchId = await newBatch(2);
      const [{ number } = { number: '' }] = await engine().db.query<{ number: string }>(
        'select batch_no::text as number from batches where batch_id = $1',
        [batchId],
      );
      await store().discardDraft(number);
      expect(await store().batchResults(batchId, { after: 0, limit: 10 })).toHaveLength(2);
    });

    it('a draft is a day old: discarded when the next one is created', async () => {
      const draft = { name: null, window: 1, defaults: {}, redialOf: null, paused: false };
      const old = await store().createDraft(draft);
      await store().addBatchRows(old, 1, [{ to: '+15005550009' }]);
      await engine().db.query(
        `update batches set created_at = clock_timestamp() - interval '25 hours' where batch_no = $1::bigint`,
        [old],
      );
      await store().discardDraft(await store().createDraft(draft));
      const left = await engine().db.query('select 1 from batch_rows where batch_no = $1::bigint', [old]);
      expect(left).toEqual([]);
    });
  });

  describe('releasing rows', () => {
    it('rows are released in order, as many as the window allows, and more only when some have ended', async () => {
      const batchId = await newBatch(5, 2);
      await store().releaseRows(batchId, 100);
      expect(await starting(batchId)).toEqual([1, 2]);
      await store().markStarted(batchId, [1, 2]);
      await store().releaseRows(batchId, 100);
      expect(await starting(batchId)).toEqual([]);
      await end(batchId, 2);
      expect(await store().countEndedRows(batchId)).toBe(1);
      await store().releaseRows(batchId, 100);
      expect(await starting(batchId)).toEqual([3]);
    });

    it('a limit is given: at most so many rows are released', async () => {
      const batchId = await newBatch(5, 5);
      await store().releaseRows(batchId, 2);
      expect(await starting(batchId)).toEqual([1, 2]);
      await store().releaseRows(batchId, 2);
      expect(await starting(batchId)).toEqual([1, 2, 3, 4]);
    });

    it('ten executions release rows at once: the window holds', async () => {
      const batchId = await newBatch(50, 4);
      const { stores } = engine();
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => (stores[n % stores.length] ?? store()).releaseRows(batchId, 3)),
      );
      await store().releaseRows(batchId, 100);
      expect(await starting(batchId)).toEqual([1, 2, 3, 4]);
    });

    it('ten executions count rows at once: each row is counted once', async () => {
      const batchId = await newBatch(8, 8);
      await store().releaseRows(batchId, 100);
      for (const row of [1, 2, 3]) await end(batchId, row);
      const { stores } = engine();
      const settled = await Promise.all(
        Array.from({ length: 10 }, (_, n) => (stores[n % stores.length] ?? store()).countEndedRows(batchId)),
      );
      expect(settled.reduce((sum, count) => sum + count, 0)).toBe(3);
      expect((await progressOf(batchId)).counts).toEqual(await countRows(batchId));
    });

    it.each(['pause', 'cancel'] as const)('after %s: no row', async (what) => {
      const batchId = await newBatch(3);
      await store().controlBatch({ batchId, what, reason: null });
      await store().releaseRows(batchId, 100);
      expect(await starting(batchId)).toEqual([]);
    });

    it('canceled twice: the first reason stays, and resume comes too late', async () => {
      const batchId = await newBatch(3);
      await store().controlBatch({ batchId, what: 'cancel', reason: 'first' });
      await store().controlBatch({ batchId, what: 'cancel', reason: 'second' });
      await store().controlBatch({ batchId, what: 'resume', reason: null });
      expect(await store().finishStep(batchId)).toMatchObject({ state: 'canceled', cancelReason: 'first' });
    });

    it('controls: who used them, in order; the first and the newest of more than 60 are kept', async () => {
      const batchId = await newBatch(3);
      const control = (what: 'pause' | 'resume' | 'cancel', by: string) =>
        store().controlBatch({ batchId, what, reason: null, by });
      await control('resume', 'nobody: it is not paused');
      for (let n = 1; n <= 31; n++) {
        await control('pause', `ann ${n}`);
        await control('pause', 'nobody: it is paused already');
        await control('resume', `bob ${n}`);
      }
      await control('cancel', 'cem');
      await control('cancel', 'nobody: it is canceled already');
      const { controls } = await progressOf(batchId);
      expect(controls).toHaveLength(60);
      expect(controls.slice(0, 2)).toMatchObject([
        { control: 'pause', by: 'ann 1' },
        { control: 'pause', by: 'ann 3' },
      ]);
      expect(controls.slice(-2)).toEqual([
        { at: expect.any(String), control: 'resume', by: 'bob 31' },
        { at: expect.any(String), control: 'cancel', by: 'cem' },
      ]);
    });
  });

  it('calls start, end and are refused in any order: the counts match the rows and add up', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('release' as const), n: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('start' as const), n: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('end' as const), n: fc.nat(11), how: fc.constantFrom(...outcomes) }),
      fc.record({ do: fc.constant('refuse' as const), n: fc.nat(11) }),
      fc.record({
        do: fc.constantFrom('settle' as const, 'conclude' as const, 'pause' as const, 'resume' as const),
      }),
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { maxLength: 25 }),
        async (window, steps) => {
          const batchId = await newBatch(12, window);
          for (const one of steps) {
            const inFlight = await engine().db.query<{ row: number }>(
              `select r.row from batch_rows r join batches b using (batch_no) where b.batch_id = $1
              and r.state in ('starting', 'running') order by r.row`,
              [batchId],
            );
            const row = 'n' in one ? inFlight[one.n % Math.max(1, inFlight.length)]?.row : undefined;
            if (one.do === 'release') await store().releaseRows(batchId, one.n);
            else if (one.do === 'start')
              await store().markStarted(batchId, (await starting(batchId)).slice(0, one.n));
            else if (one.do === 'settle') await store().countEndedRows(batchId);
            else if (one.do === 'conclude') await store().finishStep(batchId);
            else if (one.do === 'end') {
              if (row) await end(batchId, row, one.how);
            } else if (one.do === 'refuse') {
              if (row) await store().refuseRows(batchId, [{ row, fault: 'no' }]);
            } else await store().controlBatch({ batchId, what: one.do, reason: null });

            const { counts } = await progressOf(batchId);
            const truth = await countRows(batchId);
            expect(counts).toEqual(truth);
            const { waiting, running, done, refused, withdrawn } = counts;
            expect(waiting + running + done + refused + withdrawn).toBe(12);
            expect(running).toBeLessThanOrEqual(window);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  describe('a released row', () => {
    it('the batch is paused before it is started: it waits for the resume', async () => {
      const batchId = await newBatch(2);
      await store().releaseRows(batchId, 1);
      await store().controlBatch({ batchId, what: 'pause', reason: null });
      expect(await store().startingRows(batchId, 10)).toEqual([]);
      await store().controlBatch({ batchId, what: 'resume', reason: null });
      expect(await store().startingRows(batchId, 10)).toMatchObject([{ row: 1, canceled: false }]);
    });

    it('the batch is canceled before it is started: the row says so', async () => {
      const batchId = await newBatch(2);
      await store().releaseRows(batchId, 1);
      await store().controlBatch({ batchId, what: 'pause', reason: null });
      await store().controlBatch({ batchId, what: 'cancel', reason: null });
      expect(await store().startingRows(batchId, 10)).toMatchObject([{ row: 1, canceled: true }]);
    });

    it('its call has an outcome when it is refused: the outcome counts', async () => {
      const batchId = await newBatch(1);
      await store().releaseRows(batchId, 1);
      await end(batchId, 1, 'answered');
      await store().refuseRows(batchId, [{ row: 1, fault: 'too late' }]);
      expect((await progressOf(batchId)).counts).toMatchObject({ done: 1, refused: 0 });
    });

    it('no news of its call: checked after 15 s if the call has no record, after 10 min otherwise', async () => {
      const batchId = await newBatch(3);
      await store().releaseRows(batchId, 3);
      await store().markStarted(batchId, [1, 2, 3]);
      await store().addCall({ ...opened(`${batchId}-2`), batchId });
      const ago = (interval: string) =>
        engine().db.query(
          `update batch_rows set started_at = clock_timestamp() - $2::text::interval
            where batch_no = (select batch_no from batches where batch_id = $1)`,
          [batchId, interval],
        );
      expect(await store().staleRows(batchId, 10)).toEqual([]);
      await ago('1 minute');
      expect(new Set(await store().staleRows(batchId, 10))).toEqual(new Set([1, 3]));
      await store().markChecked(batchId, [3]);
      await ago('1 hour');
      expect(new Set(await store().staleRows(batchId, 10))).toEqual(new Set([1, 2]));
    });

    it('its batch is canceled: its call is canceled once', async () => {
      const batchId = await newBatch(3);
      await store().releaseRows(batchId, 2);
      await store().markStarted(batchId, [1, 2]);
      expect(await store().rowsToCancel(batchId, 10)).toEqual([]);
      await store().controlBatch({ batchId, what: 'cancel', reason: null });
      expect(await store().rowsToCancel(batchId, 10)).toEqual([1, 2]);
      await store().markCancelRequested(batchId, [1]);
      expect(await store().rowsToCancel(batchId, 10)).toEqual([2]);
    });
  });

  it('results: each row with its state, paged', async () => {
    const batchId = await newBatch(
      [1, 2, 3, 4].map((n) => ({ to: `+1500555000${n}`, metadata: { order: String(n) } })),
      3,
    );
    await store().releaseRows(batchId, 3);
    await store().markStarted(batchId, [1, 2]);
    await end(batchId, 1);
    await store().refuseRows(batchId, [{ row: 2, fault: 'why' }]);
    const all = await store().batchResults(batchId, { after: 0, limit: 3 });
    expect(all).toMatchObject([
      { row: 1, callId: `${batchId}-1`, to: '+15005550001', state: 'done', outcome: 'busy', attempts: 1 },
      { row: 2, state: 'refused', reason: 'why', outcome: null },
      { row: 3, state: 'running', outcome: null, metadata: { order: '3' } },
    ]);
    expect(all[0]).toMatchObject({ reason: 'sip 486: Busy Here', sipResponseCode: 486 });
    expect(all[0]?.endedBecause).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    expect(
      all.map(({ from, decidedBy, callSid, reachability }) => [from, decidedBy, callSid, reachability]),
    ).toEqual([
      [expect.stringMatching(/^\+/), expect.any(String), expect.stringMatching(/^CA/), expect.any(String)],
      [null, null, null, null],
      [null, null, null, null],
    ]);
    expect(await store().batchResults(batchId, { after: 3, limit: 3 })).toMatchObject([
      { row: 4, state: 'waiting', startedAt: null },
    ]);
    await store().controlBatch({ batchId, what: 'cancel', reason: null });
    expect(await store().batchResults(batchId, { after: 3, limit: 3 })).toMatchObject([
      { state: 'withdrawn' },
    ]);
    await expect(store().batchResults('no such batch', { after: 0, limit: 1 })).rejects.toThrow(
      'There is no batch no such batch',
    );
  });

  it('batches are listed: newest first, paged', async () => {
    const made = [await newBatch(1), await newBatch(1), await newBatch(1)];
    const first = await store().listBatches({ limit: 2 });
    expect(first.batches.map(({ batchId }) => batchId)).toEqual([made[2], made[1]]);
    const second = await store().listBatches({ limit: 1, cursor: first.nextCursor as string });
    expect(second.batches[0]?.batchId).toBe(made[0]);
    await expect(store().listBatches({ limit: 1, cursor: 'x' })).rejects.toThrow('cursor');
  });
}
