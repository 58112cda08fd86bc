import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openStoreLazily } from '../../activities/store/openStore.js';
import { freePort } from '../../src/process/freePort.js';
import { useCallBench } from '../support/useCallBench.js';
import { problem, useApi } from './useApi.js';

const context = useCallBench();
let nowhere = 0;
let unreachableTemporal: Client;
let unreachableStore: ReturnType<typeof openStoreLazily>;

beforeAll(async () => {
  nowhere = await freePort('127.0.0.1');
  unreachableTemporal = new Client({ connection: Connection.lazy({ address: `127.0.0.1:${nowhere}` }) });
  unreachableStore = openStoreLazily({ databaseUrl: `postgres://nobody@127.0.0.1:${nowhere}/nothing` });
});
afterAll(async () => {
  await unreachableTemporal.connection.close();
  await unreachableStore.close();
});

const request = () => ({ to: context.to, twiml: '<Response/>' });
const later = () => new Date(Date.now() + 3_600_000).toISOString();

describe.concurrent('Temporal is not available', () => {
  const api = useApi(context, () => ({ temporal: unreachableTemporal }));
  const unavailable = {
    status: 503,
    json: problem('temporal-unavailable', 503),
    headers: { 'retry-after': '5' },
  };

  it('POST /calls: 503 within seconds, says to look for the call before a repeat', async () => {
    const answer = await api.post('/calls', request());
    expect(answer).toMatchObject(unavailable);
    expect(answer.json.detail).toContain('Look for callId before you send the request again');
    expect(answer.json.callId).toMatch(/^call-/);
  });

  it('POST /calls with a key: 503, says that a repeat is safe', async () => {
    const answer = await api.post('/calls', request(), { 'Idempotency-Key': randomUUID() });
    expect(answer).toMatchObject(unavailable);
    expect(answer.json.detail).toContain('again with the same Idempotency-Key');
  });

  it('status callback: 503, so that Twilio tries again', async () => {
    const answer = await api.callback(`/twilio/status/call-${randomUUID()}/1`, { CallStatus: 'busy' });
    expect(answer).toMatchObject(unavailable);
  });

  it('forged callback: 403', async () => {
    expect((await api.post('/twilio/status/call-1/1')).status).toBe(403);
  });

  it('GET of a recorded call: the record, stale', async () => {
    const callId = `call-${randomUUID()}`;
    const row = { callId, to: '+15005550177', from: '+15005550006', metadata: {}, startedAt: later() };
    await context.store.addCall(row);
    expect(await api.get(`/calls/${callId}`)).toMatchObject({ status: 200, json: { callId, stale: true } });
  });

  it('GET of a call without a record: 503, because it may exist', async () => {
    expect(await api.get(`/calls/call-${randomUUID()}?wait=60`)).toMatchObject(unavailable);
  });

  it.each([
    ['cancel', undefined],
    ['retry', undefined],
    ['pause', undefined],
    ['resume', undefined],
    ['reschedule', { at: '2099-01-01T00:00:00Z' }],
  ])('%s: 503', async (verb, body) => {
    expect(await api.post(`/calls/call-${randomUUID()}/${verb}`, body)).toMatchObject(unavailable);
  });

  it('GET /calls: served from the store', async () => {
    expect((await api.get('/calls?limit=1')).status).toBe(200);
  });
});

