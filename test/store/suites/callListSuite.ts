import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CallFilter } from '../../../activities/store/calls/callStore.js';
import { InvalidCursor } from '../../../activities/store/database/pageCursor.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { type Outcome, outcomes } from '../../../workflows/callRequest.js';
import type { Engine } from '../engines.js';
import { opened, outcome } from '../records.js';

interface Listed {
  callId: string;
  to: string;
  startedAt: string;
  outcome: Outcome | null;
}

const times = ['00:00.000000', '00:00.000001', '00:00.999999', '00:01.000000'].map(
  (t) => `2026-01-01T00:${t}Z`,
);
const numbers = ['+15005550001', '+15005550002'];
const someOutcomes = outcomes.slice(0, 2);

const anyCall = fc.record({
  to: fc.constantFrom(...numbers),
  startedAt: fc.constantFrom(...times),
  outcome: fc.option(fc.constantFrom(...someOutcomes), { nil: null }),
});
const anyFilter = fc.record(
  {
    outcome: fc.constantFrom(...someOutcomes),
    state: fc.constantFrom('done' as const, 'looking-up' as const),
    to: fc.constantFrom(...numbers),
    since: fc.constantFrom(...times),
    until: fc.constantFrom(...times),
  },
  { requiredKeys: [] },
);

export function callListSuite(engine: () => Engine): void {
  const table = () => engine().db;
  beforeEach(() => table().run('truncate calls cascade'));

  describe('pages of calls', () => {
    it('any filter and page size while calls are added: each older call once, newest first', async () => {
      const property = fc.asyncProperty(
        fc.array(anyCall, { maxLength: 12 }),
        fc.array(anyCall, { maxLength: 4 }),
        anyFilter,
        fc.integer({ min: 1, max: 5 }),
        async (before, meanwhile, filter, limit) => {
          await table().run('truncate calls cascade');
          const calls = before.map((call, n) => ({ ...call, callId: `old-${'aBzZ'[n % 4]}${n}` }));
          const later = meanwhile.map((call, n) => ({ ...call, callId: `new-${n}` }));
          for (const call of calls) await insert(engine().store, call);
          const seen: string[] = [];
          let cursor: string | null = null;
          do {
            const page: Awaited<ReturnType<OutcomeStore['listCalls']>> = await engine().store.listCalls({
              ...filter,
              limit,
              ...(cursor === null ? {} : { cursor }),
            });
            expect(page.calls.length).toBeLessThanOrEqual(limit);
            seen.push(...page.calls.map((call) => call.callId));
            cursor = page.nextCursor;
            const next = later.pop();
            if (next) await insert(engine().store, next);
          } while (cursor !== null);
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen.filter((callId) => callId.startsWith('old-'))).toEqual(expected(calls, filter));
        },
      );
      await fc.assert(property, { numRuns: 60 });
    }, 120_000);

    it('no calls: an empty page, and no next one', async () => {
      expect(await engine().store.listCalls({ limit: 10 })).toEqual({ calls: [], nextCursor: null });
    });

    it('a call under way and one that is done: listed as findCallState returns them', async () => {
      await engine().store.addCall(opened('under-way'));
      await engine().store.saveOutcome(outcome('over'));
      const { calls } = await engine().store.listCalls({ limit: 10 });
      expect(calls).toEqual([
        await engine().store.findCallState('under-way'),
        await engine().store.findCallState('over'),
      ]);
    });

    it.each([
      ['no base64', '%%%'],
      ['no JSON', encode('nonsense')],
      ['not a pair', encode('["2026-01-01T00:00:00.000000Z"]')],
      ['no time', encode('["yesterday","c"]')],
      ['a time that does not exist', encode('["2026-02-30T00:00:00.000000Z","c"]')],
      ['a time less exact than ours', encode('["2026-01-01T00:00:00Z","c"]')],
      ['no call id', encode('["2026-01-01T00:00:00.000000Z",7]')],
      ['empty', ''],
    ])('cursor is broken (%s): InvalidCursor', async (_, cursor) => {
      await expect(engine().store.listCalls({ limit: 1, cursor })).rejects.toThrow(InvalidCursor);
    });

    it.each([0, 201, 1.5])('page of %d: RangeError', async (limit) => {
      await expect(engine().store.listCalls({ limit })).rejects.toThrow(RangeError);
    });
  });

  it.each<[string, CallFilter, string]>([
    ['no filter', { limit: 1 }, 'calls_by_start'],
    ['outcome', { limit: 1, outcome: 'busy' }, 'calls_by_outcome'],
    ['state', { limit: 1, state: 'done' }, 'calls_by_state'],
    ['destination', { limit: 1, to: '+15005550001' }, 'calls_by_to_number'],
  ])('list with %s: read from an index, in its order', async (_, filter, index) => {
    for (const callId of ['a', 'b'])
      await insert(engine().store, {
        callId,
        to: '+15005550001',
        startedAt: '2026-01-01T00:00:00Z',
        outcome: 'busy',
      });
    const { nextCursor } = await engine().store.listCalls(filter);
    const plan = await table().transaction(async (sql) => {
      await sql.run('set local enable_seqscan = off; set local enable_bitmapscan = off');
      const where = Object.entries({ outcome: filter.outcome, state: filter.state, to_number: filter.to })
        .filter(([, value]) => value !== undefined)
        .map(([column, value]) => `${column} = '${value}' and`);
      return sql.query<Record<string, string>>(`explain select * from calls c where ${where.join(' ')}
        (c.started_at, c.call_id) < ('2026-01-01T00:00:00Z'::timestamptz, 'b'::text)
        order by c.started_at desc, c.call_id desc limit 2`);
    });
    const text = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(nextCursor).not.toBeNull();
    expect(text).toContain(`using ${index}`);
    expect(text).not.toContain('Sort');
  });
}

async function insert(store: OutcomeStore, call: Listed): Promise<void> {
  const { callId, to, startedAt } = call;
  if (call.outcome === null) await store.addCall({ ...opened(callId), to, startedAt });
  else await store.saveOutcome(outcome(callId, { to, startedAt, outcome: call.outcome, attempts: [] }));
}

/** The same list, plainly. */
function expected(calls: Listed[], filter: Omit<CallFilter, 'limit' | 'cursor'>): string[] {
  const key = (call: Listed) => `${call.startedAt} ${call.callId}`;
  return calls
    .filter((call) => filter.outcome === undefined || call.outcome === filter.outcome)
    .filter((call) => filter.state === undefined || (call.outcome === null) === (filter.state !== 'done'))
    .filter((call) => filter.to === undefined || call.to === filter.to)
    .filter((call) => filter.since === undefined || call.startedAt >= filter.since)
    .filter((call) => filter.until === undefined || call.startedAt < filter.until)
    .sort((a, b) => (key(a) < key(b) ? 1 : -1))
    .map((call) => call.callId);
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
