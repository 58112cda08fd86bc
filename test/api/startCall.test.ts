import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { idOfKey } from '../../src/api/http/idempotencyKey.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import { useCallBench } from '../support/useCallBench.js';
import { eventually, problem, publicUrl, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context);
const request = () => ({ to: context.to, twiml: '<Response/>', notBefore: inOneHour() });
const inOneHour = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000).toISOString();
const json = { 'Content-Type': 'application/json' };

describe('a valid request', () => {
  it('valid request: 202 with id, run and URL', async () => {
    const answer = await api.post('/calls', request());
    expect(answer.status).toBe(202);
    const { callId, runId, url } = answer.json;
    expect(callId).toMatch(/^call-[0-9a-f-]{36}$/);
    expect(url).toBe(`${publicUrl}/calls/${callId}`);
    expect(answer.headers.location).toBe(url);
    const description = await context.bench.client.workflow.getHandle(callId).describe();
    expect(description.runId).toBe(runId);
  });

  it('workflow of the call: has the request as sent, search attributes, and a masked summary', async () => {
    const sent = { ...request(), retry: { maxAttempts: 2 } };
    const {
      json: { callId },
    } = await api.post('/calls', sent);
    const handle = context.bench.client.workflow.getHandle(callId);
    const description = await handle.describe();
    expect(description.type).toBe('outboundCall');
    expect(description.searchAttributes.RingtrueTo).toEqual([context.to]);
    expect(description.searchAttributes.RingtrueState).toHaveLength(1);
    expect(await description.staticSummary()).toBe(
      `Call to ${context.to.slice(0, 5)}•••${context.to.slice(-4)}`,
    );
    const { events } = await handle.fetchHistory();
    const data = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    expect(JSON.parse(Buffer.from(data ?? []).toString())).toEqual(sent);
  });

  it('metric of started calls: does not count a repeated key', async () => {
    const started = async () =>
      (await api.metrics.getSingleMetric('ringtrue_calls_started_total')?.get())?.values[0]?.value ?? 0;
    const before = await started();
    const key = { 'Idempotency-Key': randomUUID() };
    const body = request();
    await api.post('/calls', body, key);
    await api.post('/calls', body, key);
    expect(await started()).toBe(Number(before) + 1);
  });
});

