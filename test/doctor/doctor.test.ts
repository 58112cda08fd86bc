import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import pg from 'pg';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type FurtherAccount, noFurtherAccounts } from '../../activities/accounts/account.js';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { createApi } from '../../src/api/createApi.js';
import type { CallState } from '../../src/client/ringtrue.js';
import { doctorConfiguration } from '../../src/config/doctorConfiguration.js';
import { clockChecks } from '../../src/doctor/clockChecks.js';
import { type DoctorReport, resultOf } from '../../src/doctor/doctorCheck.js';
import { runDoctor } from '../../src/doctor/runDoctor.js';
import { freePort } from '../../src/process/freePort.js';
import { type HttpServer, listen } from '../../src/process/httpServer.js';
import { startSimulator } from '../../src/simulator/api/startSimulator.js';
import { type AccountProfile, simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { whyNotRinging } from '../../src/terminal/whyNotRinging.js';
import type { Hindrance } from '../../workflows/callActivities.js';
import { hindranceMessage } from '../../workflows/rules/wording.js';
import { file } from '../configuration/faultsOf.js';
import { type CallBench, startCallBench } from '../support/callBench.js';
import { makeCertificates } from '../support/certificates.js';
import { RingtrueProcess, until } from '../support/ringtrueProcess.js';
import { newDatabase } from '../support/useCallBench.js';
import { startMeddlingProxy } from './meddlingProxy.js';

const from = '+15005550006';
const { accountSid, authToken } = simulatorCredentials;
const acme = { accountSid: `AC${'a'.repeat(32)}`, authToken: 'token-of-acme', from };
const globex = { accountSid: `AC${'b'.repeat(32)}`, authToken: 'token-of-globex', from };

let bench: CallBench;
let store: OutcomeStore;
let databaseUrl: string;
let proxy: Awaited<ReturnType<typeof startMeddlingProxy>>;
let twilioProxy: Awaited<ReturnType<typeof startMeddlingProxy>>;
let silent: Server;
let env: Record<string, string>;
const stops: (() => Promise<unknown>)[] = [];

/** The simulator with another account. */
async function simulatorWith(account: Partial<AccountProfile>): Promise<Record<string, string>> {
  const simulator = await startSimulator({ ...simulatorCredentials, account });
  stops.unshift(() => simulator.close());
  return { TWILIO_BASE_URL: simulator.url };
}

function accountAt(baseUrl: string): FurtherAccount {
  const { accountSid: sid, authToken: token } = acme;
  return {
    name: 'acme',
    twilio: { accountSid: sid, username: sid, password: token, baseUrl },
    authTokens: [token],
    defaultFrom: from,
    callsPerSecond: 1,
    callsInFlight: null,
  };
}

async function apiAt(
  port: number,
  publicUrl: string | null,
  twilioAuthTokens: string[],
  taskQueue = bench.taskQueue,
): Promise<HttpServer> {
  const api = createApi({
    temporal: bench.client,
    store,
    taskQueue,
    publicUrl,
    progress: 'signal',
    accountSid,
    accounts: bench.settings.accounts,
    twilioAuthTokens,
    apiTokens: [],
    policies: () => bench.settings.policies(),
    defaultFrom: from,
    rules: bench.settings,
    readiness: async () => ({ ready: true, checks: {} }),
    metrics: new Registry(),
    log: pino({ level: 'silent' }),
  });
  const server = await listen(api, { host: '127.0.0.1', port, what: 'API', variable: 'PORT' });
  stops.unshift(() => server.close());
  return server;
}

beforeAll(async () => {
  databaseUrl = await newDatabase(inject('databaseUrl'));
  store = await openStore({ databaseUrl });
  stops.unshift(() => store.close());
  const simulator = await startSimulator({ ...simulatorCredentials, accounts: () => [acme] });
  stops.unshift(() => simulator.close());
  const port = await freePort('127.0.0.1');
  proxy = await startMeddlingProxy(`http://127.0.0.1:${port}`);
  twilioProxy = await startMeddlingProxy(simulator.url);
  const publicUrl = proxy.url;
  bench = await startCallBench({
    store,
    twilioUrl: simulator.url,
    settings: {
      twilio: { accountSid, username: accountSid, password: authToken, baseUrl: simulator.url },
      accounts: { ...noFurtherAccounts, configured: () => new Map([['acme', accountAt(simulator.url)]]) },
      publicUrl,
    },
  });
  stops.unshift(() => bench.stop());
  await apiAt(port, publicUrl, [authToken]);
  stops.unshift(proxy.close, twilioProxy.close);
  silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  stops.unshift(async () => silent.close());
  env = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    RINGTRUE_TASK_QUEUE: bench.taskQueue,
    DATABASE_URL: databaseUrl,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_BASE_URL: twilioProxy.url,
    TWILIO_FROM: from,
    RINGTRUE_DESTINATIONS: 'DE,US,+44',
    RINGTRUE_PUBLIC_URL: publicUrl,
    PORT: String(port),
  };
  // The worker has begun to poll, and the dial worker asks first whether it may.
  await until(async () => (await examine()).ok);
});
beforeEach(() => {
  proxy.meddling = {};
  twilioProxy.meddling = {};
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

function examine(changes: Record<string, string> = {}, withinMs?: number): Promise<DoctorReport> {
  const options = withinMs === undefined ? {} : { withinMs };
  return runDoctor(doctorConfiguration({ ...env, ...changes }), options);
}

/** The names of the checks that found a fault. Each has a fix. */
function faultsOf({ ok, checks }: DoctorReport): string[] {
  const faults = checks.filter((check) => !check.ok);
  expect(ok).toBe(faults.length === 0);
  for (const check of checks) expect(check.fix !== null && check.fix !== '').toBe(!check.ok);
  return faults.map(({ name }) => name);
}

/** Examines a deployment in which one thing is broken: only these checks find that, the first of them so. */
async function expectFault(
  changes: Record<string, string>,
  [name, ...others]: [name: string, ...others: string[]],
  texts: RegExp,
): Promise<void> {
  const report = await examine(changes);
  expect(faultsOf(report).sort()).toEqual([name, ...others].sort());
  const found = report.checks.find((check) => check.name === name);
  expect(`${found?.message} → ${found?.fix}`).toMatch(texts);
}

it('nothing is broken: every check is ok, and nothing was dialed', async () => {
  const report = await examine();
  expect(faultsOf(report)).toEqual([]);
  const names = report.checks.map((check) => check.name);
  expect(names).toEqual(
    expect.arrayContaining([
      'configuration',
      'twilio-credentials',
      'geo-permission-DE',
      'geo-permission-+44',
    ]),
  );
  expect(names).toEqual(
    expect.arrayContaining([
      'RingtrueTo',
      'RingtrueBatch',
      `worker ${bench.taskQueue}-dial`,
      'clock-temporal',
    ]),
  );
  expect(names.length).toBe(new Set(names).size);
});

it('several accounts, one of which nobody knows: each has checks of its own, and only that one has faults', async () => {
  const RINGTRUE_ACCOUNTS = file(JSON.stringify({ acme, globex }));
  let report = await examine({ RINGTRUE_ACCOUNTS });
  await until(async () => {
    report = await examine({ RINGTRUE_ACCOUNTS });
    return faultsOf(report).every((name) => /globex$|b{32}$/.test(name));
  });
  const queue = (what: string, sid: string) => `worker ${bench.taskQueue}-${what}-${sid}`;
  expect(faultsOf(report).sort()).toEqual(
    [
      ...['credentials', 'account', 'lookup'].map((what) => `twilio-${what} globex`),
      ...['DE', 'US', '+44'].map((place) => `geo-permission-${place} globex`),
      ...['caller-id globex', 'public-url globex'],
      ...['dial', 'read'].map((what) => queue(what, globex.accountSid)),
    ].sort(),
  );
  const messageOf = (name: string) => report.checks.find((check) => check.name === name)?.message;
  expect(messageOf('twilio-credentials acme')).toContain(
    `Twilio accepts the auth token of account ${acme.accountSid}`,
  );
  expect(messageOf('public-url acme')).toContain('its signature is valid there');
  expect(messageOf('public-url globex')).toContain('another auth token');
  expect(messageOf(queue('dial', acme.accountSid))).toContain('A worker polls');
  const fixOf = (name: string) => report.checks.find((check) => check.name === name)?.fix;
  expect(fixOf('twilio-credentials globex')).toContain(
    'Copy accountSid and authToken of account globex in RINGTRUE_ACCOUNTS',
  );
  expect(fixOf('caller-id globex')).toContain('Correct twilio-credentials globex first');
});

describe('configuration', () => {
  it('several faults: each has a line, and what can be checked still is', async () => {
    const report = await examine({ RINGTRUE_CSP: '3', TWILIO_FROM: '0049', RINGTRUE_PUBLIC_URL: 'here' });
    expect(faultsOf(report)).toEqual(['TWILIO_FROM', 'RINGTRUE_PUBLIC_URL', 'RINGTRUE_CSP', 'public-url']);
    const fixes = report.checks.map(({ fix }) => fix).join('\n');
    expect(fixes).toContain('The nearest known name is RINGTRUE_CPS.');
    expect(fixes).toContain('TWILIO_FROM must be a phone number in E.164');
  });

  it('nothing is configured, and no `ringtrue dev` runs: names what to set', async () => {
    const nothing = doctorConfiguration({
      PORT: '1',
      RINGTRUE_SIMULATOR_PORT: '1',
      RINGTRUE_TEMPORAL_PORT: '1',
      RINGTRUE_TEMPORAL_UI_PORT: '2',
    });
    const report = await runDoctor(nothing, { withinMs: 1500 });
    const fixes = report.checks.map(({ fix }) => fix).join('\n');
    for (const text of ['TWILIO_ACCOUNT_SID', 'DATABASE_URL', 'ringtrue dev', 'TEMPORAL_ADDRESS'])
      expect(fixes).toContain(text);
    expect(report.checks.filter(({ ok }) => ok).map(({ name }) => name)).toEqual(['configuration']);
  });
});

describe('Twilio', () => {
  const afterCredentials = ['twilio-account', 'twilio-lookup', 'caller-id', 'clock-twilio'];
  const countries = ['geo-permission-DE', 'geo-permission-US', 'geo-permission-+44'];

  it('the auth token is wrong: credentials and callbacks are at fault', () =>
    expectFault(
      { TWILIO_AUTH_TOKEN: '1'.repeat(32) },
      ['twilio-credentials', 'public-url', ...afterCredentials.slice(0, 3), ...countries],
      /refuses the credentials \(401, 20003\).*Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN/,
    ));

  it('an API key is right, and the auth token is not: says that signatures depend on it', async () => {
    const simulator = await startSimulator({
      ...simulatorCredentials,
      apiKeys: [{ sid: `SK${'1'.repeat(32)}`, secret: 'secret' }],
    });
    stops.unshift(() => simulator.close());
    const key = { TWILIO_API_KEY: `SK${'1'.repeat(32)}`, TWILIO_API_SECRET: 'secret' };
    await expectFault(
      { TWILIO_BASE_URL: simulator.url, TWILIO_AUTH_TOKEN: '1'.repeat(32), ...key },
      ['twilio-account', 'public-url'],
      /TWILIO_AUTH_TOKEN is not the auth token.*An API key does not replace it/,
    );
  });

  it.each<[string, Partial<AccountProfile>, string, RegExp]>([
    ['the account is suspended', { status: 'suspended' }, 'twilio-account', /is suspended.*unpaid balance/],
    [
      'a trial account without a verified number',
      { type: 'Trial' },
      'twilio-account',
      /no number is verified/,
    ],
    [
      'the caller id is not owned',
      { phoneNumbers: ['+12025550100'] },
      'caller-id',
      /neither a number nor a verified caller id.*TWILIO_FROM/,
    ],
    [
      'a country is closed',
      { closedCountries: ['DE'] },
      'geo-permission-DE',
      /Germany \(DE\).*21215.*Geo permissions/,
    ],
    [
      'a country of a prefix is closed',
      { closedCountries: ['GB'] },
      'geo-permission-+44',
      /United Kingdom \(GB\)/,
    ],
  ])('%s: says so', async (_, account, name, texts) => {
    await expectFault(await simulatorWith(account), [name], texts);
  });

  it('a trial account with a verified number, which is the caller id: fine, with its limits', async () => {
    const account = await simulatorWith({ type: 'Trial', callerIds: [from], phoneNumbers: [] });
    const report = await examine(account);
    expect(faultsOf(report)).toEqual([]);
    const messages = report.checks.map(({ message }) => message).join('\n');
    expect(messages).toMatch(/calls only verified numbers.*10 minutes.*Verified: \+15005550006/);
    expect(messages).toContain('+15005550006 is a verified caller id');
  });

  it.each<[string, number, object, RegExp]>([
    ['test credentials', 403, { code: 20008, message: 'no' }, /test credentials.*live credentials/],
    ['a key without rights', 403, { code: 70051, message: 'no' }, /403, 70051.*right to read/],
    ['an outage', 503, {}, /503.*status\.twilio\.com/],
  ])('%s: says so', async (_, status, body, texts) => {
    twilioProxy.meddling = { answer: { status, body: JSON.stringify(body) } };
    const others = status === 503 ? afterCredentials.slice(0, 3) : afterCredentials.slice(0, 3);
    await expectFault({}, ['twilio-credentials', ...others, ...countries], texts);
  });

  it("Twilio's clock differs by a minute: says by how much", async () => {
    twilioProxy.meddling = { headers: { date: new Date(Date.now() + 60_000).toUTCString() } };
    await expectFault({}, ['clock-twilio'], /(59|60|61) s behind that of Twilio.*Synchronize/);
  });
});

describe('public URL', () => {
  it.each<[string, Parameters<typeof Object.assign>[0], RegExp]>([
    [
      'a proxy that does not remove its prefix',
      { target: (target: string) => `/calls-api${target}` },
      /under another path: \/twilio\/status\/ringtrue-doctor\/1 arrived as \/calls-api\/twilio/,
    ],
    [
      'a proxy that writes the path anew',
      { target: (target: string) => target.replace('/twilio', '//twilio') },
      /path.*arrived as/,
    ],
    [
      'a proxy that adds a query',
      { target: (target: string) => `${target}?via=proxy` },
      /changes the query.*\?via=proxy/,
    ],
    [
      'a proxy that changes the body',
      { body: (body: string) => `${body}&Tracking=1` },
      /changes the body \(Tracking\)/,
    ],
    [
      'a redirect to https',
      {
        answer: {
          status: 301,
          headers: { location: 'https://calls.example.com/twilio/status/ringtrue-doctor/1' },
        },
      },
      /redirects callbacks \(301\).*RINGTRUE_PUBLIC_URL=https:\/\/calls\.example\.com,/,
    ],
    [
      'another website',
      { answer: { status: 200, body: '<html>' } },
      /not a ringtrue API \(it answered 200\)/,
    ],
    [
      'a proxy without an API behind it',
      { answer: { status: 502 } },
      /does not reach the API behind it \(502\)/,
    ],
    ['a login page', { answer: { status: 401 } }, /refuses the probe \(401\).*without a login/],
    [
      'a port that speaks https',
      { answer: { status: 400, body: 'The plain HTTP request was sent to HTTPS port' } },
      /http and https are mixed up.*RINGTRUE_PUBLIC_URL=https:/,
    ],
  ])('%s: says which', async (_, meddling, texts) => {
    proxy.meddling = meddling;
    await expectFault({}, ['public-url'], texts);
  });

  it.each<[string, (url: string) => string, RegExp]>([
    [
      'https to a port that speaks http',
      (url) => url.replace('http:', 'https:'),
      /http and https are mixed up/,
    ],
    ['a host without an address', () => 'http://nowhere.invalid', /has no address/],
    ['a port on which nothing listens', () => 'http://127.0.0.1:1', /cannot be reached/],
    [
      'another name of the same machine',
      (url) => url.replace('127.0.0.1', 'localhost'),
      /verifies signatures for another URL/,
    ],
  ])('%s: says so', async (_, change, texts) => {
    const changed = change(env.RINGTRUE_PUBLIC_URL ?? '');
    await expectFault(
      { RINGTRUE_PUBLIC_URL: changed, RINGTRUE_API_TOKENS: 'a'.repeat(20) },
      ['public-url'],
      texts,
    );
  });

  it('a certificate that nobody trusts: says so', async () => {
    const { certificate, key } = makeCertificates();
    const files = { cert: readFileSync(certificate), key: readFileSync(key) };
    const server = createHttpsServer(files, (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.unshift(async () => server.close());
    const { port } = server.address() as AddressInfo;
    await expectFault(
      { RINGTRUE_PUBLIC_URL: `https://127.0.0.1:${port}`, RINGTRUE_API_TOKENS: 'a'.repeat(20) },
      ['public-url'],
      /a certificate that is not trusted \([A-Z_]+\).*public authority/,
    );
  });

  it('an API with another auth token, and one without a public URL: says which', async () => {
    const other = await apiAt(0, env.RINGTRUE_PUBLIC_URL ?? '', ['another token']);
    const none = await apiAt(0, null, [authToken]);
    const at = ({ port }: HttpServer) => ({ RINGTRUE_PUBLIC_URL: `http://127.0.0.1:${port}` });
    await expectFault(at(other), ['public-url'], /another auth token.*same TWILIO_AUTH_TOKEN/);
    await expectFault(at(none), ['public-url'], /runs with RINGTRUE_PUBLIC_URL=none/);
    expect(faultsOf(await examine({ RINGTRUE_PUBLIC_URL: 'none' }))).toEqual([]);
  });

  it('whoever does not know the auth token gets no answer to a probe', async () => {
    const body = new URLSearchParams({ RingtrueProbe: `${'n'.repeat(20)}.${'A'.repeat(43)}` });
    const answer = await fetch(`${proxy.url}/twilio/status/ringtrue-doctor/1`, { method: 'POST', body });
    expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
      status: 403,
      type: 'application/problem+json',
    });
  });
});

describe('Temporal', () => {
  const attributes = ['To', 'State', 'Outcome', 'CallSid', 'ErrorCode', 'Attempts', 'Batch'].map(
    (name) => `Ringtrue${name}`,
  );
  const queues = ['', '-read', '-notify', '-dial'].map(
    (suffix) => (queue: string) => `worker ${queue}${suffix}`,
  );
  const workersOf = (queue: string) => queues.map((name) => name(queue));

  it('no worker: each task queue that nobody polls has a line', () =>
    expectFault(
      { RINGTRUE_TASK_QUEUE: 'nobody' },
      workersOf('nobody') as [string],
      /No worker polls the task queue nobody.*Start `ringtrue worker`/,
    ));

  it('no worker, and dialing is paused: no worker needs to poll for placements', async () => {
    await store.pauseDialing({ accountSid, reason: 'lunch' });
    const report = await examine({ RINGTRUE_TASK_QUEUE: 'nobody' });
    await store.resumeDialing({ accountSid });
    expect(faultsOf(report)).toEqual(workersOf('nobody').filter((name) => !name.endsWith('-dial')));
    const dial = report.checks.find(({ name }) => name === 'worker nobody-dial');
    expect(dial?.message).toMatch(/for now, because dialing is paused since \S+ \(lunch\)/);
  });

  it('a namespace without search attributes, with one of a wrong type, and a short retention: names each', async () => {
    const namespace = `doctor-${randomUUID()}`;
    const { connection } = bench.client;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 3600 as never },
    });
    const add = () =>
      connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: { RingtrueTo: encodeSearchAttributeIndexedValueType('TEXT') ?? 0 },
      });
    await expect
      .poll(
        () =>
          add().then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    const report = await examine({ TEMPORAL_NAMESPACE: namespace });
    expect(faultsOf(report)).toEqual(['temporal-retention', ...attributes, ...workersOf(bench.taskQueue)]);
    const texts = (name: string) => {
      const found = report.checks.find((check) => check.name === name);
      return `${found?.message} ${found?.fix}`;
    };
    expect(texts('RingtrueTo')).toMatch(/RingtrueTo of another type than Keyword/);
    expect(texts('RingtrueErrorCode')).toContain(
      `--namespace ${namespace} --name RingtrueErrorCode --type Int`,
    );
    expect(texts('temporal-retention')).toMatch(/1 hours.*namespace update/);
  }, 60_000);

  it('the namespace does not exist: says how to create it', () =>
    expectFault(
      { TEMPORAL_NAMESPACE: 'nowhere' },
      ['temporal', 'temporal-retention', ...attributes, ...workersOf(bench.taskQueue), 'clock-temporal'],
      /has no namespace nowhere.*namespace create --namespace nowhere/,
    ));
});

