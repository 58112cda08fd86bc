import { beforeEach, describe, expect, it } from 'vitest';
import { callBranches } from '../../../activities/store/calls/callBranches.js';
import type { CallSelection } from '../../../activities/store/calls/callStore.js';
import type { Parameter } from '../../../activities/store/database/database.js';
import { counters, percentile, rangeBounds } from '../../../activities/store/statistics/callFacts.js';
import { selectionOf } from '../../../src/api/calls/callFilters.js';
import { type Counted, statisticsReport } from '../../../src/api/statistics/statisticsReport.js';
import type { Attempt, CallOutcome } from '../../../workflows/callOutcome.js';
import type { Engine } from '../engines.js';
import { attempt, busyAttempt, newSid, opened, outcome, update } from '../records.js';

const since = '2026-01-02T00:00:00.000Z';
const until = '2026-01-04T00:00:00.000Z';

function answeredAttempt(number: number, overrides: Partial<Attempt> = {}): Attempt {
  const at = '2026-01-02T03:04:10.000Z';
  const updates = [update('ringing', { at, receivedAt: '2026-01-02T03:04:10.700Z' }), update('completed')];
  return attempt({
    number,
    callSid: newSid(),
    status: 'completed',
    outcome: 'answered',
    evidence: { create: null, updates, disagreed: false },
    ...overrides,
  });
}

const refused = (number: number) => attempt({ number, callSid: null, status: null, outcome: 'rejected' });
const failed = (number: number) =>
  attempt({ number, callSid: newSid(), status: 'failed', outcome: 'failed' });
const answered = { outcome: 'answered', reason: null } as const;

/** Calls of every kind, each with what distinguishes it. Two of them began outside the period. */
const kinds: [callId: string, Partial<CallOutcome>][] = [
  ['human', { ...answered, answeredBy: 'human', durationSeconds: 40, attempts: [answeredAttempt(1)] }],
  [
    'machine',
    {
      ...answered,
      answeredBy: 'machine',
      durationSeconds: 6,
      from: '+15005550101',
      attempts: [busyAttempt(1), answeredAttempt(2)],
    },
  ],
  ['undetected', { ...answered, durationSeconds: 7, decidedBy: 'poll', attempts: [answeredAttempt(1)] }],
  [
    'seventh',
    { ...answered, durationSeconds: 3, attempts: [1, 2, 3, 4, 5, 6].map(failed).concat(answeredAttempt(7)) },
  ],
  [
    'busy',
    {
      attempts: [
        { ...busyAttempt(1), evidence: { create: null, updates: [update('busy')], disagreed: false } },
      ],
    },
  ],
  ['no-code', { outcome: 'no-answer', reason: null, attempts: [failed(1)] }],
  [
    'refused',
    {
      outcome: 'rejected',
      decidedBy: 'create',
      reason: { code: '21215', source: 'twilio', message: '' },
      attempts: [refused(1)],
    },
  ],
  [
    'invalid',
    {
      outcome: 'invalid-number',
      decidedBy: 'lookup',
      reachability: 'invalid',
      reason: { code: 'invalid', source: 'lookup', message: '' },
      attempts: [],
    },
  ],
  ['canceled', { outcome: 'canceled', decidedBy: 'cancel', from: '+15005550101', attempts: [] }],
  ['next-day', { startedAt: '2026-01-03T23:59:59.999Z' }],
  ['before', { startedAt: '2026-01-01T23:59:59.999Z' }],
  ['after', { startedAt: '2026-01-04T00:00:00.000Z' }],
];

