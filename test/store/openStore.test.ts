import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Database, prepared, textOf } from '../../activities/store/database/database.js';
import { postgres } from '../../activities/store/database/postgres.js';
import { StoreUnavailable, storeError } from '../../activities/store/database/storeError.js';
import {
  applyMigrations,
  hashOf,
  migrate,
  ownFunctions,
  replaceFunctions,
  SchemaTooNew,
} from '../../activities/store/migrate.js';
import { openDatabase, openStore, openStoreLazily, outcomeStore } from '../../activities/store/openStore.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { newCallId, outcome } from './records.js';
import { refusingPooler } from './refusingPooler.js';

const newest = (await readdir('activities/store/schema')).filter((file) => file.endsWith('.sql')).length;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ durable: true });
}, 60_000);
afterAll(() => server?.stop());

const silent = { warn() {}, info() {} };

async function query(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

let databases = 0;
async function newDatabase(): Promise<string> {
  const name = `test_${++databases}`;
  await query(server.url, `create database ${name}`);
  return server.url.replace(/postgres$/, name);
}

describe('the schema', () => {
  it('eight processes start together on an empty database: each migration is applied once, and all serve', async () => {
    const databaseUrl = await newDatabase();
    const stores = await Promise.all(
      Array.from({ length: 8 }, () => openStore({ databaseUrl, poolSize: 1 })),
    );
    await Promise.all(stores.map((store) => store.ping()));
    expect(await query(databaseUrl, 'select version from ringtrue_migrations order by version')).toEqual(
      Array.from({ length: newest }, (_, index) => ({ version: index + 1 })),
    );
    await Promise.all(stores.map((store) => store.close()));
  });

  it('a newer ringtrue has migrated the database: refused, with both versions', async () => {
    const databaseUrl = await newDatabase();
    await (await openStore({ databaseUrl })).close();
    await query(
      databaseUrl,
      `insert into ringtrue_migrations (version, name) values (99, 'from the future')`,
    );
    await expect(openStore({ databaseUrl })).rejects.toThrow(SchemaTooNew);
    await expect(openStoreLazily({ databaseUrl }).ping()).rejects.toThrow(
      new RegExp(`schema version 99.*up to ${newest} `),
    );
  });

  it('a migration fails halfway: nothing of it stays, and those before it do', async () => {
    const db = postgres({ databaseUrl: await newDatabase() }, silent);
    const first = { version: 1, name: 'a', sql: 'create table a (n integer)' };
    const broken = { version: 2, name: 'b', sql: 'create table b (n integer); create table a (n integer)' };
    await expect(applyMigrations(db, [first, broken])).rejects.toThrow('already exists');
    expect(
      await db.query(`select to_regclass('a') is not null as a, to_regclass('b') is not null as b`),
    ).toEqual([{ a: true, b: false }]);
    expect(await applyMigrations(db, [first, { ...broken, sql: 'create table b (n integer)' }])).toEqual([2]);
    await db.close();
  });
});

/** The hash of the functions by version. Add a line for each version; never change one that was released. */
const functionHashes: Record<number, string> = {
  1: 'c2810a3074ac3e4623a29fa1b366de1120e07032b06a3686ca14207342dc24d6',
};

describe('the functions of the database', () => {
  const functionsOf = (version: number, result: string) => ({
    version,
    sql: `create or replace function release() returns text language sql as $$ select '${result}' $$`,
  });
  const releaseIn = async (db: Database) => (await db.query('select release()'))[0];

  it('a file in schema/functions changes: functionsVersion changes with it', async () => {
    const { version, sql } = await ownFunctions();
    expect(
      functionHashes[version],
      'schema/functions/ has changed: raise functionsVersion in migrate.ts and add its hash to this test',
    ).toBe(hashOf(sql));
    expect(version).toBe(Math.max(...Object.keys(functionHashes).map(Number)));
  });

  it('a newer process starts: its functions replace the older ones', async () => {
    const db = postgres({ databaseUrl: await newDatabase() }, silent);
    await replaceFunctions(db, functionsOf(1, 'old'));
    expect(await releaseIn(db)).toEqual({ release: 'old' });
    await replaceFunctions(db, functionsOf(2, 'new'));
    expect(await releaseIn(db)).toEqual({ release: 'new' });
    await db.close();
  });

  it('an older process starts: the newer functions stay', async () => {
    const db = postgres({ databaseUrl: await newDatabase() }, silent);
    await replaceFunctions(db, functionsOf(2, 'new'));
    await replaceFunctions(db, functionsOf(1, 'old'));
    expect(await releaseIn(db)).toEqual({ release: 'new' });
    await db.close();
  });

  it('functions change under the same version, as in development: replaced', async () => {
    const db = postgres({ databaseUrl: await newDatabase() }, silent);
    await replaceFunctions(db, functionsOf(1, 'before'));
    await replaceFunctions(db, functionsOf(1, 'after'));
    expect(await releaseIn(db)).toEqual({ release: 'after' });
    await db.close();
  });

  it('the functions in the database are current: they are not written again', async () => {
    const db = postgres({ databaseUrl: await newDatabase() }, silent);
    await migrate(db);
    const written = 'select applied_at::text from ringtrue_functions';
    const first = await db.query(written);
    await migrate(db);
    expect(await db.query(written)).toEqual(first);
    await db.close();
  });

  it('one of the functions is broken: none is replaced', async () => {
    const db = postgres({ databaseUrl: await newDatabase() }, silent);
    await replaceFunctions(db, functionsOf(1, 'old'));
    const broken = {
      version: 2,
      sql: `${functionsOf(2, 'new').sql}; create function broken() returns nothing`,
    };
    await expect(replaceFunctions(db, broken)).rejects.toThrow('no language specified');
    expect(await releaseIn(db)).toEqual({ release: 'old' });
    await db.close();
  });
});

describe('a database that cannot be reached', () => {
  it('no server listens: StoreUnavailable names host and database, and not the password', async () => {
    const opened = openStore({ databaseUrl: 'postgres://me:s3cret@127.0.0.1:1/calls' });
    await expect(opened).rejects.toThrow(StoreUnavailable);
    await expect(opened).rejects.toThrow('PostgreSQL database calls at 127.0.0.1:1) refused the connection');
    await expect(opened).rejects.not.toThrow('s3cret');
  });

  it('no such database: StoreUnavailable, with what to check', async () => {
    const opened = openStore({ databaseUrl: server.url.replace(/postgres$/, 'nowhere') });
    await expect(opened).rejects.toThrow(StoreUnavailable);
    await expect(opened).rejects.toThrow('Check user, password and database name');
  });

  it('every connection is taken: StoreUnavailable, with what to do; then it serves', async () => {
    const databaseUrl = await newDatabase();
    const clients: pg.Client[] = [];
    const takeAll = async () => {
      for (;;) {
        const client = new pg.Client({ connectionString: databaseUrl });
        client.on('error', () => {});
        await client.connect();
        clients.push(client);
      }
    };
    await expect(takeAll()).rejects.toThrow('too many clients');
    const store = openStoreLazily({ databaseUrl });
    await expect(store.ping()).rejects.toThrow('has no connection left. Raise max_connections');
    await Promise.all(clients.map((client) => client.end()));
    await vi.waitFor(() => store.ping(), { timeout: 10_000 });
    await store.close();
  });

  describe('behind a pooler that shares connections between transactions', () => {
    const statement = prepared('select $1::text as value');
    const messages: string[] = [];
    const log = { warn() {}, info: (_: object, msg: string) => void messages.push(msg) };

    it.each<[string, (db: Database) => Promise<unknown>]>([
      [
        'the server does not know the prepared statement',
        async (db) => {
          await db.query(statement, ['before']);
          await db.run('deallocate all');
        },
      ],
      [
        'the server knows the statement already, from another process',
        (db) => db.run(`prepare "${statement.name}" as select 1`),
      ],
    ])('%s: runs all the same, and prepares no more', async (_, meanwhile) => {
      messages.length = 0;
      const db = postgres({ databaseUrl: await newDatabase(), poolSize: 1 }, log);
      await meanwhile(db);
      expect(await db.query(statement, ['after'])).toEqual([{ value: 'after' }]);
      expect(await db.query(statement, ['again'])).toEqual([{ value: 'again' }]);
      expect(messages).toEqual(['the database pooler shares connections: statements are no longer prepared']);
      await db.close();
    });

    it('the pooler refuses statement_timeout: migrates and serves all the same', async () => {
      messages.length = 0;
      const databaseUrl = new URL(await newDatabase());
      const pooler = await refusingPooler(Number(databaseUrl.port));
      databaseUrl.port = String(pooler.port);
      const store = await openStore({ databaseUrl: databaseUrl.href }, log);
      const callIds = Array.from({ length: 5 }, newCallId);
      await Promise.all(callIds.map((callId) => store.saveOutcome(outcome(callId))));
      expect((await store.findCallState(callIds[4] as string))?.outcome).toEqual(
        outcome(callIds[4] as string),
      );
      const refused =
        'the database pooler refuses statement_timeout: slow statements are given up here, and run on in the server';
      expect(messages.filter((line) => line === refused)).toHaveLength(1);
      await store.close();
      await pooler.close();
    });

    it('another process migrates the database that a shared connection has seen empty: nothing is migrated twice', async () => {
      const databaseUrl = await newDatabase();
      const only = { version: 1, name: 'a', sql: 'create table a (n integer)' };
      const onOne = async (work?: () => Promise<void>): Promise<Database> => {
        const client = new pg.Client({ connectionString: databaseUrl });
        await client.connect();
        const rows = async (sql: string, values?: unknown[]) =>
          (await client.query(sql, values)).rows as never[];
        const db: Database = {
          query: (statement, parameters = []) => rows(textOf(statement), [...parameters]),
          run: async (script) => void (await client.query(script)),
          async transaction(migrating) {
            await rows('begin');
            const done = await migrating(db);
            await work?.();
            await rows('commit');
            return done;
          },
          close: () => client.end(),
        };
        return db;
      };
      const sharedConnection = await onOne();
      let late: Promise<number[]> | undefined;
      const first = await onOne(async () => {
        late = applyMigrations(sharedConnection, [only]);
        const waiting = `select from pg_locks where locktype = 'advisory' and not granted`;
        await vi.waitFor(async () => expect(await query(databaseUrl, waiting)).toHaveLength(1));
      });
      expect(await applyMigrations(first, [only])).toEqual([1]);
      expect(await late).toEqual([]);
      await Promise.all([sharedConnection.close(), first.close()]);
    });
  });

  it('the server is killed and restarted: StoreUnavailable meanwhile, then it serves again, and nothing recorded is lost', async () => {
    const databaseUrl = await newDatabase();
    const lazily = openStoreLazily({ databaseUrl });
    const store = await openStore({ databaseUrl });
    const callId = newCallId();
    await store.saveOutcome(outcome(callId));

    server.kill('SIGKILL');
    await vi.waitFor(() => expect(store.ping()).rejects.toThrow(StoreUnavailable), { timeout: 10_000 });
    await expect(lazily.ping()).rejects.toThrow(StoreUnavailable);
    const late = newCallId();
    await expect(store.saveOutcome(outcome(late))).rejects.toThrow(StoreUnavailable);

    await server.restart();
    await vi.waitFor(() => Promise.all([store.ping(), lazily.ping()]), { timeout: 10_000 });
    await store.saveOutcome(outcome(late));
    expect((await lazily.findCallState(callId))?.outcome).toEqual(outcome(callId));
    expect((await lazily.findCallState(late))?.outcome).toEqual(outcome(late));
    await Promise.all([store.close(), lazily.close()]);
  }, 60_000);

  it('only a standby answers: not ready', async () => {
    const databaseUrl = await newDatabase();
    await (await openStore({ databaseUrl })).close();
    await query(
      databaseUrl,
      `alter database ${databaseUrl.split('/').at(-1)} set default_transaction_read_only = on`,
    );
    const store = await openStore({ databaseUrl });
    await expect(store.ping()).rejects.toThrow('read-only');
    await expect(store.saveOutcome(outcome(newCallId()))).rejects.toThrow(StoreUnavailable);
    await store.close();
  });

  it.each([openStore, async (where: { databaseUrl: string }) => openStoreLazily(where)])(
    'this process closed the store: StoreUnavailable',
    async (open) => {
      const store = await open({ databaseUrl: await newDatabase() });
      await store.close();
      await store.close();
      await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    },
  );
});

describe('the embedded database', () => {
  it('the disk fails in the middle of the work: StoreUnavailable, then it starts again with what was recorded', async () => {
    const root = await mkdtemp(join(tmpdir(), 'ringtrue-pglite-'));
    const directory = join(root, 'store');
    const db = await openDatabase({ directory });
    const store = outcomeStore(db);
    const callId = newCallId();
    await store.saveOutcome(outcome(callId));

    // Without its directory the write-ahead log cannot grow, which PostgreSQL answers with a panic.
    await rename(join(directory, 'pg_wal'), join(root, 'pg_wal'));
    await db.query('select pg_switch_wal()::text');
    const writes = [1, 2].map(() => store.saveOutcome(outcome(newCallId())));
    for (const write of writes) await expect(write).rejects.toThrow(StoreUnavailable);
    await rename(join(root, 'pg_wal'), join(directory, 'pg_wal'));

    expect((await store.findCallState(callId))?.outcome).toEqual(outcome(callId));
    await store.saveOutcome(outcome(newCallId()));
    await store.close();
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    await rm(root, { recursive: true, force: true });
  }, 120_000);
});

describe('errors of the database', () => {
  const coded = (code: string, message = code) => Object.assign(new Error(message), { code });
  it.each<[string, Error, string]>([
    ['disk full', coded('53100'), 'its disk is full'],
    ['disk full, by the system', coded('ENOSPC'), 'its disk is full'],
    ['too many connections', coded('53300'), 'no connection left'],
    ['shutting down', coded('57P01'), 'shutting down'],
    ['starting up', coded('57P03'), 'shutting down or starting up'],
    ['out of memory', coded('53200'), 'run out of memory'],
    ['wrong password', coded('28P01'), 'refused the login'],
    ['statement took too long', coded('57014'), 'in time'],
    ['two transactions met', coded('40P01'), 'done again'],
    ['connection cut', coded('ECONNRESET'), 'closed the connection'],
    [
      'connection cut, as the driver reports it',
      new Error('Connection terminated unexpectedly'),
      'closed the connection',
    ],
    ['no connection in time', new Error('timeout exceeded when trying to connect'), 'in time'],
    [
      'no answer to the connection',
      new Error('Connection terminated due to connection timeout'),
      'cannot be reached',
    ],
    ['no such host', coded('ENOTFOUND'), 'cannot be reached'],
  ])('%s: StoreUnavailable, with a sentence', (_, error, sentence) => {
    const seen = storeError(error, 'The store');
    expect(seen).toBeInstanceOf(StoreUnavailable);
    expect((seen as Error).message).toContain(sentence);
    expect((seen as Error).cause).toBe(error);
  });

  it.each([coded('42P01'), coded('23505'), new TypeError('a bug')])('%s: as it is', (error) => {
    expect(storeError(error, 'The store')).toBe(error);
  });
});