describe('store', () => {
  async function admin(url: string, ...statements: string[]): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }

  it('a database without tables: says to run setup', async () => {
    const empty = await newDatabase(inject('databaseUrl'));
    await expectFault(
      { DATABASE_URL: empty },
      ['store-schema', 'notifications'],
      /no tables yet.*ringtrue setup/,
    );
  });

  it('a schema of a newer ringtrue, and other functions: says so', async () => {
    const own = await newDatabase(inject('databaseUrl'));
    await (await openStore({ databaseUrl: own })).close();
    await admin(own, "update ringtrue_functions set hash = 'other'");
    await expectFault({ DATABASE_URL: own }, ['store-schema'], /other functions.*ringtrue setup/);
    await admin(own, "insert into ringtrue_migrations values (99, 'later')");
    await expectFault(
      { DATABASE_URL: own },
      ['store-schema', 'notifications'],
      /schema version 99, of a newer/,
    );
  });

  it('a role without rights: says what to grant', async () => {
    const own = await newDatabase(inject('databaseUrl'));
    const role = `reader_${randomUUID().slice(0, 8)}`;
    await admin(own, `create role ${role} login`);
    const url = new URL(own);
    url.username = role;
    await expectFault(
      { DATABASE_URL: url.href },
      ['store-rights', 'store-schema', 'notifications'],
      new RegExp(`GRANT USAGE, CREATE ON SCHEMA public TO ${role};`),
    );
    await (await openStore({ databaseUrl: own })).close();
    await admin(own, `grant select on all tables in schema public to ${role}`);
    const found = (await examine({ DATABASE_URL: url.href })).checks.find(
      ({ name }) => name === 'store-rights',
    );
    expect(found?.message).toContain(`ringtrue_migrations`);
    expect(found?.fix).toContain(`TO ${role}`);
    await admin(own, `drop owned by ${role}`, `drop role ${role}`);
  });

  it('servers that accept connections and never answer: the report is there in time', async () => {
    const port = (silent.address() as AddressInfo).port;
    const startedAt = performance.now();
    const report = await examine(
      {
        DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing`,
        TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
        RINGTRUE_PUBLIC_URL: `http://127.0.0.1:${port}`,
        TWILIO_BASE_URL: `http://127.0.0.1:${port}`,
      },
      1500,
    );
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(report.checks.filter(({ ok }) => ok).map(({ name }) => name)).toEqual(['configuration']);
    expect(report.checks.find(({ name }) => name === 'store')?.message).toContain('no answer within 1.5 s');
    faultsOf(report);
  });

  it('a receiver refused notifications: names its host and why', async () => {
    const payload = { specversion: '1.0' } as never;
    const notification = { callId: 'call-1', id: 'msg_1', type: 'call.ended' as const, payload };
    const url = 'https://hooks.example.com/calls?secret=x';
    await store.saveDeadLetter({
      id: 'msg_1',
      notification: { ...notification, url },
      error: 'answered 410',
    });
    await expectFault(
      {},
      ['notifications'],
      /1 of the.*hooks\.example\.com 1 \(answered 410\).*resend --all/,
    );
    await store.markDeadLetterDelivered('msg_1');
  });
});

