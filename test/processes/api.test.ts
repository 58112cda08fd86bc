import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { freePort } from '../../src/process/freePort.js';
import { startDevServer } from '../../src/temporal/devServer.js';
import { makeCertificates } from '../support/certificates.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { RingtrueProcess, unreachableAddress, until } from '../support/ringtrueProcess.js';

let postgres: PostgresServer;
const running: RingtrueProcess[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop('SIGKILL')));
});
afterAll(() => postgres.stop());

async function start(command: 'api' | 'worker' | 'setup', env: Record<string, string> = {}) {
  const port = await freePort('127.0.0.1');
  const process = new RingtrueProcess([command], {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    DATABASE_URL: postgres.url,
    TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'the-auth-token',
    TWILIO_BASE_URL: `http://${unreachableAddress}`,
    [command === 'api' ? 'PORT' : 'RINGTRUE_WORKER_PORT']: String(port),
    ...env,
  });
  running.push(process);
  return { process, url: `http://127.0.0.1:${port}` };
}

async function readiness(url: string): Promise<{ status: number; checks: Record<string, string> }> {
  try {
    const response = await fetch(`${url}/readyz`);
    const { checks = {} } = (await response.json()) as { checks?: Record<string, string> };
    return { status: response.status, checks };
  } catch {
    return { status: 0, checks: {} };
  }
}

it('all servers run: the API becomes ready, and exits with status 0 on SIGTERM', async () => {
  const { process, url } = await start('api');
  await until(async () => (await readiness(url)).status === 200);
  expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('ringtrue_http_requests_total');
  expect(await process.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  expect(
    process.stderr
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).msg),
  ).toContain('Stopping: got SIGTERM.');
  expect(process.stdout).toBe('');
});

it('tokens are set, and one is short: the API says so and starts; strangers see only whether it is ready', async () => {
  const { process, url } = await start('api', { RINGTRUE_API_TOKENS: 'secret' });
  await until(async () => (await readiness(url)).status === 200);
  expect(process.stderr).toContain('RINGTRUE_API_TOKENS has a token of fewer than 20 characters');
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true });
  const headers = { Authorization: 'Bearer secret' };
  expect(await (await fetch(`${url}/readyz`, { headers })).json()).toMatchObject({ checks: { store: 'ok' } });
});

it('a token with a fault: the API names the entry and repeats nothing of it, status 2', async () => {
  const entries = 'ann:read:Kx0-a-good-token,bob:boss:Kx1-another-token,Kx2-in-the-wrong-place:call:Kx3 x';
  const { process } = await start('api', { RINGTRUE_API_TOKENS: entries });
  expect((await process.ended).status).toBe(2);
  expect(process.stderr).toContain('RINGTRUE_API_TOKENS has an unknown role in entry 2');
  expect(process.stderr).toContain('RINGTRUE_API_TOKENS has no usable token in entry 3');
  expect(process.stderr + process.stdout).not.toMatch(/Kx\d/);
});

it('no tokens, and the public URL leads to it from outside: the API names both variables, status 2', async () => {
  const { process } = await start('api', { RINGTRUE_PUBLIC_URL: 'https://calls.example.com' });
  expect((await process.ended).status).toBe(2);
  expect(process.stderr).toMatch(
    /RINGTRUE_PUBLIC_URL is https:\/\/calls\.example\.com.*RINGTRUE_API_TOKENS is missing/,
  );
});

it('the port of the API is in use: says what to do, status 2', async () => {
  const port = await freePort('127.0.0.1');
  const other = createServer().listen(port, '127.0.0.1');
  const { process } = await start('api', { PORT: String(port) });
  expect((await process.ended).status).toBe(2);
  expect(process.stderr).toContain(
    `ringtrue: Port ${port} on 127.0.0.1 is in use, so the API cannot listen there: stop what listens on it, or set PORT to another port.`,
  );
  other.close();
});

