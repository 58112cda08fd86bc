import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { redialCandidates } from '../../../activities/store/batches/redialCandidates.js';
import type { Outcome } from '../../../workflows/callRequest.js';
import type { Engine } from '../engines.js';
import { newCallId, opened, outcome } from '../records.js';

export function redialSuite(engine: () => Engine): void {
  const store = () => engine().store;

  describe('calls to dial again', () => {
    const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
    /** A call on record: to which number, when, and how it ended; null: it runs. */
    async function call(to: string, minute: number, how: Outcome | null, more: object = {}) {
      const callId = newCallId();
      await store().addCall({
        ...opened(callId),
        to,
        startedAt: at(minute),
        request: { to, twiml: '<Response/>' },
        ...more,
      });
      if (how !== null)
        await store().saveOutcome(
          outcome(callId, {
            to,
            startedAt: at(minute),
            outcome: how,
            reachability: 'undetermined',
            attempts: [],
          }),
        );
      return callId;
    }
    const scope = () => ({ batch: `batch-${randomUUID()}` });
    const number = () => `+1500${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`;
    const found = async (query: Parameters<ReturnType<typeof store>['redialCandidates']>[0]) =>
      (await store().redialCandidates(query, { after: null, limit: 100 })).map(({ callId }) => callId);

    it('filter by outcome: only calls with that outcome, with their requests', async () => {
      const { batch } = scope();
      const [busy] = [await call(number(), 1, 'busy', { batchId: batch })];
      await call(number(), 2, 'answered', { batchId: batch });
      await call(number(), 3, null, { batchId: batch });
      await call(number(), 4, 'busy');
      const [one, ...others] = await store().redialCandidates(
        { batch, outcome: ['busy', 'no-answer'] },
        { after: null, limit: 10 },
      );
      expect(one).toMatchObject({ callId: busy, request: { twiml: '<Response/>' } });
      expect(others).toEqual([]);
    });

    it('callee refused further calls, or is on the do-not-call list: named as left out', async () => {
      const { batch } = scope();
      const [refused, listed, expired, plain] = [number(), number(), number(), number()];
      const older = await call(refused, 1, null);
      await store().saveOutcome(outcome(older, { to: refused, outcome: 'failed', sipResponseCode: 607 }));
      for (const to of [refused, listed, expired, plain]) await call(to, 2, 'busy', { batchId: batch });
      const past = '2020-01-01T00:00:00Z';
      await store().addToDoNotCall({ to: listed, reason: '', expiresAt: null, source: 'api' });
      await store().addToDoNotCall({ to: expired, reason: '', expiresAt: past, source: 'api' });
      const candidates = await store().redialCandidates({ batch }, { after: null, limit: 10 });
      expect(Object.fromEntries(candidates.map(({ to, leftOutBy }) => [to, leftOutBy]))).toEqual({
        [refused]: 'unwanted',
        [listed]: 'do-not-call',
        [expired]: null,
        [plain]: null,
      });
    });

    it('the do-not-call list has the number as it was requested, and Lookup spells it otherwise: left out', async () => {
      const { batch } = scope();
      const [to, requested] = [number(), number()];
      await call(to, 1, 'busy', { batchId: batch, request: { to: requested, twiml: '<Response/>' } });
      await store().addToDoNotCall({ to: requested, reason: '', expiresAt: null, source: 'api' });
      const candidates = await store().redialCandidates({ batch }, { after: null, limit: 10 });
      expect(candidates).toMatchObject([{ to, leftOutBy: 'do-not-call' }]);
    });

    it.each<[string, (Outcome | null)[], boolean]>([
      ['busy, then busy again in the same batch: once, the later one', ['busy', 'busy'], true],
      ['busy, then answered: not', ['busy', 'answered'], false],
      ['answered, then busy: the newest counts', ['answered', 'busy'], true],
      ['busy, then failed: the newest counts, and the query does not name failed', ['busy', 'failed'], false],
      ['busy, and being called now: not', ['busy', null], false],
    ])('a number was %s', async (_, ends, again) => {
      const { batch } = scope();
      const to = number();
      const calls: string[] = [];
      for (const [nth, how] of ends.entries()) calls.push(await call(to, nth, how, { batchId: batch }));
      expect(await found({ batch, outcome: ['busy'] })).toEqual(again ? [calls.at(-1)] : []);
    });

    it.each<[string, Outcome | null, boolean]>([
      ['answered', 'answered', false],
      ['under way', null, false],
      ['busy, too', 'busy', true],
    ])('a later call to the number, outside the batch, is %s: it counts', async (_, later, again) => {
      const { batch } = scope();
      const to = number();
      const callId = await call(to, 1, 'busy', { batchId: batch });
      await call(to, 2, later);
      expect(await found({ batch, outcome: ['busy'] })).toEqual(again ? [callId] : []);
    });

    it('by number, time and reachability', async () => {
      const to = number();
      await call(to, 10, 'failed');
      const callId = await call(to, 20, 'failed');
      expect(await found({ to })).toEqual([callId]);
      expect(await found({ to, until: at(20) })).toHaveLength(1);
      expect(await found({ to, since: at(20).toLowerCase() })).toEqual([callId]);
      expect(await found({ to, since: at(21) })).toEqual([]);
      expect(await found({ to, reachability: ['undetermined'] })).toEqual([callId]);
      expect(await found({ to, reachability: ['reachable'] })).toEqual([]);
    });

    it('paged: by start, each call once', async () => {
      const { batch } = scope();
      const calls: string[] = [];
      for (const minute of [3, 1, 2])
        calls[minute] = await call(number(), minute, 'busy', { batchId: batch });
      const first = await store().redialCandidates({ batch }, { after: null, limit: 2 });
      const second = await store().redialCandidates({ batch }, { after: first[1] ?? null, limit: 2 });
      expect([...first, ...second].map(({ callId }) => callId)).toEqual(calls.slice(1));
    });

    it('few of many calls match: found in steps, each once, also when a step finds nothing', async () => {
      const query = { since: at(0), until: at(59), reachability: ['unreachable' as const] };
      const calls: string[] = [];
      for (const minute of [30, 31, 32, 33, 34, 35, 36]) {
        const reachability = minute === 36 || minute === 31 ? 'unreachable' : 'reachable';
        const to = number();
        const callId = newCallId();
        await store().addCall({ ...opened(callId), to, startedAt: at(minute) });
        await store().saveOutcome(
          outcome(callId, { to, startedAt: at(minute), outcome: 'no-answer', reachability, attempts: [] }),
        );
        if (reachability === 'unreachable') calls.push(callId);
      }
      for (const filter of [
        query,
        { since: query.since, until: query.until, outcome: ['no-answer' as const] },
      ])
        for (const size of [1, 2, 3, 100]) {
          const { redialCandidates: inSteps } = redialCandidates(engine().db, size);
          const wanted = { ...filter, reachability: query.reachability };
          const found = await inSteps(wanted, { after: null, limit: 100 });
          expect(found.map(({ callId }) => callId)).toEqual(calls);
          const [first] = await inSteps(wanted, { after: null, limit: 1 });
          expect(await inSteps(wanted, { after: first ?? null, limit: 1 })).toMatchObject([
            { callId: calls[1] },
          ]);
        }
    });

    it('the store never got the request of a call: found, with request null', async () => {
      const callId = newCallId();
      const to = number();
      await store().saveOutcome(outcome(callId, { to }));
      expect(await store().redialCandidates({ to }, { after: null, limit: 2 })).toMatchObject([
        { callId, request: null },
      ]);
    });
  });
}