describe('ringtrue call', () => {
  it('no worker runs: says so, and what to do', async () => {
    const port = await freePort('127.0.0.1');
    await apiAt(port, null, [authToken], 'nobody');
    const process = new RingtrueProcess(['call', '+15005551200', '--say', 'x'], {
      RINGTRUE_API_URL: `http://127.0.0.1:${port}`,
    });
    expect((await process.ended).status).toBe(0);
    expect(process.stderr).toMatch(/does not ring: no worker answers.*ringtrue worker.*ringtrue doctor/);
    const [callId = ''] = process.stdout.split('\n');
    await bench.client.workflow.getHandle(callId).terminate();
  });

  it.each<[Hindrance['by'], Hindrance, RegExp]>([
    ['paused', { by: 'paused', reason: 'lunch' }, /paused it \(lunch\)\. `ringtrue dialing resume`/],
    ['breaker', { by: 'breaker', reason: null }, /circuit breaker to close\. `ringtrue dialing` shows/],
    ['calling-window', { by: 'calling-window', until: '2040-01-01T08:00:00Z' }, /open at 2040.*--urgent/],
    ['store', { by: 'store', why: 'away' }, /outcome store.*ringtrue doctor/],
    [
      'rate-limit',
      { by: 'rate-limit', callsPerSecond: 1, until: '2040-01-01T08:00:00Z' },
      /the rate limit: 1 calls per second\.$/,
    ],
  ])('a call waits for %s: says so, and what to do', (_, hindrance, texts) => {
    expect(whyNotRinging(waiting(hindranceMessage(hindrance)))).toMatch(texts);
  });

  it('a call rings, is over, or waits to retry: says nothing', () => {
    for (const state of ['ringing', 'in-progress', 'queued', 'waiting-to-retry', 'done'] as const)
      expect(whyNotRinging({ ...waiting('a status callback'), state })).toBeNull();
    expect(whyNotRinging(waiting('the Twilio account to be fixed (20003: Authenticate)'))).toContain(
      'ringtrue doctor',
    );
    expect(whyNotRinging(waiting('somebody to resume the call'))).toContain('`ringtrue resume call-1`');
  });

  const waiting = (waitingFor: string) =>
    ({ callId: 'call-1', outcome: null, state: 'waiting', waitingFor }) as unknown as CallState;
});

it.each<[number | null, RegExp | null]>([
  [null, null],
  [4, null],
  [-7, /7 s ahead of that of the database/],
  [3600, /3600 s behind that of the database/],
])('a clock that is %s seconds ahead: judged so', async (ahead, texts) => {
  const [check] = clockChecks([{ name: 'clock', whose: 'the database', ahead: async () => ahead }]);
  if (!check) throw new Error('There is no check.');
  const { ok, message } = await resultOf(check, 1000);
  expect(ok).toBe(texts === null);
  if (texts !== null) expect(message).toMatch(texts);
});