describe('the same Idempotency-Key', () => {
  it('call id: call- and the SHA-256 of the key', async () => {
    const key = `order 4711 ${randomUUID()}`;
    const answer = await api.post('/calls', request(), { 'Idempotency-Key': key });
    expect(answer.json.callId).toBe(`call-${createHash('sha256').update(key).digest('hex')}`);
  });

  it('same body with fields in another order: 200 and the same call', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = { ...request(), metadata: { a: '1', b: '2' } };
    const first = await api.post('/calls', body, key);
    const reordered = {
      metadata: { b: '2', a: '1' },
      notBefore: body.notBefore,
      twiml: body.twiml,
      to: body.to,
    };
    const second = await api.post('/calls', reordered, key);
    expect([first.status, second.status]).toEqual([202, 200]);
    expect(second.json).toEqual(first.json);
    expect(second.headers.location).toBe(first.headers.location);
  });

  it('another body: 409, and nothing is started', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = request();
    const {
      json: { callId },
    } = await api.post('/calls', body, key);
    const answer = await api.post('/calls', { ...body, ringTimeoutSeconds: 31 }, key);
    expect(answer.json).toMatchObject({ ...problem('key-reused', 409), callId });
  });

  it('fifty requests at once: one call, one 202 and 49 times 200', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = request();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post('/calls', body, key)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([...Array(49).fill(200), 202]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('call is over: the key still names it', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = request();
    const first = await api.post('/calls', body, key);
    await api.post(`/calls/${first.json.callId}/cancel`);
    await context.bench.client.workflow.getHandle(first.json.callId).result();
    const again = await api.post('/calls', body, key);
    expect(again).toMatchObject({ status: 200, json: first.json });
  });

  it('Temporal has forgotten the workflow: the record answers, nothing is dialed again', async () => {
    const body = { ...request(), metadata: { order: '1' } };
    const { json } = await api.post('/calls', body);
    await api.post(`/calls/${json.callId}/cancel`);
    const outcome = await context.bench.client.workflow.getHandle(json.callId).result();
    const key = randomUUID();
    const callId = idOfKey('call', key);
    await context.store.saveOutcome({ ...outcome, callId });

    const again = await api.post('/calls', body, { 'Idempotency-Key': key });
    const url = `${publicUrl}/calls/${callId}`;
    expect(again).toMatchObject({ status: 200, json: { callId, runId: null, url } });
    const other = { ...body, metadata: { order: '2' } };
    const refused = await api.post('/calls', other, { 'Idempotency-Key': key });
    expect(refused).toMatchObject({ status: 409, json: problem('key-reused', 409) });
  });

  it('Temporal has forgotten the call: the stored request is compared, except a policy by name', async () => {
    const sent = { ...request(), retry: 'thrice' };
    const { json } = await api.post('/calls', sent);
    await api.post(`/calls/${json.callId}/cancel`);
    const outcome = await context.bench.client.workflow.getHandle(json.callId).result();
    const key = randomUUID();
    const callId = idOfKey('call', key);
    const { to, from, metadata, startedAt } = outcome;
    const frozen = { maxAttempts: 2, retryOn: ['busy' as const] } as RetryPolicy;
    await context.store.addCall({
      callId,
      to,
      from,
      metadata,
      startedAt,
      request: { ...sent, retry: frozen },
    });
    await context.store.saveOutcome({ ...outcome, callId });

    const again = (differing: object) =>
      api.post('/calls', { ...sent, ...differing }, { 'Idempotency-Key': key });
    expect(await again({})).toMatchObject({ status: 200, json: { callId, runId: null } });
    expect((await again({ retry: frozen })).status).toBe(200);
    for (const other of [
      { twiml: '<Response><Hangup/></Response>' },
      { maxDurationSeconds: 5 },
      { retry: { ...frozen, maxAttempts: 3 } },
    ])
      expect((await again(other)).status, JSON.stringify(other)).toBe(409);
  });

  it.each([
    ['empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a character outside ASCII', 'schlüssel'],
    ['with a tab', 'a\tb'],
  ])('%s: 422', async (_, key) => {
    const answer = await api.post('/calls', request(), { 'Idempotency-Key': key });
    expect(answer.json).toMatchObject({
      ...problem('invalid-request', 422),
      faults: [
        {
          path: 'Idempotency-Key',
          message: expect.stringContaining('must be 1..255 printable ASCII characters'),
        },
      ],
    });
  });

  it.each([['x'], ['k'.repeat(255)], ['~ !"§'.replace('§', '#')]])('%s is a key', async (key) => {
    const answer = await api.post('/calls', request(), { 'Idempotency-Key': key });
    expect([200, 202, 409]).toContain(answer.status);
  });
});

describe('giveUpAt', () => {
  it('giveUpAt has passed: 422', async () => {
    const answer = await api.post('/calls', {
      to: context.to,
      twiml: '<Response/>',
      giveUpAt: '2020-01-01T00:00:00Z',
    });
    expect(answer.json).toMatchObject({
      ...problem('invalid-request', 422),
      faults: [
        { path: 'giveUpAt', message: 'is "2020-01-01T00:00:00Z", which has passed; must lie in the future' },
      ],
    });
  });

  it('giveUpAt has passed when the key is repeated: the key still names its call', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const giveUpAt = new Date(Date.now() + 1000);
    const body = { ...request(), notBefore: undefined, giveUpAt: giveUpAt.toISOString() };
    const first = await api.post('/calls', body, key);
    await eventually(
      async () => Date.now(),
      (now) => now > giveUpAt.getTime(),
    );
    const again = await api.post('/calls', body, key);
    expect([first.status, again.status]).toEqual([202, 200]);
    const neverStarted = await api.post('/calls', body, { 'Idempotency-Key': randomUUID() });
    expect(neverStarted.status).toBe(422);
  });
});