it.each(['api', 'worker'] as const)(
  '%s comes up while Temporal is down: alive but not ready, until it is there',
  async (command) => {
    const temporalPort = await freePort('127.0.0.1');
    const { process, url } = await start(command, { TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}` });
    await until(async () => (await readiness(url)).status === 503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { checks } = await readiness(url);
    expect(checks.temporal).toContain(`127.0.0.1:${temporalPort}`);
    expect(checks.store).toBe('ok');
    const server = await startDevServer({
      cliPath: inject('temporalCliPath'),
      port: temporalPort,
      uiPort: null,
      namespace: 'default',
      stateFile: join(mkdtempSync(join(tmpdir(), 'ringtrue-server-')), 'temporal.sqlite'),
      say: () => {},
    });
    await until(async () => (await readiness(url)).status === 200);
    expect(await process.stop()).toEqual({ status: 0, signal: null });
    await server.stop();
  },
  90_000,
);

it.each(['api', 'worker'] as const)(
  '%s comes up while the database is down: alive but not ready, until it is there',
  async (command) => {
    const own = await startPostgres();
    own.kill('SIGKILL');
    const { process, url } = await start(command, { DATABASE_URL: own.url });
    await until(async () => (await readiness(url)).status === 503);
    const { checks } = await readiness(url);
    expect(checks.store).not.toBe('ok');
    expect(checks.temporal).toBe('ok');
    if (command === 'api') expect((await fetch(`${url}/readyz/callbacks`)).status).toBe(200);
    await own.restart();
    await until(async () => (await readiness(url)).status === 200);
    expect(await process.stop()).toEqual({ status: 0, signal: null });
    await own.stop();
  },
  90_000,
);

const privateAuthority = makeCertificates();

it.each<[string, () => Promise<{ server: PostgresServer; url: string }>, RegExp]>([
  [
    'has a private certificate authority',
    async () => {
      const server = await startPostgres({ tls: privateAuthority });
      return { server, url: `${server.url}?sslmode=require` };
    },
    /certificate that Node does not trust .*sslrootcert=FILE.*PGSSLROOTCERT/,
  ],
  [
    'gives the role no right to create tables',
    async () => {
      const server = await startPostgres();
      const admin = new pg.Client({ connectionString: server.url });
      await admin.connect();
      await admin.query("create role rt login password 'rt'");
      await admin.query('create database rt');
      await admin.query('grant all privileges on database rt to rt');
      await admin.end();
      return { server, url: server.url.replace(/\/\/.*@/, '//rt:rt@').replace(/postgres$/, 'rt') };
    },
    /GRANT USAGE, CREATE ON SCHEMA public TO rt;/,
  ],
])(
  'the database %s: the API answers 503, and log and /readyz say what to do',
  async (_, prepare, remedy) => {
    const { server, url: DATABASE_URL } = await prepare();
    const { process, url } = await start('api', { DATABASE_URL });
    await until(async () => (await readiness(url)).status === 503);
    expect((await readiness(url)).checks.store).toMatch(remedy);
    expect((await fetch(`${url}/calls/x`)).status).toBe(503);
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'one' };
    const body = JSON.stringify({ to: '+15005551200', from: '+15005550006', twiml: '<Response/>' });
    const placed = await fetch(`${url}/calls`, { method: 'POST', headers, body });
    expect([202, 503]).toContain(placed.status);
    expect(process.stderr).toMatch(remedy);
    const { process: setup } = await start('setup', { DATABASE_URL });
    expect((await setup.ended).status).toBe(1);
    expect(setup.stderr).toMatch(remedy);
    await process.stop();
    await server.stop();
  },
  60_000,
);

it('a search attribute has the wrong type: the worker says so and waits; once it is right, it works', async () => {
  const temporalPort = await freePort('127.0.0.1');
  const server = await startDevServer({
    cliPath: inject('temporalCliPath'),
    port: temporalPort,
    uiPort: null,
    namespace: 'default',
    stateFile: null,
    say: () => {},
  });
  const connection = await Connection.connect({ address: server.address });
  const add = (type: number) =>
    connection.operatorService.addSearchAttributes({
      namespace: 'calls',
      searchAttributes: { RingtrueTo: type },
    });
  await connection.workflowService.registerNamespace({
    namespace: 'calls',
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await until(() =>
    add(encodeSearchAttributeIndexedValueType('TEXT') ?? 0).then(
      () => true,
      () => false,
    ),
  );
  const { process, url } = await start('worker', {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: 'calls',
  });
  await until(async () =>
    /RingtrueTo \(must be Keyword\)/.test((await readiness(url)).checks.searchAttributes ?? ''),
  );
  expect((await readiness(url)).checks.worker).toBe('is starting');
  expect(process.stderr).toContain(
    'temporal operator search-attribute create --namespace calls --name RingtrueTo',
  );
  await connection.operatorService.removeSearchAttributes({
    namespace: 'calls',
    searchAttributes: ['RingtrueTo'],
  });
  await until(async () => (await readiness(url)).status === 200);
  expect(await process.stop()).toEqual({ status: 0, signal: null });
  await connection.close();
  await server.stop();
}, 90_000);

it('a worker: shows its metrics and those of Temporal together, and stops with status 0 on SIGINT', async () => {
  const { process, url } = await start('worker', { RINGTRUE_TASK_QUEUE: 'a-queue-of-its-own' });
  await until(async () => (await readiness(url)).status === 200);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('ringtrue_account_trouble 0');
  expect(metrics).toContain('temporal_worker_task_slots_available');
  expect(await process.stop('SIGINT')).toEqual({ status: 0, signal: null });
});

it('stop signal while Temporal cannot be reached: stops at once, status 0', async () => {
  const { process } = await start('worker', { TEMPORAL_ADDRESS: unreachableAddress });
  await process.prints('cannot be reached');
  expect(await process.stop()).toEqual({ status: 0, signal: null });
});

it('setup: registers and migrates, and can run again', async () => {
  for (const _ of [1, 2]) {
    const { process } = await start('setup');
    expect(await process.ended).toEqual({ status: 0, signal: null });
    expect(process.stderr).toContain('The outcome store is up to date.');
  }
});

it('setup without Temporal and database: names both faults, but no password, status 1', async () => {
  const { process } = await start('setup', {
    TEMPORAL_ADDRESS: unreachableAddress,
    DATABASE_URL: `postgres://me:very-secret@${unreachableAddress}/x`,
  });
  expect((await process.ended).status).toBe(1);
  expect(process.stderr).toMatch(
    /Not everything is set up:\n {2}- the search attributes.*in time\. Is TEMPORAL_ADDRESS right\?\n {2}- the outcome store/,
  );
  expect(process.stderr).not.toContain('search-attribute create');
  expect(process.stderr).not.toContain('very-secret');
}, 60_000);