describe('the namespace does not exist', () => {
  const api = useApi(context, () => ({
    temporal: new Client({ connection: context.bench.client.connection, namespace: 'nowhere' }),
  }));

  it('every request about a call: 503, never 404', async () => {
    const callId = `call-${randomUUID()}`;
    const answers = [
      await api.post('/calls', request()),
      await api.get(`/calls/${callId}`),
      await api.post(`/calls/${callId}/cancel`),
      await api.callback(`/twilio/status/${callId}/1`, { CallStatus: 'busy' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  });
});

describe('the database has a schema of a newer ringtrue', () => {
  const databaseUrl = new URL(inject('databaseUrl'));
  databaseUrl.pathname = `/newer_${randomUUID().replaceAll('-', '')}`;
  const store = openStoreLazily({ databaseUrl: databaseUrl.href });
  const api = useApi(context, () => ({ store }));

  beforeAll(async () => {
    await run(inject('databaseUrl'), `create database ${databaseUrl.pathname.slice(1)}`);
    await run(
      databaseUrl.href,
      `create table ringtrue_migrations (version integer, name text);
       insert into ringtrue_migrations values (99, 'newer')`,
    );
  });
  afterAll(async () => {
    await store.close();
    await run(inject('databaseUrl'), `drop database ${databaseUrl.pathname.slice(1)} with (force)`);
  });

  it('GET /calls: 503 with the sentence that says so', async () => {
    const answer = await api.get('/calls');
    expect(answer).toMatchObject({ status: 503, json: problem('store-unavailable', 503) });
    expect(answer.json.detail).toContain('schema version 99, written by a newer ringtrue');
  });
});

async function run(databaseUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

describe('Temporal is available again', () => {
  const refused = useApi(context, () => ({ temporal: unreachableTemporal }));
  const api = useApi(context);

  it('request repeated with its key: one call, whether or not the first one started it', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = { ...request(), notBefore: later() };
    expect((await refused.post('/calls', body, key)).status).toBe(503);
    expect((await api.post('/calls', body, key)).status).toBe(202);
    expect((await api.post('/calls', body, key)).status).toBe(200);
  });
});

describe('the outcome store is not available', () => {
  const api = useApi(context, () => ({ store: unreachableStore }));
  const withStore = useApi(context);
  const unavailable = { status: 503, json: problem('store-unavailable', 503) };
  const running = () => context.bench.start({ to: context.to, notBefore: later() });

  it('POST /calls: the call starts without the store', async () => {
    expect((await api.post('/calls', { ...request(), notBefore: later() })).status).toBe(202);
  });

  it('POST /calls with a new key: 503, because Temporal may have forgotten an older call', async () => {
    const answer = await api.post('/calls', request(), { 'Idempotency-Key': randomUUID() });
    expect(answer).toMatchObject(unavailable);
  });

  it('repeated key that Temporal still knows: 200', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = { ...request(), notBefore: later() };
    const first = await withStore.post('/calls', body, key);
    expect(await api.post('/calls', body, key)).toMatchObject({
      status: 200,
      json: { callId: first.json.callId },
    });
    expect((await api.post('/calls', { ...body, ringTimeoutSeconds: 9 }, key)).status).toBe(409);
  });

  it('running call: read, callback and cancel work', async () => {
    const { callId } = await running();
    expect((await api.get(`/calls/${callId}`)).json).toMatchObject({ callId, outcome: null });
    expect(
      (await api.callback(`/twilio/status/${callId}/1`, { CallSid: 'CA1', CallStatus: 'ringing' })).status,
    ).toBe(204);
    expect((await api.post(`/calls/${callId}/cancel`)).status).toBe(202);
  });

  it('read or callback of a call that Temporal does not know: 503, because it may be recorded', async () => {
    const callId = `call-${randomUUID()}`;
    expect(await api.get(`/calls/${callId}`)).toMatchObject(unavailable);
    expect(await api.callback(`/twilio/status/${callId}/1`, { CallStatus: 'busy' })).toMatchObject(
      unavailable,
    );
  });

  it('GET /calls: 503', async () => {
    expect(await api.get('/calls')).toMatchObject(unavailable);
  });

  it('progress callback: 204, and the log says that it was not stored', async () => {
    const { callId } = await running();
    const answer = await api.callback(`/twilio/status/${callId}/1`, {
      CallSid: 'CA1',
      CallStatus: 'ringing',
    });
    expect(answer.status).toBe(204);
    expect(api.logLines.some(({ msg }) => msg === 'the progress of a call was not stored')).toBe(true);
  });
});
