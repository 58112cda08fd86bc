import { callBranches } from '../../activities/store/calls/callBranches.js';
import type { CallSelection } from '../../activities/store/calls/callStore.js';
import type { Parameter } from '../../activities/store/database/database.js';
import { openDatabase, outcomeStore } from '../../activities/store/openStore.js';
import { counters } from '../../activities/store/statistics/callFacts.js';
import { startPostgres } from '../support/postgres.js';

/**
 * `npm run bench:statistics`: how long lists, searches and statistics of a million recorded calls take on PostgreSQL,
 * and how fast outcomes are recorded beside them. Prints one row of a table for each measure. It writes the calls
 * into the store, and dials nothing. Exits with 1 if an answer takes longer than `slowestMs`.
 */
const calls = Number(process.argv[2] ?? 1_000_000);
const slowestMs = 200;
const repeats = 7;
const days = 30;

const server = await startPostgres();
const db = await openDatabase({ databaseUrl: server.url });
const store = outcomeStore(db);
const slow: string[] = [];

/** The median of some repeats after a first one. */
async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  await work();
  const times: number[] = [];
  for (let nth = 0; nth < repeats; nth++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(repeats / 2)] as number;
  if (median > slowestMs) slow.push(what);
  process.stdout.write(`| ${what} | ${median.toFixed(1)} ms |\n`);
}

/** Ten caller ids, a hundred batches, and some calls that wait. */
const loadCalls = `
  insert into calls (call_id, state, progress, to_number, from_number, metadata, request, batch_id, started_at,
    ended_at, outcome, reachability, answered_by, decided_by, call_sid, duration_seconds, furthest, attempt_count,
    reason, document)
  select 'call-' || n, 'done', 2147483647, '+1500' || lpad((n % 9999991)::text, 7, '0'),
    '+1500555' || lpad((n % 10)::text, 4, '0'),
    case when n % 2 = 0 then jsonb_build_object('customer', n::text, 'campaign', 'spring-' || n % 7) else '{}' end,
    jsonb_build_object('to', '+1500' || lpad((n % 9999991)::text, 7, '0'), 'twiml', '<Response/>'),
    case when n % 3 = 0 then 'batch-' || n / 10000 end, at, at + interval '40 seconds', o.outcome, 'reachable',
    case when o.outcome = 'answered' and n % 5 < 3 then (array['human', 'machine', 'unknown'])[n % 5 + 1] end,
    case when n % 20 = 0 then 'poll' else 'webhook' end, 'CA' || md5(n::text), case when o.outcome = 'answered' then n % 90 end,
    case o.outcome when 'answered' then case when n % 5 = 0 then 5 else 4 end when 'failed' then 2
      when 'invalid-number' then 0 when 'expired' then 1 else 3 end,
    case when n % 50 = 0 then 3 when n % 9 = 0 then 2 else 1 end,
    case o.outcome when 'answered' then null when 'busy' then 'sip:486' when 'failed' then 'twilio:' || 13220 + n % 8
      when 'no-answer' then 'sip:' || 480 + n % 8 end,
    jsonb_build_object('callId', 'call-' || n, 'outcome', o.outcome, 'attempts', jsonb_build_array(
      jsonb_build_object('number', 1, 'outcome', o.outcome, 'reason', null, 'evidence',
        jsonb_build_object('create', null, 'updates', '[]'::jsonb, 'disagreed', false, 'padding', repeat(md5(n::text), 20)))),
      'reason', null, 'lookup', null, 'timeline', '[]'::jsonb, 'endedBecause', jsonb_build_object('code', 'max-attempts', 'message', ''))
  from generate_series(1, ${calls}) n,
    lateral (select clock_timestamp() - interval '${days} days' * (n::float8 / ${calls}) as at) as times,
    lateral (select case when n % 100000 = 7 then 'unknown' when n % 100 < 55 then 'answered' when n % 100 < 70 then 'no-answer'
      when n % 100 < 85 then 'busy' when n % 100 < 95 then 'failed' when n % 100 < 98 then 'invalid-number'
      else 'expired' end as outcome) as o`;

