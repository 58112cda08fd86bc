import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase, outcomeStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { allBlocks } from '../docs/pages.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';

const [purge = '', erase = ''] = allBlocks('sql')
  .filter(({ page }) => page === 'docs/operations.md')
  .map(({ code }) => code);

let server: PostgresServer;
let db: Database;
let store: OutcomeStore;
beforeAll(async () => {
  server = await startPostgres();
  db = await openDatabase({ databaseUrl: server.url });
  store = outcomeStore(db);
}, 60_000);
afterAll(async () => {
  await db?.close();
  await server?.stop();
});

/** A call with an attempt, a placement and a dead letter; `days`: how long ago it ended. Null: it runs. */
async function call(callId: string, to: string, days: number | null, batchId: string | null = null) {
  const isOver = days !== null;
  const endedAt = isOver ? `now() - interval '${days} days'` : 'null';
  const startedAt = `now() - interval '${(days ?? 200) + 1} days'`;
  await db.run(`
    insert into calls (call_id, state, progress, to_number, batch_id, started_at, ended_at, outcome, document)
    values ('${callId}', '${isOver ? 'done' : 'waiting'}', 1, '${to}', ${batchId === null ? 'null' : `'${batchId}'`},
      ${startedAt}, ${endedAt}, ${isOver ? "'busy'" : 'null'},
      ${isOver ? `'{"outcome":"busy","attempts":[],"startedAt":"2026-01-01T00:00:00Z"}'` : 'null'});
    insert into attempts (call_id, number, progress, document) values ('${callId}', 1, 1, '{}');
    insert into placements (call_id, attempt, placement, account_sid, to_number, from_number, claimed_at, result, ended_at)
    values ('${callId}', 1, 1, 'AC1', '${to}', '+15005550006', ${startedAt}, 'absent',
      ${isOver ? endedAt : startedAt});
    insert into dead_letters (id, call_id, url, type, payload, error, failed_at)
    values ('msg-${callId}', '${callId}', 'https://x', 'call.ended', '{}', 'x', coalesce(${endedAt}, now()));
    insert into invalid_numbers (to_number, source, code, message, call_id, seen_at)
    values ('${to}', 'lookup', 'x', 'x', '${callId}', coalesce(${endedAt}, now())) on conflict do nothing;`);
}

async function batch(batchId: string, days: number | null) {
  await db.run(`
    insert into batches (batch_id, call_window, defaults, total, next_row, ended_at)
    values ('${batchId}', 1, '{}', 1, 1, ${days === null ? 'null' : `now() - interval '${days} days'`});
    insert into batch_rows (batch_no, row, request, state, outcome)
    select batch_no, 1, '{"to":"+15005550001"}', 'done', 'busy' from batches where batch_id = '${batchId}';
    insert into batch_counts (batch_no, ended, count)
    select batch_no, 'busy', 1 from batches where batch_id = '${batchId}';`);
  await call(`${batchId}-1`, '+15005550001', 100, batchId);
}

const left = async (table: string, column = 'call_id') =>
  (await db.query<{ id: string }>(`select ${column} as id from ${table} order by 1`)).map(({ id }) => id);

beforeEach(() =>
  db.run(
    'truncate calls, attempts, placements, dead_letters, invalid_numbers, batches, batch_rows, batch_counts',
  ),
);

it('the recipe for old calls: deletes what is older, and nothing else', async () => {
  await call('old', '+12085550101', 91);
  await call('young', '+12085550102', 89);
  await call('running', '+12085550103', null);
  await batch('batch-old', 95);
  await batch('batch-young', 80);
  await batch('batch-running', null);
  await db.run(`insert into placements (call_id, attempt, placement, account_sid, to_number, from_number, claimed_at)
    values ('unclear', 1, 1, 'AC1', '+12085550104', '+15005550006', now() - interval '200 days')`);
  await db.run(purge);
  const kept = ['batch-running-1', 'batch-young-1', 'running', 'young'];
  expect(await left('calls')).toEqual(kept);
  expect(await left('attempts')).toEqual(kept);
  expect(await left('placements')).toEqual([...kept.slice(0, 3), 'unclear', 'young']);
  expect(await left('dead_letters')).toEqual(['running', 'young']);
  expect(await left('invalid_numbers', 'to_number')).toEqual(['+12085550102', '+12085550103']);
  expect(await left('batches', 'batch_id')).toEqual(['batch-running', 'batch-young']);
  expect(await left('batch_rows', 'row')).toHaveLength(2);
  expect(await left('batch_counts', 'ended')).toHaveLength(2);
  expect(await store.batchResults('batch-young', { after: 0, limit: 10 })).toMatchObject([
    { state: 'done', outcome: 'busy' },
  ]);
  await db.run(purge);
  expect(await left('calls')).toEqual(kept);
});

it('the recipe for a person: deletes the finished calls to the number, and nothing of others', async () => {
  await call('theirs', '+12085550123', 1);
  await call('theirs-too', '+12085550123', 200);
  await call('running', '+12085550123', null);
  await call('other', '+12085550124', 1);
  await store.addToDoNotCall({ to: '+12085550123', reason: 'a wish', source: 'api', expiresAt: null });
  await db.run(erase);
  for (const table of ['calls', 'attempts', 'placements', 'dead_letters'])
    expect(await left(table)).toEqual(['other', 'running']);
  expect(await left('invalid_numbers', 'to_number')).toEqual(['+12085550124']);
  expect(await left('do_not_call', 'to_number')).toEqual(['+12085550123']);
});
