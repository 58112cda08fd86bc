import { openDatabase, outcomeStore } from '../../activities/store/openStore.js';
import { csvRows } from '../../src/api/batches/csvRows.js';
import { loadBatch } from '../../src/api/batches/loadBatch.js';
import { csvRow } from '../../src/api/csv/csvRow.js';
import { startPostgres } from '../support/postgres.js';

/**
 * `npm run bench:batch`: what a batch of a million rows costs on a PostgreSQL with fsync. Prints one line for
 * each measure. It writes the calls into the store as if they had ended, and dials nothing.
 */
const rows = Number(process.argv[2] ?? 1_000_000);
const window = 10_000;
const batchId = 'batch-million';

async function* csv(): AsyncGenerator<string> {
  yield 'to,metadata.order\n';
  const linesAtOnce = 1000;
  for (let row = 0; row < rows; row += linesAtOnce)
    yield Array.from(
      { length: Math.min(linesAtOnce, rows - row) },
      (_, nth) => `+1${String(5_000_000_000 + row + nth)},${row + nth}\n`,
    ).join('');
}

async function measure<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  const took = ms > 5000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(1)} ms`;
  const rss = Math.round(process.memoryUsage().rss / 1e6);
  process.stdout.write(`${what}: ${took} (process: ${rss} MB)\n`);
  return result;
}

/** Ends the calls of $2 rows in flight, one in ten as busy. */
const endCalls = `
  insert into calls (call_id, state, progress, to_number, from_number, metadata, started_at, ended_at, outcome,
    reachability, decided_by, document, request, batch_id)
  select $1 || '-' || r.row, 'done', 2147483647, r.request ->> 'to', '+15005550006', '{}', clock_timestamp(),
    clock_timestamp(), case when r.row % 10 = 0 then 'busy' else 'answered' end, 'reachable', 'webhook',
    jsonb_build_object('outcome', case when r.row % 10 = 0 then 'busy' else 'answered' end, 'attempts', '[]'::jsonb,
      'to', r.request ->> 'to', 'startedAt', '2026-01-01T00:00:00Z', 'endedAt', '2026-01-01T00:01:00Z'),
    r.request, $1
  from batch_rows r join batches b using (batch_no)
  where b.batch_id = $1 and r.state in ('starting', 'running') order by r.row limit $2
  on conflict do nothing`;

const server = await startPostgres({ durable: true });
const db = await openDatabase({ databaseUrl: server.url });
const store = outcomeStore(db);
const defaults = {
  twiml: '<Response><Say>See you tomorrow.</Say></Response>',
  callingWindow: { timeZone: 'Europe/Berlin', start: '08:00', end: '21:00' },
};
const known = {
  policies: { default: { maxAttempts: 1 } as never },
  defaultFrom: '+15005550006',
  rules: { callingWindow: null, destinations: null, notify: { allowPrivate: false } },
};
const draft = {
  name: null,
  window,
  defaults,
  redialOf: null,
  paused: false,
  skipFaultyRows: false,
  unique: true,
};

const loaded = await measure(`${rows} rows of CSV read, checked and stored`, () =>
  loadBatch({ store, known }, csvRows(csv(), ','), draft),
);
if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
await measure('made a batch', () =>
  store.publishDraft(loaded.draft, { batchId, total: rows, contentHash: 'h', metadataNames: ['order'] }),
);
await db.run('vacuum analyze');

await measure('release the first 100 rows', () => store.releaseRows(batchId, 100));
await ticks('at the beginning');
await endUpTo(Math.floor(rows / 2));
await ticks('half way');
await endUpTo(rows - window);
await ticks('near the end');
await measure('all results as CSV', async () => {
  let bytes = 0;
  for (let after = 0; ; ) {
    const page = await store.batchResults(batchId, { after, limit: 1000 });
    if (page.length === 0) return bytes;
    for (const { row, callId, to, outcome } of page) bytes += csvRow([row, callId, to, outcome]).length;
    after = page.at(-1)?.row ?? after;
  }
});
await measure('a page of results in the middle', () =>
  store.batchResults(batchId, { after: Math.floor(rows / 2), limit: 200 }),
);
await measure('calls of the batch, first page', () => store.listCalls({ batch: batchId, limit: 50 }));
const busy = await measure('all calls that were busy, for a redial', async () => {
  let count = 0;
  for (let after = null as Awaited<ReturnType<typeof store.redialCandidates>>[number] | null; ; ) {
    const query = { batch: batchId, outcome: ['busy' as const] };
    const page = await store.redialCandidates(query, { after, limit: 1000 });
    count += page.length;
    after = page.at(-1) ?? null;
    if (page.length < 1000) return count;
  }
});
process.stdout.write(`  ${busy} of them\n`);
const [size] = await db.query<{ size: string }>(
  `select pg_size_pretty(pg_total_relation_size('batch_rows')) as size`,
);
process.stdout.write(`batch_rows, with indexes: ${size?.size}\n`);
await measure('canceled', () => store.controlBatch({ batchId, what: 'cancel', reason: null }));
await db.close();
await server.stop();

/** Measures the queries of one `feedBatch` while the batch has its full number of calls in flight. */
async function ticks(when: string): Promise<void> {
  for (let release = 0; release < window / 1000; release++) await store.releaseRows(batchId, 1000);
  const started = (await store.startingRows(batchId, window)).map(({ row }) => row);
  await store.markStarted(batchId, started);
  await db.query(endCalls, [batchId, 100]);
  await measure(`progress, ${when}`, () => store.findBatch(batchId));
  await measure(`count 100 ends, ${when}`, () => store.countEndedRows(batchId));
  await measure(`stale rows, ${when}`, () => store.staleRows(batchId, 50));
  await measure(`the next 100 rows, ${when}`, () => store.releaseRows(batchId, 100));
  const next = await measure(`read them, ${when}`, () => store.startingRows(batchId, 100));
  await measure(`mark them, ${when}`, () =>
    store.markStarted(
      batchId,
      next.map(({ row }) => row),
    ),
  );
  await measure(`conclude, ${when}`, () => store.finishStep(batchId));
}

/** Releases all rows up to this one and ends their calls. */
async function endUpTo(row: number): Promise<void> {
  for (;;) {
    const [at] = await db.query<{ next: number }>(
      'select next_row as next from batches where batch_id = $1',
      [batchId],
    );
    await db.query(endCalls, [batchId, window]);
    await store.countEndedRows(batchId);
    if ((at?.next ?? rows) >= row) return;
    for (let release = 0; release < window / 1000; release++) await store.releaseRows(batchId, 1000);
    const started = (await store.startingRows(batchId, window)).map((one) => one.row);
    await store.markStarted(batchId, started);
  }
}
