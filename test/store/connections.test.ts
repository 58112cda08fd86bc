import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openStore, openStoreLazily } from '../../activities/store/openStore.js';
import { makeCertificates } from '../support/certificates.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';

const certificates = makeCertificates();
const others = makeCertificates();
let server: PostgresServer;
let plain: PostgresServer;
beforeAll(async () => {
  [server, plain] = await Promise.all([
    startPostgres({ tls: certificates, socket: 'my:eu:db' }),
    startPostgres(),
  ]);
}, 60_000);
afterAll(() => Promise.all([server?.stop(), plain?.stop()]));

/** Why a store at this URL cannot be used; null if it can. */
async function trouble(databaseUrl: string): Promise<{ name: string; message: string } | null> {
  const store = openStoreLazily({ databaseUrl });
  try {
    await store.ping();
    return null;
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  } finally {
    await store.close();
  }
}

async function sql(databaseUrl: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const databaseOf = (url: string, login: string, database: string) =>
  url.replace(/\/\/[^@]*@/, `//${login}@`).replace(/postgres$/, database);

it.each(['require', 'verify-ca', 'verify-full'])(
  'sslmode=%s and a private authority: not available, and names the certificate and what to set',
  async (mode) => {
    expect(await trouble(`${server.url}?sslmode=${mode}`)).toEqual({
      name: 'StoreUnavailable',
      message: expect.stringMatching(
        /certificate that Node does not trust \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\. Add sslrootcert=FILE to DATABASE_URL or set PGSSLROOTCERT.* NODE_EXTRA_CA_CERTS\./,
      ),
    });
  },
);

it('sslrootcert has the private authority: connected, with TLS', async () => {
  const url = `${server.url}?sslmode=verify-full&sslrootcert=${certificates.authority}`;
  expect(await trouble(url)).toBeNull();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
  await client.end();
  expect(rows).toEqual([{ ssl: true }]);
});

it('sslrootcert has another authority: not available, and names the certificate', async () => {
  const url = `${server.url}?sslmode=verify-full&sslrootcert=${others.authority}`;
  expect((await trouble(url))?.message).toContain('certificate that Node does not trust');
});

it('the certificate is for another host: not available, and says so', async () => {
  const url = `${server.url.replace('127.0.0.1', 'localhost')}?sslmode=verify-full&sslrootcert=${certificates.authority}`;
  expect(await trouble(url)).toEqual({
    name: 'StoreUnavailable',
    message: expect.stringContaining('shows a certificate for another host'),
  });
});

it('TLS is asked for, and the server has none: not available, and says so', async () => {
  expect(await trouble(`${plain.url}?sslmode=require`)).toEqual({
    name: 'StoreUnavailable',
    message: expect.stringContaining('does not offer TLS. Remove sslmode from DATABASE_URL'),
  });
});

it.each([
  ['PGSSLROOTCERT', 'PGSSLROOTCERT'],
  ['NODE_EXTRA_CA_CERTS', 'NODE_EXTRA_CA_CERTS'],
])(
  'setup with %s: trusts the private authority',
  async (_, variable) => {
    const run = async (env: Record<string, string>) => {
      const process = new RingtrueProcess(['setup'], {
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        DATABASE_URL: `${server.url}?sslmode=verify-full`,
        ...env,
      });
      await process.ended;
      return process.stderr;
    };
    expect(await run({ [variable]: certificates.authority })).toContain('The outcome store is up to date.');
    expect(await run({})).toContain('certificate that Node does not trust');
  },
  60_000,
);

it('a socket directory, as managed databases give it: connected', async () => {
  const { port } = new URL(server.url);
  const directory = server.socketDirectory as string;
  const url = `postgres://ringtrue:secret@/postgres?host=${directory}&port=${port}`;
  expect(await trouble(url)).toBeNull();
  expect((await trouble(url.replace(':eu:db', ':eu:other')))?.message).toMatch(
    /in the socket directory .*:other\) .*(cannot be reached|refused)/,
  );
});

it('a role that may not create tables: says what to grant, and after that it works', async () => {
  await sql(
    plain.url,
    "create role rt login password 'rt'",
    'create database rt',
    'grant all privileges on database rt to rt',
  );
  const url = databaseOf(plain.url, 'rt:rt', 'rt');
  const [, grant] = /this database: (.*)$/.exec((await trouble(url))?.message ?? '') ?? [];
  expect(grant).toBe('GRANT USAGE, CREATE ON SCHEMA public TO rt;');
  await expect(openStore({ databaseUrl: url })).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await sql(databaseOf(plain.url, 'ringtrue', 'rt'), grant as string);
  expect(await trouble(url)).toBeNull();
});

it('a schema that the role cannot use: says what to grant, and after that it works', async () => {
  await sql(plain.url, `create role "Calls-2" login password 'rt'`, 'create database own');
  const admin = databaseOf(plain.url, 'ringtrue', 'own');
  await sql(admin, 'drop schema public', 'create schema calls', 'alter database own set search_path = calls');
  const url = databaseOf(plain.url, 'Calls-2:rt', 'own');
  expect(await trouble(url)).toEqual({
    name: 'StoreUnavailable',
    message: expect.stringContaining('ON SCHEMA'),
  });
  await sql(admin, 'grant usage, create on schema calls to "Calls-2"');
  expect(await trouble(url)).toBeNull();
});

it('the tables belong to another role: says so, and after the grant it works', async () => {
  await sql(plain.url, "create role reader login password 'rt'", 'create database shared');
  const admin = databaseOf(plain.url, 'ringtrue', 'shared');
  await (await openStore({ databaseUrl: admin })).close();
  await sql(admin, 'grant usage, create on schema public to reader');
  const url = databaseOf(plain.url, 'reader:rt', 'shared');
  expect(await trouble(url)).toEqual({
    name: 'StoreUnavailable',
    message: expect.stringContaining('Its tables belong to another role'),
  });
  await sql(admin, 'grant ringtrue to reader');
  expect(await trouble(url)).toBeNull();
});
