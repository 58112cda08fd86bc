import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { numberHiding } from '../../src/encryption/numberHiding.js';
import { eraseNumber } from '../../src/removal/eraseNumber.js';
import { watchErasures } from '../../src/removal/watchErasures.js';
import { eventually, problem, useApi } from '../api/useApi.js';
import { callHandle } from '../support/callBench.js';
import { json, lookupAnswer } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';
import { bytesInTemporal, encryptionWith, newKey } from './testKeys.js';

const context = useCallBench({ callbackWaitSeconds: 60 }, { ownDatabase: true });
const encryption = encryptionWith(newKey('erasing'));
const api = useApi(context, () => ({ encryption }));
const [number, respelled, other] = ['+5215512345678', '+525512345678', '+12065550188'];
const silent = { info() {}, warn() {} };

/** Ends the call as Twilio would, and waits until it is over. */
async function answerCall(callId: string, to: string): Promise<void> {
  const call = callHandle(context.bench.client, callId);
  await vi.waitUntil(
    () =>
      call.handle.describe().then(
        () => true,
        () => false,
      ),
    10_000,
  );
  const { attempts } = await call.until((state) => state.state === 'queued');
  await call.callback(1, attempts[0]?.callSid as string, 'completed', { CallDuration: '3', To: to });
  await call.result();
}

/** What PostgreSQL has in any table, and Temporal in any workflow of this test. */
async function everything(): Promise<string> {
  const client = new pg.Client({ connectionString: context.databaseUrl });
  await client.connect();
  const { rows: tables } = await client.query(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  let text = '';
  for (const { name } of tables)
    text += JSON.stringify((await client.query(`select t::text from ${name} t`)).rows);
  await client.end();
  const { workflow } = context.bench.client;
  for await (const { workflowId } of workflow.list({ query: `TaskQueue = '${context.bench.taskQueue}'` }))
    text += (await bytesInTemporal(workflow.getHandle(workflowId))).toString('latin1');
  return text;
}

describe('the erasure of a number', () => {
  it('calls, a batch, notifications and an interrupted worker: in the end nothing of it is left', async () => {
    const { store, bench, twilio } = context;
    twilio.answerLookup = (to) =>
      json(200, lookupAnswer(to, to.startsWith('+52') ? { phone_number: '+525512345678' } : {}));
    const key = `key-${randomUUID()}`;
    const body = {
      to: number,
      twiml: '<Response><Say>Anna</Say></Response>',
      metadata: { name: 'Anna' },
      notifyUrl: 'http://127.0.0.1:9/anna',
    };
    const { callId } = (await api.post('/calls', body, { 'Idempotency-Key': key })).json;
    const call = callHandle(bench.client, callId);
    await call.until((state) => state.state === 'queued');

    const refused = await api.post('/erasures', { number });
    expect(refused.json).toMatchObject({ ...problem('erasure-conflict', 409), callIds: [callId] });
    expect(refused.json.detail).toContain(callId);
    await answerCall(callId, number);
    const batch = (
      await api.post('/batches', {
        defaults: { twiml: '<Response/>' },
        calls: [{ to: respelled }, { to: other }],
      })
    ).json;
    await answerCall(`${batch.batchId}-1`, respelled);
    await answerCall(`${batch.batchId}-2`, other);
    // A call that the store never knew, and that an encrypting client started.
    const stranger = await new Client({ connection: bench.client.connection }).workflow.start(
      'outboundCall',
      {
        workflowId: `call-${randomUUID()}`,
        taskQueue: `nobody-${randomUUID()}`,
        args: [body],
        typedSearchAttributes: [
          {
            key: defineSearchAttributeKey('RingtrueTo', SearchAttributeType.KEYWORD),
            value: numberHiding(encryption.keys)?.number(respelled) as string,
          },
        ],
      },
    );
    await stranger.terminate();
    await store.addToDoNotCall({ to: respelled, reason: '', expiresAt: null, source: 'api' });
    expect(await everything()).toMatch(/5512345678.*Anna/s);

    const accepted = await eventually(
      () => api.post('/erasures', { number: ' +52 1 55 1234 5678'.replaceAll(' ', '') }),
      ({ status }) => status === 202,
    );
    expect(accepted.json).toMatchObject({
      id: expect.stringMatching(/^erasure-/),
      state: 'running',
      finishedAt: null,
    });
    expect(accepted.text).not.toContain('5512345678');
    const parts = { store, temporal: bench.client, encryptionKeys: encryption.keys };
    // A worker that dies once it has begun to delete.
    const taken = await store.takeErasure(0);
    await expect(
      eraseNumber(parts, taken as { id: string; number: string }, async (what) => {
        if (what?.startsWith('Temporal')) throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const stop = new AbortController();
    const erasing = watchErasures({ ...parts, log: silent, signal: stop.signal, askEveryMs: 100 });
    const { id } = accepted.json;
    const done = await eventually(
      () => api.get(`/erasures/${id}`),
      ({ json: erasure }) => erasure.state === 'done',
    );
    stop.abort();
    await erasing;
    expect(done.json).toMatchObject({ workflows: expect.any(Number), waitingFor: null });
    expect(done.json.calls).toBeGreaterThanOrEqual(2);

    await expect(stranger.describe()).rejects.toThrow('not found');
    const left = (await everything()).match(/.{60}(5512345678|Anna|anna).{20}/g);
    expect(left).toEqual([expect.stringContaining(`(${respelled},`)]);
    expect((await api.get(`/calls/${callId}`)).json).toMatchObject(problem('call-removed', 410));
    expect((await api.post(`/calls/${callId}/cancel`)).json).toMatchObject(problem('call-removed', 410));
    const creates = twilio.creates.length;
    const again = await api.post('/calls', body, { 'Idempotency-Key': key });
    expect(again).toMatchObject({ status: 200, json: { callId, runId: null } });
    expect(twilio.creates).toHaveLength(creates);
    const { counts } = (await api.get(`/batches/${batch.batchId}`)).json;
    expect(counts).toMatchObject({ total: 2, done: 2, outcomes: { answered: 2 } });
    expect((await api.get(`/calls?to=%2B${other.slice(1)}`)).json.calls).toHaveLength(1);
    const log = JSON.stringify(api.logLines);
    expect(log).not.toMatch(/5512345678|Anna/);
  }, 60_000);

  it('a number that nobody knows: done at once; a body with faults: 422', async () => {
    expect((await api.post('/erasures', { number: '123' })).json.faults[0]).toMatchObject({ path: 'number' });
    expect((await api.post('/erasures', { to: number })).status).toBe(422);
    expect((await api.get('/erasures/erasure-x')).json).toMatchObject(problem('no-such-erasure', 404));
  });
});
