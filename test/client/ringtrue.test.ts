import { randomUUID } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConnectionError,
  NoOutcomeError,
  type Notification,
  ProblemError,
  Ringtrue,
  WaitTimeoutError,
  webhooks,
} from '../../src/client/ringtrue.js';
import { startReceiver } from '../activities/notifyBench.js';
import { useEndToEndStack } from '../endToEnd/useEndToEndStack.js';
import { until } from '../support/ringtrueProcess.js';
import { type CuttingProxy, startCuttingProxy } from './cuttingProxy.js';

const stack = useEndToEndStack({}, 20);
const twiml = '<Response/>';
const busy = '+15005552486';
let proxy: CuttingProxy;
let ringtrue: Ringtrue;

beforeAll(async () => {
  proxy = await startCuttingProxy(stack.apiUrl);
  ringtrue = new Ringtrue({ baseUrl: `${proxy.url}/` });
});
afterAll(() => proxy.shut());

let next = 0;
/** A human answers; no other test calls it. */
const freshNumber = () => `+1202555${String(1000 + next++)}`;

describe.concurrent('calls', () => {
  it('a waiting call: each control does what the API does', async () => {
    const at = '2040-01-31T09:00:00Z';
    const { callId } = await ringtrue.calls.create({ to: freshNumber(), twiml, notBefore: at });
    await ringtrue.calls.pause(callId, { reason: 'repair' });
    expect(await ringtrue.calls.get(callId)).toMatchObject({ paused: true, pauseReason: 'repair' });
    await ringtrue.calls.resume(callId);
    await until(async () => (await ringtrue.calls.get(callId)).state === 'waiting');
    await ringtrue.calls.reschedule(callId, { at: new Date('2041-01-31T09:00:00Z') });
    expect(await ringtrue.calls.get(callId)).toMatchObject({
      state: 'waiting',
      nextAttemptAt: '2041-01-31T09:00:00.000Z',
    });
    const refusal = ringtrue.calls.retry(callId);
    await expect(refusal).rejects.toMatchObject({ status: 409, mayBeDone: false });
    await ringtrue.calls.cancel(callId, { reason: 'enough' });
    expect(await ringtrue.calls.waitForOutcome(callId)).toMatchObject({ outcome: 'canceled' });
  });

  it('a request with faults: an error with status, problem and every fault', async () => {
    const error = await ringtrue.calls.create({ to: '123', twiml: '<no' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      name: 'ProblemError',
      status: 422,
      problem: {
        type: 'urn:ringtrue:problem:invalid-request',
        faults: [{ path: 'to' }, { path: 'twiml' }],
      },
      message: expect.stringMatching(
        /^The request is not valid \(422\)\. .*\n {2}- to is "123".*\n {2}- twiml /,
      ),
    });
  });

  it('a key of your own: the same call again, and 409 for another request', async () => {
    const idempotencyKey = randomUUID();
    const request = { to: freshNumber(), twiml };
    const first = await ringtrue.calls.create(request, { idempotencyKey });
    const second = await ringtrue.calls.create(request, { idempotencyKey });
    expect([first.repeated, second.repeated, second.callId]).toEqual([false, true, first.callId]);
    await expect(
      ringtrue.calls.create({ ...request, lookup: 'off' }, { idempotencyKey }),
    ).rejects.toMatchObject({ status: 409, problem: { callId: first.callId } });
  });

  it('a dry run: what the API says, and nothing is dialed', async () => {
    const to = freshNumber();
    const dryRun = await ringtrue.calls.dryRun({ to, twiml });
    expect(dryRun).toMatchObject({ request: { to, ringTimeoutSeconds: 30 }, forbiddenBy: [] });
    expect(await stack.simulated(to)).toEqual([]);
  });

  it('no such call: 404, and not a long wait', async () => {
    await expect(ringtrue.calls.waitForOutcome('nothing')).rejects.toMatchObject({
      status: 404,
      problem: { type: 'urn:ringtrue:problem:no-such-call' },
    });
  });

  it('lists: an iterator reads every page, a page has a cursor', async () => {
    const list = randomUUID();
    const create = () => ringtrue.calls.create({ to: freshNumber(), twiml, metadata: { list } });
    const created = await Promise.all([create(), create(), create()]);
    await Promise.all(created.map(({ callId }) => ringtrue.calls.waitForOutcome(callId)));
    const filter = { metadata: { list }, limit: 2 };
    const found: string[] = [];
    for await (const call of ringtrue.calls.list(filter)) found.push(call.callId);
    expect(found.sort()).toEqual(created.map(({ callId }) => callId).sort());
    expect(await ringtrue.calls.page(filter)).toMatchObject({
      calls: [{}, {}],
      nextCursor: expect.any(String),
    });
    expect(await ringtrue.calls.list({ ...filter, outcome: 'busy' }).toArray()).toEqual([]);
  });

  it('the time is over: an error with the call id and the last state; the call goes on', async () => {
    const { callId } = await ringtrue.calls.create({
      to: freshNumber(),
      twiml,
      notBefore: '2040-01-31T09:00:00Z',
    });
    await until(async () => (await ringtrue.calls.get(callId)).state === 'waiting');
    const error = await ringtrue.calls
      .waitForOutcome(callId, { timeoutSeconds: 1 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ callId, state: 'waiting', status: null, problem: null });
    expect((error as Error).message).toMatch(
      /^The call call-\w+ was not over after 1 seconds\. Its last state was waiting, and it waits for /,
    );
  });

  it('the signal is aborted: the wait ends with its reason', async () => {
    const { callId } = await ringtrue.calls.create({
      to: freshNumber(),
      twiml,
      notBefore: '2040-01-31T09:00:00Z',
    });
    const abort = new AbortController();
    const waiting = ringtrue.calls.waitForOutcome(callId, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('the user left')), 200);
    await expect(waiting).rejects.toThrow('the user left');
    await expect(ringtrue.calls.get(callId, { signal: abort.signal })).rejects.toThrow('the user left');
  });

  it('a call without an outcome: an error that says why', async () => {
    const { callId } = await ringtrue.calls.create({
      to: freshNumber(),
      twiml,
      notBefore: '2040-01-31T09:00:00Z',
    });
    await stack.bench.client.workflow.getHandle(callId).terminate('a test');
    const error = await ringtrue.calls.waitForOutcome(callId).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoOutcomeError);
    expect(error).toMatchObject({ callId, message: expect.stringContaining('it was terminated') });
  });
});

