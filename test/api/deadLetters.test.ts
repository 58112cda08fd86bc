import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStoreLazily } from '../../activities/store/openStore.js';
import { freePort } from '../../src/process/freePort.js';
import { outcome, startReceiver } from '../activities/notifyBench.js';
import { useCallBench } from '../support/useCallBench.js';
import { problem, useApi } from './useApi.js';

const context = useCallBench();
let unreachable: Client;
let unreachableStore: ReturnType<typeof openStoreLazily>;
beforeAll(async () => {
  const nowhere = await freePort('127.0.0.1');
  unreachable = new Client({ connection: Connection.lazy({ address: `127.0.0.1:${nowhere}` }) });
  unreachableStore = openStoreLazily({ databaseUrl: `postgres://nobody@127.0.0.1:${nowhere}/nothing` });
});
afterAll(async () => {
  await unreachable.connection.close();
  await unreachableStore.close();
});

const api = useApi(context);
const secured = useApi(context, () => ({ apiTokens: ['the-right-token'] }));
const withoutTemporal = useApi(context, () => ({ temporal: unreachable }));
const withoutStore = useApi(context, () => ({ store: unreachableStore }));

async function addDeadLetter(callId: string, url = 'https://hooks.example/calls?token=x'): Promise<string> {
  const id = `msg_${randomUUID()}`;
  const notification = { callId, url, type: 'call.ended' as const, payload: { ...outcome, callId } };
  await context.store.saveDeadLetter({ id, notification, error: 'hooks.example answered 500' });
  return id;
}

describe('GET /dead-letters', () => {
  it('undelivered notifications of a call: newest first, in pages, with their URLs', async () => {
    const callId = `call ${randomUUID()}/+`;
    const ids = [
      await addDeadLetter(callId),
      await addDeadLetter(callId),
      await addDeadLetter(callId),
    ].reverse();
    await addDeadLetter('another');
    const path = `/dead-letters?callId=${encodeURIComponent(callId)}`;
    const first = await api.get(`${path}&limit=2`);
    expect(first.json.deadLetters).toMatchObject([
      { id: ids[0], callId, type: 'call.ended', url: 'https://hooks.example/calls?token=x', state: 'dead' },
      { id: ids[1], error: 'hooks.example answered 500', resends: 0, resentAt: null, deliveredAt: null },
    ]);
    const second = await api.get(`${path}&cursor=${first.json.nextCursor}`);
    expect(second.json).toMatchObject({ deadLetters: [{ id: ids[2] }], nextCursor: null });
    await context.store.markDeadLetterDelivered(ids[1] as string);
    expect((await api.get(`${path}&state=delivered`)).json.deadLetters).toMatchObject([
      { id: ids[1], state: 'delivered' },
    ]);
  });

  it.each([
    ['limit=0', 'limit', 'must be an integer 1..200'],
    ['limit=1&limit=2', 'limit', 'comes 2 times'],
    ['state=alive', 'state', 'must be one of dead, delivered'],
    ['callId=', 'callId', 'must be a call id'],
    ['cursor=x', 'cursor', 'which no page gave out'],
    ['to=x', 'to', 'is unknown; must be one of callId, state, limit, cursor'],
  ])('%s: 422, and what would be right', async (query, path, message) => {
    const answer = await api.get(`/dead-letters?${query}`);
    expect(answer).toMatchObject({ status: 422, json: problem('invalid-request', 422) });
    expect(answer.json.faults).toEqual([{ path, message: expect.stringContaining(message) }]);
  });
});

describe('POST /dead-letters/{id}/resend', () => {
  it('receiver is back: delivered under the same webhook-id; a second resend is 409', async () => {
    const receiver = await startReceiver();
    const id = await addDeadLetter(`call-${randomUUID()}`, receiver.origin);
    expect(await api.post(`/dead-letters/${id}/resend`)).toMatchObject({ status: 202, json: { id } });
    await context.bench.client.workflow.getHandle(`dead-letter:${id}`).result();
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([id]);
    const again = await api.post(`/dead-letters/${id}/resend`);
    expect(again).toMatchObject({ status: 409, json: problem('resend-conflict', 409) });
    expect(again.json.detail).toContain('The receiver accepted it at 20');
    expect(receiver.requests).toHaveLength(1);
  });

  it('resend already runs: 409, and no second one starts', async () => {
    const receiver = await startReceiver({ status: 503, headers: { 'retry-after': '3600' } });
    const id = await addDeadLetter(`call-${randomUUID()}`, receiver.origin);
    const answers = await Promise.all([1, 2, 3].map(() => api.post(`/dead-letters/${id}/resend`)));
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(['202', '409', '409']);
    expect((await context.store.findDeadLetter(id))?.letter).toMatchObject({ state: 'dead', resends: 1 });
    await context.bench.client.workflow.getHandle(`dead-letter:${id}`).terminate();
    expect((await api.post(`/dead-letters/${id}/resend`)).status).toBe(202);
    await context.bench.client.workflow.getHandle(`dead-letter:${id}`).terminate();
  });

  it.each(['msg_none', 'x%00y', '%ff'])('%s: 404', async (id) => {
    expect(await api.post(`/dead-letters/${id}/resend`)).toMatchObject({
      status: 404,
      json: problem('no-such-dead-letter', 404),
    });
  });
});

describe('dead letters and unavailable dependencies', () => {
  it.each([
    ['GET', '/dead-letters'],
    ['GET', '/dead-letters?callId=x'],
    ['POST', '/dead-letters/msg_1/resend'],
  ])('%s %s: needs a token, or this machine if no tokens are set', async (method, path) => {
    expect((await secured.send({ method, path })).status).toBe(401);
    const wrong = { Authorization: 'Bearer wrong' };
    expect((await secured.send({ method, path, headers: wrong })).status).toBe(401);
    const right = { Authorization: 'Bearer the-right-token' };
    expect([200, 404]).toContain((await secured.send({ method, path, headers: right })).status);
    const elsewhere = { Host: 'evil.example' };
    expect((await api.send({ method, path, headers: elsewhere })).status).toBe(403);
  });

  it('Temporal is not available: the list works, a resend is 503', async () => {
    const id = await addDeadLetter(`call-${randomUUID()}`);
    expect((await withoutTemporal.get('/dead-letters?limit=1')).status).toBe(200);
    expect(await withoutTemporal.post(`/dead-letters/${id}/resend`)).toMatchObject({
      status: 503,
      json: problem('temporal-unavailable', 503),
    });
  });

  it('store is not available: list and resend are 503', async () => {
    for (const answer of [
      await withoutStore.get('/dead-letters'),
      await withoutStore.post('/dead-letters/msg_1/resend'),
    ])
      expect(answer).toMatchObject({ status: 503, json: problem('store-unavailable', 503) });
  });
});