const loadWaiting = `
  insert into calls (call_id, state, progress, to_number, from_number, started_at, waiting_by, waiting_until)
  select 'waiting-' || n, case when n % 4 = 0 then 'waiting-to-retry' when n % 4 = 1 then 'placing' else 'waiting' end, 0,
    '+1501' || lpad(n::text, 7, '0'), '+15005550001', clock_timestamp() - n * interval '1 second',
    case n % 4 when 0 then 'retry' when 2 then 'calling-window' when 3 then (array['paused', 'contact-limit', 'eligibility'])[n % 3 + 1] end,
    case when n % 2 = 0 then clock_timestamp() + n * interval '1 second' end
  from generate_series(1, 20000) n`;

/** One row of the roll-up for each hour, caller id and batch, as recording the calls one by one leaves it. */
const filled = (counter: string): string => {
  const [, column, value] = /^(step|outcome|by|decided|attempts)_(.+)$/.exec(counter) ?? [];
  const text = value?.replaceAll('_', '-');
  const steps = ['requested', 'valid', 'placed', 'rang', 'answered', 'human'];
  switch (column) {
    case 'step':
      return `count(*) filter (where furthest = ${steps.indexOf(value ?? '')})`;
    case 'outcome':
      return `count(*) filter (where outcome = '${text}')`;
    case 'by':
      return `count(*) filter (where outcome = 'answered' and coalesce(answered_by, 'undetected') = '${text}')`;
    case 'decided':
      return `count(*) filter (where decided_by = '${text}')`;
    case 'attempts':
      return `count(*) filter (where attempt_count = ${value})`;
    default:
      return counter === 'short'
        ? `count(*) filter (where outcome = 'answered' and duration_seconds <= 6)`
        : 'count(*) / 20';
  }
};
const loadStatistics = `
  insert into call_statistics (hour, batch_id, from_number, ${counters.join(', ')}, reasons)
  select date_trunc('hour', started_at, 'UTC'), coalesce(batch_id, ''), from_number, ${counters.map(filled).join(', ')},
    jsonb_build_object('sip:486', count(*) filter (where reason = 'sip:486'), 'sip:480', count(*) filter (where reason = 'sip:480'),
      'twilio:13224', count(*) filter (where reason = 'twilio:13224'), 'none', count(*) filter (where outcome <> 'answered' and reason is null))
  from calls where outcome is not null group by 1, 2, 3`;