export function statisticsSuite(engine: () => Engine): void {
  const store = () => engine().store;
  const db = () => engine().db;
  const idsOf = async (selection: CallSelection) =>
    (await store().listCalls({ ...selection, limit: 200 })).calls.map(({ callId }) => callId).sort();

  describe('lists and numbers', () => {
    beforeEach(() =>
      db().run(
        'truncate calls, attempts, placements, call_statistics, batches, batch_rows, batch_counts cascade',
      ),
    );
    describe('statistics', () => {
      beforeEach(async () => {
        for (const [callId, what] of kinds) {
          const batch = callId === 'busy' || callId === 'human' ? { batchId: 'batch-7' } : {};
          await store().addCall({ ...opened(callId), ...what, ...batch } as Parameters<
            ReturnType<typeof store>['addCall']
          >[0]);
          await store().saveOutcome(outcome(callId, what));
        }
        await store().addCall(opened('under-way'));
        await store().addCall({ ...opened('lost'), from: '+15005550101' });
        await store().saveWorkflowEnd(
          { callId: 'lost', state: 'looking-up', workflowEnd: null },
          { status: 'terminated', at: null, reason: null },
        );
      });

      it.each([
        ['all calls', {}],
        ['a batch', { batch: 'batch-7' }],
        ['a caller id', { from: '+15005550101' }],
      ])('of %s: sums add up, and every number has the list of exactly its calls', async (_, scope) => {
        const report = await statisticsReport(store(), { since, until, ...scope });
        const numbers: Counted[] = [
          ...report.funnel,
          ...report.outcomes,
          ...report.answeredBy,
          ...report.unfinished,
          report.withoutOutcome,
          ...report.failures,
          ...report.decidedBy,
          ...report.attempts,
          ...report.attempts.map(({ answered, answeredQuery }) => ({
            calls: answered,
            query: answeredQuery,
          })),
          ...report.callers,
          ...report.callers.map(({ short, shortQuery }) => ({ calls: short, query: shortQuery })),
        ];
        for (const { calls, query } of numbers) {
          const found = await idsOf(selectionOf(Object.fromEntries(new URLSearchParams(query))));
          expect([query, found.length]).toEqual([query, calls]);
        }
        const sum = (counted: Counted[]) => counted.reduce((total, { calls }) => total + calls, 0);
        const [requested, , , , reached, human] = report.funnel.map(({ calls }) => calls);
        expect(requested).toBe(sum(report.outcomes) + sum(report.unfinished) + report.withoutOutcome.calls);
        expect(sum(report.answeredBy)).toBe(reached);
        expect(report.answeredBy.find(({ answeredBy }) => answeredBy === 'human')?.calls).toBe(human);
        expect(sum(report.failures)).toBe(sum(report.outcomes) - (reached ?? 0));
        for (const every of [report.decidedBy, report.attempts, report.callers])
          expect(sum(every)).toBe(sum(report.outcomes));
        expect(report.points.values.reduce((total, { calls }) => total + calls, 0)).toBe(
          sum(report.outcomes),
        );
      });

      it('of all calls: the numbers themselves', async () => {
        const report = await statisticsReport(store(), {
          since: '2026-01-02T00:20:00Z',
          until: '2026-01-03T23:01:00Z',
        });
        expect(report).toMatchObject({ since, until });
        expect(report.funnel.map(({ calls }) => calls)).toEqual([12, 9, 7, 5, 4, 1]);
        expect(report.failures).toMatchObject([
          { source: 'sip', code: '486', calls: 3, meaning: expect.stringContaining('Busy') },
          { source: 'lookup', code: 'invalid', calls: 1 },
          { source: null, code: null, calls: 1 },
          { source: 'twilio', code: '21215', calls: 1, remedy: expect.stringContaining('Geo permissions') },
        ]);
        expect(report.callers[0]).toMatchObject({
          from: '+15005550100',
          calls: 8,
          answered: 3,
          human: 1,
          machine: 0,
          short: 1,
        });
        expect(report.secondsToRing).toMatchObject({ count: 4 });
        expect(report.callbackDelaySeconds).toEqual({ count: 4, p50: 0.5, p95: 1 });
        expect(report.points).toMatchObject({ bucketSeconds: 3600, values: [{ calls: 9 }, { calls: 1 }] });
      });

      it('an outcome is recorded again: counted once', async () => {
        const before = await statisticsReport(store(), { since, until });
        await store().saveOutcome(outcome('human', { outcome: 'failed' }));
        expect(await statisticsReport(store(), { since, until })).toEqual(before);
      });

      it('many outcomes at the same time: each is counted', async () => {
        const many = Array.from({ length: 60 }, (_, nth) => `many-${nth}`);
        const { stores } = engine();
        await Promise.all(
          many.map((callId, nth) =>
            (stores[nth % stores.length] ?? store()).saveOutcome(
              outcome(callId, { from: '+15005550199', attempts: [] }),
            ),
          ),
        );
        const { funnel, failures } = await statisticsReport(store(), { since, until, from: '+15005550199' });
        expect([funnel[0]?.calls, failures[0]?.calls]).toEqual([60, 60]);
      });

      it('the table: has a column for every counter', async () => {
        const columns = await db().query<{ name: string }>(
          `select column_name as name from information_schema.columns where table_name = 'call_statistics'`,
        );
        const others = ['hour', 'batch_id', 'from_number', 'part', 'reasons'];
        expect(columns.map(({ name }) => name).sort()).toEqual([...counters, ...others].sort());
      });
    });

    describe('search', () => {
      const sid = newSid();
      beforeEach(async () => {
        const call = {
          ...opened('call-one'),
          to: '+442079460018',
          metadata: { order: 'A "7"', phone: '0018' },
        };
        await store().addCall({ ...call, batchId: 'batch-7' });
        await store().saveOutcome(
          outcome('call-one', { ...call, attempts: [{ ...busyAttempt(), callSid: sid }] }),
        );
        await store().addCall({ ...opened('call-two'), to: '+15005550006', metadata: { order: '8' } });
        const requested = { to: '+5215512340018' } as never;
        await store().addCall({
          ...opened('call-three'),
          to: '+525512340018',
          metadata: {},
          request: requested,
        });
      });

      it.each<[string, string, string[]]>([
        ['a call id', 'call-one', ['call-one']],
        ['a SID', sid, ['call-one']],
        ['a SID in other letters', sid.toUpperCase(), ['call-one']],
        ['a batch', 'batch-7', ['call-one']],
        ['E.164', '+442079460018', ['call-one']],
        ['a number with its trunk prefix', '+44 (0)20 7946-0018', ['call-one']],
        ['a number as within the country', '020 7946 0018', ['call-one']],
        ['a number as from abroad', '00 44 20 7946 0018', ['call-one']],
        ['a number as from North America', '011 44 20 7946 0018', ['call-one']],
        ['a number without country', '(500) 555-0006', ['call-two']],
        ['the number as it was requested', '+52 1 55 1234 0018', ['call-three']],
        ['the last four digits, which are also in metadata', '0018', ['call-one', 'call-three']],
        ['text in metadata', 'A "7"', ['call-one']],
        ['text in metadata with blanks around it', ' 8 ', ['call-two']],
        ['a part of a text', 'A', []],
        ['a percent sign', '%', []],
        ['nothing that is there', 'call-on', []],
      ])('%s: finds its calls', async (_, search, found) => {
        expect(await idsOf({ search })).toEqual([...found].sort());
      });

      it('with another filter, page by page: each call once', async () => {
        const seen: string[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const page: Awaited<ReturnType<ReturnType<typeof store>['listCalls']>> = await store().listCalls({
            search: '0018',
            since: '2026-01-01T00:00:00Z',
            limit: 1,
            ...(cursor === '' ? {} : { cursor }),
          });
          seen.push(...page.calls.map(({ callId }) => callId));
          cursor = page.nextCursor;
        }
        expect(seen.sort()).toEqual(['call-one', 'call-three']);
        expect(await idsOf({ search: '0018', outcome: 'busy' })).toEqual(['call-one']);
      });
    });

    it.each<[string, CallSelection, string]>([
      ['caller id', { from: '+15005550100' }, 'calls_by_from_number'],
      ['who decided', { decidedBy: 'webhook' }, 'calls_by_decided_by'],
      ['who answered', { answeredBy: 'human' }, 'calls_by_answered_by'],
      ['how far it got', { furthest: 'placed' }, 'calls_by_furthest'],
      ['attempts', { attempts: 1 }, 'calls_by_attempt_count'],
      ['reason', { reason: 'sip:486' }, 'calls_by_reason'],
      ['short calls of a caller id', { short: true, from: '+15005550100' }, 'calls_short'],
    ])('list by %s: has an index, in its order', async (_, selection, index) => {
      const parameters: Parameter[] = [];
      const [conditions = []] = callBranches(selection, (value) => `$${parameters.push(value)}`);
      const plan = await db().transaction(async (sql) => {
        await sql.run('set local enable_seqscan = off; set local enable_bitmapscan = off');
        for (const other of ['calls_by_outcome', 'calls_by_start']) await sql.run(`drop index ${other}`);
        const lines = await sql.query<Record<string, string>>(
          `explain select * from calls c where ${conditions.join(' and ')} order by c.started_at desc, c.call_id desc limit 2`,
          parameters,
        );
        await sql.run('rollback; begin');
        return lines.map((line) => line['QUERY PLAN']).join('\n');
      });
      expect(plan).toContain(index);
      expect(plan).not.toContain('Sort');
    });

    describe('waiting calls', () => {
      it('each is counted by what it waits for, and by nothing that is past or at Twilio', async () => {
        const later = new Date(Date.now() + 3_600_000).toISOString();
        const past = '2026-01-02T04:00:00.000Z';
        const call = async (callId: string) => {
          await store().addCall({
            ...opened(callId),
            to: `+1500555${String(callId.length).padStart(4, '0')}`,
          });
          await store().markPlacing({ callId, to: '+15005550006' });
        };
        await store().addCall(opened('in-lookup'));
        for (const callId of ['queued', 'window', 'window-over', 'paused', 'limit', 'retry', 'ringing'])
          await call(callId);
        await store().markWaiting({ callId: 'window', by: 'calling-window', until: later });
        await store().markWaiting({ callId: 'window-over', by: 'calling-window', until: past });
        await store().markWaiting({ callId: 'paused', by: 'paused-call', until: null });
        await store().recordHindrance({ callId: 'limit', by: 'contact-limit', until: null });
        await store().saveAttempt({
          callId: 'retry',
          state: 'waiting-to-retry',
          attempt: busyAttempt(),
          nextAttemptAt: later,
        });
        await db().run(`update calls set state = 'ringing', progress = 102 where call_id = 'ringing'`);
        await store().recordHindrance({ callId: 'ringing', by: 'contact-limit', until: null });
        const { calls } = await store().countWaiting();
        expect(Object.fromEntries(calls.map(({ by, count }) => [by, count]))).toEqual({
          lookup: 1,
          'dial-queue': 2,
          'calling-window': 1,
          'paused-call': 1,
          'contact-limit': 1,
          retry: 1,
        });
        expect(Date.parse(calls.find(({ by }) => by === 'retry')?.earliestAt ?? '')).toBe(Date.parse(later));
        expect(await idsOf({ waitingBy: 'dial-queue' })).toEqual(['queued', 'window-over']);
        expect(await idsOf({ waitingBy: 'retry' })).toEqual(['retry']);
      });

      it('rows of batches that are not calls yet: counted, those of paused batches apart', async () => {
        for (const [batchId, paused] of [
          ['batch-1', false],
          ['batch-2', true],
        ] as const) {
          const draft = await store().createDraft({
            name: null,
            window: 2,
            defaults: {},
            redialOf: null,
            paused,
          });
          await store().addBatchRows(
            draft,
            1,
            Array.from({ length: 5 }, () => ({ to: '+15005550006' })),
          );
          await store().publishDraft(draft, { batchId, total: 5, contentHash: null, metadataNames: [] });
          await store().releaseRows(batchId, 10);
        }
        expect((await store().countWaiting()).rows).toEqual([
          { by: 'batch', count: 3, batches: 1 },
          { by: 'batch-paused', count: 5, batches: 1 },
        ]);
      });
    });

    it.each<[string, number[], number, number | null]>([
      ['nothing', [0, 0], 0.5, null],
      ['all below a second', [4], 0.5, 0.5],
      ['half of them below a second', [2, 2], 0.5, 1],
      ['95 of 100 in the second range', [50, 50], 0.95, 1.9],
      ['all in the open range', [...rangeBounds.map(() => 0), 3], 0.5, 86_400],
    ])('percentile of %s', (_, counts, share, seconds) => {
      expect(percentile(counts, share)).toBe(seconds);
    });
  });
}