describe('unusable request: nothing is started', () => {
  it('a wrong field, and settings that rule the others out: one 422 names all faults', async () => {
    const { settings } = context.bench;
    const usual = { ...settings };
    Object.assign(settings, {
      destinations: { countries: ['US'], prefixes: [] },
      notify: { ...settings.notify, allowPrivate: false },
    });
    const faulty = {
      to: '+881612345678',
      priority: 9,
      callingWindow: { start: '09:00', end: '17:00' },
      notifyUrl: 'http://0x7f.1/hook',
      eligibilityUrl: 'http://crm.localhost./eligible',
      twiml: '<Response/>',
    };
    const paths = ['callingWindow.timeZone', 'eligibilityUrl', 'notifyUrl', 'priority', 'to'];
    const pathsOf = (faults: { path: string }[]) => faults.map(({ path }) => path).sort();
    const answer = await api.post('/calls', faulty);
    expect(answer).toMatchObject({ status: 422 });
    expect(pathsOf(answer.json.faults)).toEqual(paths);
    const batch = await api.post('/batches', { calls: [faulty] });
    expect(pathsOf(batch.json.faults)).toEqual(paths);
    const { priority: _, callingWindow: _window, to: _to, ...urls } = faulty;
    const dryRun = await api.post('/calls?dryRun=true', { ...urls, to: '+12085551234' });
    expect(dryRun).toMatchObject({
      status: 422,
      json: { faults: [{ path: 'notifyUrl' }, { path: 'eligibilityUrl' }] },
    });
    Object.assign(settings, usual);
    const { json } = await api.post('/calls', { ...request(), notifyUrl: faulty.notifyUrl });
    expect(json.callId).toBeDefined();
    // A faulty window of its own: the operator's says nothing.
    settings.callingWindow = { start: '09:00', end: '17:00' };
    const own = await api.post('/calls', { ...request(), to: faulty.to, callingWindow: { start: '9' } });
    expect(pathsOf(own.json.faults)).toEqual(['callingWindow.end', 'callingWindow.start']);
    Object.assign(settings, usual);
  });

  it('body, key and giveUpAt are wrong: one 422 names all faults', async () => {
    const body = { to: 'x', twiml: '', giveUpAt: '2020-01-01T00:00:00Z', frm: 1 };
    const answer = await api.post('/calls', body, { 'Idempotency-Key': '' });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json.faults.map(({ path }: { path: string }) => path)).toEqual([
      'to',
      'twiml',
      'frm',
      'Idempotency-Key',
      'giveUpAt',
    ]);
  });

  it.each<[string, number, string, Record<string, string>, string | Uint8Array]>([
    ['not JSON', 400, 'not-json', json, '{"to":'],
    ['no body', 400, 'not-json', json, ''],
    ['not UTF-8', 400, 'not-json', json, Uint8Array.of(0x22, 0xff, 0x22)],
    ['no content type', 415, 'unsupported-media-type', {}, '{}'],
    [
      'a form',
      415,
      'unsupported-media-type',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      'to=x',
    ],
    ['JSON but no object', 422, 'invalid-request', json, '[]'],
    ['more than 64 KiB', 413, 'too-large', json, JSON.stringify({ to: 'x'.repeat(65_536) })],
  ])('%s: %i', async (_, status, name, headers, body) => {
    const answer = await api.send({ method: 'POST', path: '/calls', headers, body });
    expect(answer).toMatchObject({ status, json: problem(name, status) });
    expect(answer.json.detail).toMatch(/\w+/);
  });

  it('more than 64 KiB without Content-Length: 413', async () => {
    const answer = await api.send({
      method: 'POST',
      path: '/calls',
      headers: json,
      body: ' '.repeat(70_000),
      chunked: true,
    });
    expect(answer.status).toBe(413);
  });

  it.each([['application/json; charset=utf-8'], ['application/vnd.call+json'], ['Application/JSON']])(
    '%s is JSON too',
    async (type) => {
      const answer = await api.post('/calls', request(), { 'Content-Type': type });
      expect(answer.status).toBe(202);
    },
  );
});
