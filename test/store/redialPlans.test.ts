import { afterAll, beforeAll, expect, it } from 'vitest';
import { redialCandidates } from '../../activities/store/batches/redialCandidates.js';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase } from '../../activities/store/openStore.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';

const calls = 60_000;
const stepSize = 1000;
let server: PostgresServer;
let db: Database;
beforeAll(async () => {
  server = await startPostgres();
  db = await openDatabase({ databaseUrl: server.url });
  await db.run(`
    insert into calls (call_id, state, progress, to_number, started_at, outcome, reachability, batch_id, document)
    select 'call-' || n, 'done', 1000, '+1500' || lpad((n % 50000)::text, 7, '0'),
      '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute',
      case when n % 20000 = 7 then 'failed' when n % 2 = 0 then 'busy' else 'answered' end,
      case when n % 20000 = 7 then 'unreachable' else 'reachable' end,
      case when n % 100 = 0 then 'batch-1' end, '{}'
    from generate_series(1, ${calls}) n;
    analyze calls;`);
}, 60_000);
afterAll(async () => {
  await db?.close();
  await server?.stop();
});

interface Plan {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Relation Name'?: string;
  Plans?: Plan[];
}

/** How many rows of `calls` each statement of a query reads. */
async function rowsRead(query: Parameters<ReturnType<typeof redialCandidates>['redialCandidates']>[0]) {
  const reads: number[] = [];
  const observed: Database = {
    ...db,
    async query(statement, parameters) {
      const [row] = await db.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
        `explain (analyze, format json) ${typeof statement === 'string' ? statement : statement.text}`,
        parameters,
      );
      reads.push(readBy(row?.['QUERY PLAN'][0]?.Plan));
      return db.query(statement, parameters);
    },
  };
  const found = await redialCandidates(observed, stepSize).redialCandidates(query, {
    after: null,
    limit: 1000,
  });
  return { found: found.length, reads };
}

function readBy(plan: Plan | undefined): number {
  if (!plan) return 0;
  const own =
    plan['Relation Name'] === 'calls'
      ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
      : 0;
  return own + (plan.Plans ?? []).reduce((sum, part) => sum + readBy(part), 0);
}

it.each<[string, Parameters<typeof rowsRead>[0], number]>([
  ['a rare reachability', { reachability: ['unreachable'] }, 2],
  ['a rare outcome', { outcome: ['failed'] }, 2],
  ['an outcome that nothing has', { outcome: ['unknown', 'rejected'] }, 0],
  ['a rare outcome of a frequent reachability', { reachability: ['reachable'], outcome: ['failed'] }, 0],
  ['a frequent outcome of a rare reachability', { reachability: ['unreachable'], outcome: ['busy'] }, 0],
  ['a rare outcome in a period', { since: '2026-01-10T00:00:00Z', outcome: ['failed'] }, 2],
  ['a batch', { batch: 'batch-1', outcome: ['busy', 'no-answer'] }, 500],
  ['a number', { to: '+15000020007', outcome: ['failed'] }, 1],
])('%s among many calls: no statement reads more than some steps', async (_, query, expected) => {
  const { found, reads } = await rowsRead(query);
  expect(found).toBe(expected);
  // The scanned calls, the same by their ids, and for each that matches the later calls to its number.
  const values = Math.max(query.outcome?.length ?? 1, query.reachability?.length ?? 1);
  expect(Math.max(...reads)).toBeLessThanOrEqual(stepSize * (values + 3));
});
