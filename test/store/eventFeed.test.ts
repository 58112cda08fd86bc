import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, type Prepared, textOf } from '../../activities/store/database/database.js';
import { LostCursor } from '../../activities/store/events/eventFeed.js';
import { openStore, outcomeStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { newCallId, outcome } from './records.js';
import { readFrom } from './suites/eventFeedSuite.js';

let server: PostgresServer;
let store: OutcomeStore;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  server = await startPostgres();
  store = await opened('postgres');
}, 60_000);
afterAll(async () => {
  for (const close of closing) await close();
  await server?.stop();
});

const urlOf = (database: string, at = server) => at.url.replace(/postgres$/, database);

async function opened(database: string): Promise<OutcomeStore> {
  const one = await openStore({ databaseUrl: urlOf(database), poolSize: 3 });
  closing.unshift(() => one.close());
  return one;
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closing.unshift(() => client.end());
  return client;
}

/** Writes in the transaction of this connection. */
function storeOn(client: pg.Client): OutcomeStore {
  const query = async (statement: string | Prepared, parameters: readonly unknown[] = []) =>
    (await client.query(textOf(statement), [...parameters])).rows;
  return outcomeStore({ query } as Database);
}

async function endCall(on = store): Promise<string> {
  const callId = newCallId();
  await on.saveOutcome(outcome(callId, { attempts: [] }));
  return callId;
}

const callsAfter = async (after: string, on = store) =>
  (await on.readEvents({ after, limit: 100 })).events.map(({ callId }) => callId);
const endOfFeed = async (on = store) => (await on.readEvents({ after: 'latest', limit: 1 })).next;

describe('events of transactions that overlap', () => {
  it('the first one to write commits last: its event comes last, and is not skipped', async () => {
    const start = await endOfFeed();
    const slow = await connected(urlOf('postgres'));
    await slow.query('begin');
    const slowCall = await endCall(storeOn(slow));
    const fastCall = await endCall();
    const { next } = await store.readEvents({ after: start, limit: 10 });
    expect(await callsAfter(start)).toEqual([fastCall]);
    await slow.query('commit');
    expect(await callsAfter(next)).toEqual([slowCall]);
    expect(await callsAfter(start)).toEqual([fastCall, slowCall]);
  });

  it('a reader numbers events and has not committed: others wait, and take no number that it has', async () => {
    const start = await endOfFeed();
    const first = await endCall();
    const numbering = await connected(urlOf('postgres'));
    await numbering.query('begin');
    await numbering.query('select number_events(1000)');
    const second = await endCall();
    const reading = callsAfter(start);
    await expect(
      Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 300, 'waits'))]),
    ).resolves.toBe('waits');
    await numbering.query('commit');
    expect(await reading).toEqual([first, second]);
  });

  it('a long transaction deletes calls: the feed goes on meanwhile', async () => {
    const [start, deleted] = [await endOfFeed(), await endCall()];
    const deleting = await connected(urlOf('postgres'));
    await deleting.query('begin');
    await deleting.query('delete from calls where call_id = $1', [deleted]);
    const kept = await endCall();
    expect(await callsAfter(start)).toEqual([kept]);
    await deleting.query('commit');
    expect(await callsAfter(start)).toEqual([kept]);
  });
});

describe('a copy of the database', () => {
  /** The feed as `pg_dump` would copy it: the rows, into another cluster. */
  async function copyToAnotherCluster(): Promise<OutcomeStore> {
    const other = await startPostgres();
    closing.unshift(() => other.stop());
    const copy = await openStore({ databaseUrl: urlOf('postgres', other), poolSize: 2 });
    closing.unshift(() => copy.close());
    const [from, to] = [await connected(urlOf('postgres')), await connected(urlOf('postgres', other))];
    for (const table of ['calls', 'attempts', 'events', 'event_numbering', 'event_removals']) {
      const { rows } = await from.query(`select json_agg(t) as rows from ${table} t`);
      await to.query(`delete from ${table}`);
      await to.query(
        `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows[0].rows ?? [])],
      );
    }
    await to.query(
      `select setval(pg_get_serial_sequence('events', 'event_no'), (select max(event_no) from events))`,
    );
    return copy;
  }

  it('the database moves to another cluster: cursors go on there, also of events without a position', async () => {
    const before = await endCall();
    const cursor = await endOfFeed();
    const unnumbered = await endCall();
    const copy = await copyToAnotherCluster();
    const after = await endCall(copy);
    expect(await callsAfter(cursor, copy)).toEqual([unnumbered, after]);
    expect((await readFrom(copy, '0', 1))[0]?.callId).toBe((await readFrom(store, '0', 1))[0]?.callId);
    expect(await callsAfter('0', copy)).toContain(before);
  }, 60_000);

  it('an older backup is restored: a cursor from after it is refused, also once other events have its place', async () => {
    const admin = await connected(urlOf('postgres'));
    await admin.query('create database original');
    const first = await openStore({ databaseUrl: urlOf('original') });
    await endCall(first);
    const older = await endOfFeed(first);
    await first.close();
    await admin.query('create database restored template original');
    const original = await opened('original');
    await endCall(original);
    const newer = await endOfFeed(original);

    const restored = await opened('restored');
    const refusal = () => restored.readEvents({ after: newer, limit: 10 }).catch((error: unknown) => error);
    expect(await refusal()).toBeInstanceOf(LostCursor);
    expect(await refusal()).toMatchObject({ next: null, message: expect.stringContaining('older backup') });
    const written = [await endCall(restored), await endCall(restored)];
    expect(await restored.newestEventPosition()).toBeGreaterThan(Number(newer.split('-')[0]));
    expect(await refusal()).toBeInstanceOf(LostCursor);
    expect(await callsAfter(older, restored)).toEqual(written);
  }, 60_000);
});