describe('lost answers', () => {
  it('three answers to a create are lost: one call, rung once', async () => {
    const to = freshNumber();
    proxy.cutAnswers = 3;
    const created = await ringtrue.calls.create({ to, twiml });
    expect(proxy.cutAnswers).toBe(0);
    expect(created.repeated).toBe(false);
    expect(await ringtrue.calls.waitForOutcome(created.callId)).toMatchObject({ outcome: 'answered', to });
    expect(await stack.simulated(to)).toHaveLength(1);
  });

  it('answers to a batch and a redial are lost: one batch each', async () => {
    const name = `lost answers ${crypto.randomUUID()}`;
    proxy.cutAnswers = 2;
    const batch = await ringtrue.batches.create({
      name,
      defaults: { twiml },
      calls: [{ to: busy, allowParallel: true }],
    });
    expect(proxy.cutAnswers).toBe(0);
    await ringtrue.calls.waitForOutcome(`${batch.batchId}-1`);
    const query = { batch: batch.batchId, outcome: ['busy' as const] };
    expect(await ringtrue.redials.dryRun(query)).toMatchObject({ total: 1 });
    proxy.cutAnswers = 1;
    const redial = await ringtrue.redials.create({ ...query, name });
    proxy.cutAnswers = 1;
    const csv = await ringtrue.batches.createFromCsv(`to\n${busy}\n`, {
      name,
      defaults: { twiml },
      paused: true,
    });
    expect(new Set([batch.batchId, redial.batchId, csv.batchId]).size).toBe(3);
    // Other tests have batches too.
    const all = await ringtrue.batches.list().toArray();
    expect(all.filter((one) => one.name === name)).toHaveLength(3);
    expect(await ringtrue.batches.cancel(csv.batchId, { reason: 'a test' })).toMatchObject({
      cancelReason: 'a test',
    });
    const [row] = await ringtrue.batches.results(batch.batchId).toArray();
    expect(row).toMatchObject({ row: 1, to: busy, outcome: 'busy' });
    const text = await new Response(await ringtrue.batches.resultsCsv(batch.batchId)).text();
    expect(text).toContain(`1,${batch.batchId}-1,${busy},`);
  });

  it('the answer to a control is lost: repeated, and the refusal of the repeat says so', async () => {
    const { callId } = await ringtrue.calls.create({
      to: freshNumber(),
      twiml,
      notBefore: '2040-01-31T09:00:00Z',
    });
    await ringtrue.calls.pause(callId);
    proxy.cutAnswers = 1;
    await expect(ringtrue.calls.resume(callId)).rejects.toMatchObject({
      status: 409,
      mayBeDone: true,
      message: expect.stringContaining('it may have been carried out'),
    });
    expect(await ringtrue.calls.get(callId)).toMatchObject({ paused: false });
    // A second one could begin one attempt more.
    proxy.cutAnswers = 1;
    await expect(ringtrue.calls.retry(callId)).rejects.toBeInstanceOf(ConnectionError);
  });

  it('the API is away while a client waits for a call: the wait goes on, and ends with the outcome', async () => {
    const { callId } = await ringtrue.calls.create({ to: '+15005558104', twiml });
    const states = new Set<string>();
    const waiting = ringtrue.calls.waitForOutcome(callId, { onState: ({ state }) => states.add(state) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await proxy.shut();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const stillAway = await ringtrue.calls
      .waitForOutcome(callId, { timeoutSeconds: 0.2 })
      .catch((thrown: unknown) => thrown);
    expect(stillAway).toMatchObject({ name: 'WaitTimeoutError', callId, state: null });
    await proxy.open();
    expect(await waiting).toMatchObject({ callId, outcome: 'answered' });
    expect(states.size).toBeGreaterThan(0);
  });
});

describe('lists of numbers and dialing', () => {
  it('the do-not-call list: added, found, listed, exported, removed', async () => {
    const to = freshNumber();
    expect(await ringtrue.doNotCall.get(to)).toBeNull();
    await ringtrue.doNotCall.add({ to, reason: 'a test' });
    expect(await ringtrue.doNotCall.get(to)).toMatchObject({ to, reason: 'a test', expired: false });
    const filter = { reason: 'a test', expired: false };
    expect(await ringtrue.doNotCall.list(filter).toArray()).toMatchObject([{ to }]);
    expect(await new Response(await ringtrue.doNotCall.exportCsv(filter)).text()).toContain(to);
    await ringtrue.doNotCall.remove(to);
    expect(await ringtrue.doNotCall.removals({ to })).toMatchObject({ removals: [{ to, reason: 'a test' }] });
    await expect(ringtrue.doNotCall.remove(to)).rejects.toMatchObject({ status: 404 });
    expect(await ringtrue.doNotCall.importCsv(`to\n${to}\n`)).toEqual({ rows: 1, added: 1 });
    expect(await ringtrue.doNotCall.purge()).toEqual({ removed: expect.any(Number) });
  });

  it('invalid numbers, dialing and dead letters: as the API has them', async () => {
    expect(await ringtrue.invalidNumbers.get(freshNumber())).toBeNull();
    expect(await ringtrue.invalidNumbers.list().toArray()).toEqual(expect.any(Array));
    await ringtrue.dialing.pause({ reason: 'a test' });
    expect(await ringtrue.dialing.get()).toMatchObject({ paused: { reason: 'a test' } });
    expect(await ringtrue.dialing.resume()).toMatchObject({ paused: null });
    expect(await ringtrue.dialing.setLimits({ callsInFlight: null })).toMatchObject({
      limits: { callsInFlight: null },
    });
    expect(await ringtrue.deadLetters.list({ callId: 'none' }).toArray()).toEqual([]);
    await expect(ringtrue.deadLetters.resend('msg_none')).rejects.toMatchObject({ status: 404 });
    expect(await ringtrue.request({ method: 'GET', path: '/healthz' })).toEqual({ alive: true });
  });
});

describe('notifications', () => {
  const secret = stack.bench?.settings.notify.secrets[0] ?? `whsec_${'AAAA'.repeat(10)}`;

  it('a real one: verified with its headers and raw body, and with an older secret beside', async () => {
    const receiver = await startReceiver({ status: 204 });
    const { callId } = await ringtrue.calls.create({ to: freshNumber(), twiml, notifyUrl: receiver.origin });
    await ringtrue.calls.waitForOutcome(callId);
    await expect.poll(() => receiver.requests.length, { timeout: 10_000 }).toBe(2);
    const older = `whsec_${'BBBB'.repeat(10)}`;
    const read = receiver.requests.map(
      ({ headers, body }): Notification =>
        webhooks.verify([secret, older], headers, new TextEncoder().encode(body)),
    );
    expect(read.map(({ type, data }) => [type, data.callId])).toEqual([
      ['attempt.ended', callId],
      ['call.ended', callId],
    ]);
    const [attempt, call] = read;
    if (attempt?.type === 'attempt.ended') expect(attempt.data.isLast).toBe(true);
    if (call?.type === 'call.ended') expect(call.data.outcome).toBe('answered');
  });

  it('a signed body: verified; a changed one, an old one and another secret: refused', () => {
    const body = JSON.stringify({ type: 'call.ended', data: {} });
    const headers = new Headers(webhooks.sign(secret, body));
    expect(webhooks.verify(secret, headers, body)).toEqual(JSON.parse(body));
    expect(() => webhooks.verify(secret, headers, `${body} `)).toThrow('No matching signature');
    expect(() => webhooks.verify(`whsec_${'CCCC'.repeat(10)}`, headers, body)).toThrow(
      'No matching signature',
    );
    const timestamp = new Date(Date.now() - 600_000);
    expect(() => webhooks.verify(secret, webhooks.sign(secret, body, { timestamp }), body)).toThrow(
      'too old',
    );
    expect(() => webhooks.verify([], headers, body)).toThrow('There is no secret');
  });
});

it('a runtime without Node: the bundle has no import left, and places a call', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export * from './src/client/ringtrue.ts'", resolveDir: process.cwd() },
    bundle: true,
    write: false,
    // As wrangler bundles for workerd.
    platform: 'browser',
    format: 'iife',
    globalName: 'library',
  });
  const code = outputFiles[0]?.text ?? '';
  expect(code).not.toMatch(/\brequire\(|["']node:/);
  const web = {
    ...{ fetch, Headers, Response, ReadableStream, AbortController, URL, URLSearchParams, TextEncoder },
    ...{ TextDecoder, crypto, setTimeout, clearTimeout },
  };
  const request = { to: freshNumber(), twiml };
  const outcome = await runInContext(
    `${code}
    const ringtrue = new library.Ringtrue({ baseUrl });
    ringtrue.calls.create(request).then(({ callId }) => ringtrue.calls.waitForOutcome(callId));`,
    createContext({ ...web, baseUrl: proxy.url, request }),
  );
  expect(outcome).toMatchObject({ outcome: 'answered' });
});
