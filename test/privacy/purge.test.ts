import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { purgeAge, runPurge } from '../../src/removal/runPurge.js';
import { watchPurge } from '../../src/removal/watchPurge.js';
import { type Engine, engines } from '../store/engines.js';
import { newCallId, newClaim, outcome } from '../store/records.js';

const run = promisify(execFile);
const command = fileURLToPath(new URL('../../bin/ringtrue.js', import.meta.url));
const day = 86_400;
const limits = { contactsPerNumber: null, rememberInvalidSeconds: 0 };
const { signal } = new AbortController();
const now = () => new Date().toISOString();

describe.each(engines)('a purge ($name)', ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.close());

  /** Makes all times of all rows so many days older, except of counts by the hour. */
  async function age(days: number): Promise<void> {
    const columns = await engine.db.query<{ table: string; column: string }>(
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = 'public' and data_type = 'timestamp with time zone' and table_name !~ '^(ringtrue|purges|call_statistics)'`,
    );
    for (const { table, column } of columns)
      await engine.db.query(
        `update ${table} set ${column} = ${column} - interval '${days} days' where isfinite(${column})`,
      );
  }

  async function recordedCall(to: string, callId = newCallId()): Promise<string> {
    const claim = newClaim({ to });
    const placement = { ...claim, callId };
    await engine.store.claimPlacement(placement);
    const callSid = `CA${randomUUID().replaceAll('-', '')}`;
    await engine.store.settlePlacement({ ...placement, result: 'created', callSid });
    await engine.store.addCall({ callId, to, from: '+15005550006', metadata: {}, startedAt: now() });
    await engine.store.saveOutcome({ ...outcome(callId), to, startedAt: now(), endedAt: now() });
    return callId;
  }

  async function rowsIn(table: string): Promise<number> {
    const [row] = await engine.db.query<{ count: number }>(`select count(*)::integer as count from ${table}`);
    return row?.count ?? 0;
  }

  it('calls, rows of batches and all that belongs to them: only what ended long ago goes, and counts stay', async () => {
    const { store, db } = engine;
    const old = await recordedCall('+12065550101');
    await store.saveDeadLetter({
      id: 'msg_old',
      notification: { callId: old, url: 'http://x', type: 'call.ended', payload: outcome(old) },
      error: 'gone',
    });
    const running = newCallId();
    await store.addCall({
      callId: running,
      to: '+12065550102',
      from: '+15005550006',
      metadata: {},
      startedAt: now(),
    });
    for (const batchId of ['ended', 'open']) {
      const draft = await store.createDraft({
        name: batchId,
        window: 5,
        defaults: { twiml: 'Anna' },
        redialOf: null,
        paused: false,
      });
      await store.addBatchRows(draft, 1, [{ to: '+12065550103' }, { to: '+12065550104' }]);
      await store.publishDraft(draft, { batchId, total: 2, contentHash: null, metadataNames: [] });
      await store.releaseRows(batchId, batchId === 'ended' ? 2 : 1);
      await recordedCall('+12065550103', `${batchId}-1`);
      if (batchId === 'ended') await recordedCall('+12065550104', `${batchId}-2`);
      await store.countEndedRows(batchId);
      await store.finishStep(batchId);
    }
    await age(100);
    const recent = await recordedCall('+12065550105');

    const at = purgeAge(90 * day, limits, 3 * day);
    const preview = await store.countPurgeable(at);
    expect(preview).toMatchObject({ calls: 3, batchRows: 2, deadLetters: 1 });
    expect(await rowsIn('calls')).toBe(6);
    const counts = await runPurge(store, at, { signal });
    expect(counts).toMatchObject({ calls: 3, batchRows: 2, placements: 3, deadLetters: 1 });
    expect(await store.countPurgeable(at)).toEqual(
      Object.fromEntries(Object.keys(counts).map((kind) => [kind, 0])),
    );

    expect(await store.findCallState(old)).toBeNull();
    expect(await store.whyRemoved(old)).toBe('purged');
    // What runs, what a batch still counts, and what is recent.
    for (const callId of [running, 'open-1', recent])
      expect(await store.findCallState(callId)).not.toBeNull();
    expect(await rowsIn('batch_rows')).toBe(2);
    expect((await store.findBatch('ended'))?.progress).toMatchObject({
      state: 'done',
      counts: { total: 2, done: 2, outcomes: { busy: 2 } },
    });
    expect(await db.query(`select defaults from batches where batch_id = 'ended'`)).toEqual([
      { defaults: {} },
    ]);
    // A workflow that is reset dials nothing.
    const claim = { ...newClaim({ to: '+12065550101' }), callId: old };
    expect(await store.claimPlacement(claim)).toEqual({ claimed: false, by: 'already-recorded' });
  });

  it('a limit of calls to one number looks back longer: the journal keeps its entries, the calls go', async () => {
    const { store } = engine;
    await recordedCall('+12065550106');
    await age(10);
    const before = await rowsIn('placements');
    const month = { ...limits, contactsPerNumber: { count: 3, seconds: 30 * day } };
    expect(await runPurge(store, purgeAge(5 * day, month, null), { signal })).toMatchObject({
      placements: 0,
    });
    expect(await rowsIn('placements')).toBe(before);
    const claim = newClaim({ to: '+12065550106' });
    const contacts = { count: 1, seconds: 30 * day };
    expect(
      await store.claimPlacement({ ...claim, limits: { ...claim.limits, contactsPerNumber: contacts } }),
    ).toMatchObject({
      claimed: false,
      by: 'contact-limit',
    });
    // The same limit, set by an operator while ringtrue runs.
    await store.setDialLimits({
      accountSid: 'AC1',
      limits: { contactsPerNumber: 1, contactsPeriodSeconds: 30 * day },
    });
    expect(await runPurge(store, purgeAge(5 * day, limits, null), { signal })).toMatchObject({
      placements: 0,
    });
    await store.setDialLimits({
      accountSid: 'AC1',
      limits: { contactsPerNumber: null, contactsPeriodSeconds: null },
    });
    expect((await runPurge(store, purgeAge(5 * day, limits, null), { signal })).placements).toBeGreaterThan(
      0,
    );
  });

  it('two processes: one purges within the hour; while a call is locked, the purge passes over it', async () => {
    const { store, stores } = engine;
    const taken = await Promise.all([...stores, ...stores].map((one) => one.takePurge(3600)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    // The process whose turn it is.
    await recordedCall('+12065550109');
    await age(20);
    await engine.db.query('delete from purges');
    const stop = new AbortController();
    const lines: unknown[] = [];
    const log = { info: (counts: unknown) => void lines.push(counts), warn: () => {} };
    const temporal = new Client({ connection: Connection.lazy({ address: inject('temporalAddress') }) });
    const purging = watchPurge({ store, temporal, retentionDays: 15, limits, log, signal: stop.signal });
    await vi.waitUntil(() => lines.length > 0, 10_000);
    stop.abort();
    await purging;
    await temporal.connection.close();
    expect(lines).toMatchObject([{ calls: expect.any(Number) }]);
    expect(await rowsIn("calls where to_number = '+12065550109'")).toBe(0);

    const callIds = [await recordedCall('+12065550107'), await recordedCall('+12065550108')];
    await age(10);
    const at = purgeAge(9 * day, limits, null);
    if (stores.length === 1) return;
    await engine.db.transaction(async (sql) => {
      await sql.query('select from calls where call_id = $1 for update', [callIds[0] as string]);
      const counts = await store.purgeStep(at, 500);
      expect(counts.calls).toBeGreaterThan(0);
      expect(await store.findCallState(callIds[1] as string)).toBeNull();
    });
    expect(await store.findCallState(callIds[0] as string)).not.toBeNull();
    expect((await runPurge(store, at, { signal })).calls).toBe(1);
  });
});

describe('`ringtrue purge`', () => {
  const purge = (...words: string[]) =>
    run(process.execPath, [command, 'purge', ...words], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: inject('databaseUrl'),
        TEMPORAL_ADDRESS: inject('temporalAddress'),
      },
    });

  it('a dry run, and a run: print what is that old, by kind', async () => {
    const { stdout } = await purge('--older-than', '90000d', '--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, olderThanSeconds: 90_000 * day, calls: 0 });
    expect((await purge('--older-than', '90000d')).stdout).toMatch(
      /^REMOVED\ncalls with their attempts +0\n/,
    );
  });

  it.each([
    [[], 'purge needs --older-than, such as 90d, or RINGTRUE_RETENTION_DAYS'],
    [['--older-than', '3 months'], '--older-than is "3 months"; must be days or hours, such as 90d or 48h'],
  ])('%j: exit status 2, and what is right', async (words, message) => {
    const failed = await purge(...words).catch((error: { code: number; stderr: string }) => error);
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