/** Creates the indexes after the rows, which takes a fraction of the time. */
async function load(): Promise<void> {
  const indexes = await db.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes where tablename = 'calls' and indexname <> 'calls_pkey'`,
  );
  for (const { name } of indexes) await db.run(`drop index ${name}`);
  await db.transaction(async (sql) => {
    await sql.run(loadCalls);
    await sql.run(loadWaiting);
    for (const { definition } of indexes) await sql.run(definition);
    await sql.run(loadStatistics);
    await sql.run(`insert into attempts (call_id, number, call_sid, progress, document)
      select call_id, 1, call_sid, 100, '{}' from calls where outcome is not null`);
  });
  await db.run('vacuum analyze');
}

const since = new Date(Date.now() - days * 86_400_000).toISOString();
const now = new Date().toISOString();
const lists: [string, CallSelection][] = [
  ['no filter', {}],
  ['a common outcome', { outcome: 'answered' }],
  ['a rare outcome', { outcome: 'unknown' }],
  ['batch and outcome', { batch: 'batch-3', outcome: 'busy' }],
  ['answered by a human', { answeredBy: 'human' }],
  ['caller id and failed', { from: '+15005550005', outcome: 'failed' }],
  ['reached: answered', { reached: 'answered' }],
  [
    'no further than placed, of a day',
    { furthest: 'placed', since: new Date(Date.now() - 86_400_000).toISOString() },
  ],
  ['three attempts', { attempts: 3 }],
  ['short calls of a caller id', { from: '+15005550002', short: true }],
  ['a reason', { reason: 'twilio:13224' }],
  ['metadata: one call', { metadata: { customer: '77772' } }],
  ['metadata: a tenth of the calls', { metadata: { campaign: 'spring-3' } }],
  ['metadata that no call has', { metadata: { campaign: 'summer' } }],
  ['waiting for the calling window', { waitingBy: 'calling-window' }],
  ['search: call id', { search: 'call-4711' }],
  ['search: SID', { search: `CA${'a'.repeat(32)}` }],
  ['search: number as people write it', { search: '(500) 012-3456' }],
  ['search: last four digits', { search: '3456' }],
  ['search: batch', { search: 'batch-3' }],
  ['search: text of metadata', { search: '77772' }],
  ['search: common text of metadata', { search: 'spring-3' }],
  ['search: nothing', { search: 'no such thing' }],
];

/** Every page of fifty, and one far back. */
async function measureLists(): Promise<void> {
  for (const [what, selection] of lists)
    await measure(`list, ${what}`, () => store.listCalls({ ...selection, limit: 50 }));
  const { nextCursor } = await store.listCalls({
    limit: 1,
    until: new Date(Date.now() - 20 * 86_400_000).toISOString(),
  });
  await measure('list, a page twenty days back', () =>
    store.listCalls({ limit: 50, cursor: nextCursor ?? '' }),
  );
}

async function measureStatistics(): Promise<void> {
  const [rows] = await db.query<{ rows: number }>('select count(*)::integer as rows from call_statistics');
  process.stdout.write(`| rows of the roll-up | ${rows?.rows} |\n`);
  const query = { since, until: now };
  await measure('statistics, 30 days', () => store.callStatistics({ ...query, by: 'day' }));
  const day = new Date(Date.now() - 86_400_000).toISOString();
  await measure('statistics, one day', () => store.callStatistics({ since: day, until: now, by: 'hour' }));
  await measure('statistics, a batch', () => store.callStatistics({ ...query, batch: 'batch-3', by: 'day' }));
  await measure('statistics, a caller id', () =>
    store.callStatistics({ ...query, from: '+15005550003', by: 'day' }),
  );
  await measure('waiting calls by reason (20,000 wait)', () => store.countWaiting());
  await measure('preview of a bulk operation on waiting calls', () =>
    store.previewBulkOperation({ state: 'waiting' }),
  );
  await measure('preview of a bulk operation on a batch', () =>
    store.previewBulkOperation({ batch: 'batch-3' }),
  );
}

/** Every number of the statistics is the length of the list that stands behind it. */
async function countOf(selection: CallSelection): Promise<number> {
  const parameters: Parameter[] = [];
  const branches = callBranches(selection, (value) => `$${parameters.push(value)}`);
  const where = branches.map((conditions) => `(${conditions.join(' and ')})`).join(' or ');
  const [row] = await db.query<{ n: number }>(
    `select count(*)::integer as n from calls c where ${where}`,
    parameters,
  );
  return row?.n ?? 0;
}

async function check(): Promise<void> {
  const { counts } = await store.callStatistics({ since: '2000-01-01T00:00:00Z', until: now, by: 'day' });
  const pairs: [number | undefined, CallSelection][] = [
    [counts.outcome_busy, { outcome: 'busy' }],
    [(counts.step_answered ?? 0) + (counts.step_human ?? 0), { reached: 'answered' }],
    [counts.short, { short: true }],
  ];
  for (const [count, selection] of pairs)
    if (count !== (await countOf(selection)))
      throw new Error(`${JSON.stringify(selection)}: ${count} is not the length of the list`);
}

try {
  const started = performance.now();
  await load();
  process.stdout.write(
    `| ${calls} calls written | ${Math.round((performance.now() - started) / 1000)} s |\n`,
  );
  await check();
  await measureLists();
  await measureStatistics();
} finally {
  await db.close();
  await server.stop();
}
if (slow.length > 0) {
  process.stdout.write(`Longer than ${slowestMs} ms: ${slow.join('; ')}\n`);
  process.exitCode = 1;
}
