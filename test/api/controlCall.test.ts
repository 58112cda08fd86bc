import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useCallBench } from '../support/useCallBench.js';
import { problem, publicUrl, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context);
const json = { 'Content-Type': 'application/json' };
const later = () => new Date(Date.now() + 3_600_000).toISOString();

async function waiting() {
  const call = await context.bench.start({ to: context.to, notBefore: later() });
  await call.until((state) => state.state === 'waiting');
  return { ...call, path: `/calls/${call.callId}` };
}

async function waitingToRetry() {
  const call = await context.bench.start({ to: context.to, lookup: 'off', retry: 'thrice' });
  await call.until((state) => state.state === 'queued');
  await call.callback(1, (context.twilio.calls[0] as { sid: string }).sid, 'busy');
  await call.until((state) => state.state === 'waiting-to-retry');
  return { ...call, path: `/calls/${call.callId}` };
}

const withoutWorker = () =>
  context.bench.client.workflow.start('outboundCall', {
    workflowId: `call-${randomUUID()}`,
    taskQueue: `nobody-${randomUUID()}`,
    args: [{}],
  });

describe('POST /calls/{callId}/cancel', () => {
  it('call waits: 202, and the call is canceled', async () => {
    const call = await waiting();
    const answer = await api.post(`${call.path}/cancel`);
    const url = `${publicUrl}${call.path}`;
    expect(answer).toMatchObject({
      status: 202,
      json: { callId: call.callId, url },
      headers: { location: url },
    });
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel' });
  });

  it('cancel with a reason: the call gets the reason', async () => {
    const call = await waiting();
    await api.post(`${call.path}/cancel`, { reason: 'called back meanwhile' });
    await call.result();
    const { events } = await call.handle.fetchHistory();
    expect(
      JSON.stringify(events?.map((event) => event.workflowExecutionUpdateAcceptedEventAttributes)),
    ).toContain(Buffer.from(JSON.stringify({ reason: 'called back meanwhile' })).toString('base64'));
  });

  it('call is over: 409', async () => {
    const call = await waiting();
    await api.post(`${call.path}/cancel`);
    await call.result();
    const answer = await api.post(`${call.path}/cancel`);
    expect(answer).toMatchObject({ status: 409, json: problem('state-conflict', 409) });
    expect(answer.json.detail).toContain('already over');
  });

  it('only the store remembers the call: 409', async () => {
    const callId = `call-${randomUUID()}`;
    const startedAt = later();
    await context.store.addCall({ callId, to: context.to, from: '+15005550006', metadata: {}, startedAt });
    expect((await api.post(`/calls/${callId}/cancel`)).status).toBe(409);
  });

  it('no worker runs: 202, and the cancellation waits in Temporal', async () => {
    const handle = await withoutWorker();
    const answer = await api.post(`/calls/${handle.workflowId}/cancel`);
    expect(answer).toMatchObject({ status: 202, json: { callId: handle.workflowId } });
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes)).toBe(true);
  });

  it.each<[string, number, string, string | undefined, Record<string, string>]>([
    ['an unknown field', 422, 'invalid-request', '{"reson":"x"}', json],
    ['a reason that is no text', 422, 'invalid-request', '{"reason":1}', json],
    ['a reason of 501 characters', 422, 'invalid-request', JSON.stringify({ reason: 'x'.repeat(501) }), json],
    ['a list', 422, 'invalid-request', '[]', json],
    ['not JSON', 400, 'not-json', '{', json],
    [
      'a form',
      415,
      'unsupported-media-type',
      'reason=x',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
    ],
    ['more than 64 KiB', 413, 'too-large', `{"reason":"${'x'.repeat(65_536)}"}`, json],
  ])('%s: %i, and the call goes on', async (_, status, name, body = '', headers) => {
    const call = await waiting();
    const answer = await api.send({ method: 'POST', path: `${call.path}/cancel`, headers, body });
    expect(answer).toMatchObject({ status, json: problem(name, status) });
    expect((await call.state()).state).toBe('waiting');
  });
});

describe('POST /calls/{callId}/retry', () => {
  it('call waits to retry: 202, and the next attempt begins', async () => {
    const call = await waitingToRetry();
    const answer = await api.post(`${call.path}/retry`);
    expect(answer).toMatchObject({ status: 202, json: { callId: call.callId } });
    await call.until((state) => state.attempts.length === 2 && state.state === 'queued');
  });

  it('call waits for its first attempt: 409 with the sentence of the call', async () => {
    const call = await waiting();
    const answer = await api.post(`${call.path}/retry`);
    expect(answer).toMatchObject({ status: 409, json: problem('state-conflict', 409) });
    expect(answer.json.detail).toMatch(
      /^The call is waiting for its first attempt, not to retry: .*\. Nothing was changed/,
    );
  });

  it('call is over: 409', async () => {
    const call = await waiting();
    await api.post(`${call.path}/cancel`);
    await call.result();
    expect((await api.post(`${call.path}/retry`)).status).toBe(409);
  });

  it('no worker runs: 503 with Retry-After', async () => {
    const { workflowId } = await withoutWorker();
    const answer = await api.post(`/calls/${workflowId}/retry`);
    expect(answer).toMatchObject({ status: 503, json: problem('temporal-unavailable', 503) });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('POST /calls/{callId}/pause, /resume', () => {
  it('pause, then resume: 202, and GET shows pause and reason until the resume', async () => {
    const call = await waiting();
    const reason = 'the line is being repaired';
    expect(await api.post(`${call.path}/pause`, { reason })).toMatchObject({ status: 202 });
    expect((await api.get(call.path)).json).toMatchObject({
      state: 'waiting',
      paused: true,
      pauseReason: reason,
      waitingFor: `somebody to resume the call (paused: ${reason})`,
    });
    expect((await api.post(`${call.path}/pause`)).status).toBe(202);
    expect(await api.post(`${call.path}/resume`)).toMatchObject({
      status: 202,
      json: { callId: call.callId },
    });
    expect((await api.get(call.path)).json).toMatchObject({ paused: false, pauseReason: null });
  });

  it('resume of a call that is not paused: 409 with the sentence of the call', async () => {
    const call = await waiting();
    const answer = await api.post(`${call.path}/resume`, {});
    expect(answer).toMatchObject({ status: 409, json: problem('state-conflict', 409) });
    expect(answer.json.detail).toMatch(/^The call is waiting, not paused: .*\. Nothing was changed/);
  });
});

describe('POST /calls/{callId}/reschedule', () => {
  it('call waits for its next attempt: 202, and the attempt is due at the new time', async () => {
    const call = await waiting();
    const at = '2040-01-31T09:00:00+01:00';
    expect(await api.post(`${call.path}/reschedule`, { at })).toMatchObject({ status: 202 });
    expect((await api.get(call.path)).json).toMatchObject({
      state: 'waiting',
      nextAttemptAt: '2040-01-31T08:00:00.000Z',
    });
  });

  it('later than giveUpAt: 409 names giveUpAt', async () => {
    const giveUpAt = new Date(Date.now() + 2 * 3_600_000).toISOString();
    const call = await context.bench.start({ to: context.to, notBefore: later(), giveUpAt });
    await call.until((state) => state.state === 'waiting');
    const answer = await api.post(`/calls/${call.callId}/reschedule`, { at: '2099-01-01T00:00:00Z' });
    expect(answer).toMatchObject({ status: 409, json: problem('state-conflict', 409) });
    expect(answer.json.detail).toContain(giveUpAt);
  });
});

it.each<[string, string, number, string, string | undefined, string[]]>([
  [
    'pause',
    'a reason that is no text, and an unknown field',
    422,
    'invalid-request',
    '{"reason":1,"x":1}',
    ['reason', 'x'],
  ],
  ['pause', 'a text', 422, 'invalid-request', '"repair"', ['']],
  ['resume', 'a field, though it takes none', 422, 'invalid-request', '{"at":"now"}', ['at']],
  ['reschedule', 'a time without an offset', 422, 'invalid-request', '{"at":"2040-01-31T09:00:00"}', ['at']],
  ['reschedule', 'no time, and an unknown field', 422, 'invalid-request', '{"att":"x"}', ['at', 'att']],
  ['reschedule', 'a list', 422, 'invalid-request', '[]', ['']],
  ['reschedule', 'not JSON', 400, 'not-json', '{', []],
  ['retry', 'an unknown field', 422, 'invalid-request', '{"at":1}', ['at']],
])('%s with %s: %i %s with every fault, nothing changes', async (verb, _, status, name, body, paths) => {
  const call = await waiting();
  const before = await call.state();
  const answer = await api.send({
    method: 'POST',
    path: `${call.path}/${verb}`,
    headers: json,
    body: body ?? '',
  });
  expect(answer).toMatchObject({ status, json: problem(name, status) });
  expect((answer.json.faults ?? []).map(({ path }: { path: string }) => path).sort()).toEqual(paths);
  expect(await call.state()).toEqual(before);
});

it.each([
  ['pause', undefined],
  ['resume', undefined],
  ['reschedule', { at: '2099-01-01T00:00:00Z' }],
])('%s of a call that is over: 409', async (verb, body) => {
  const call = await waiting();
  await api.post(`${call.path}/cancel`);
  await call.result();
  expect((await api.post(`${call.path}/${verb}`, body)).status).toBe(409);
});

it('no worker answers a pause: 503', async () => {
  const { workflowId } = await withoutWorker();
  const answer = await api.post(`/calls/${workflowId}/pause`);
  expect(answer).toMatchObject({ status: 503, json: problem('temporal-unavailable', 503) });
  expect(answer.json.detail).toContain('No worker answered the request to pause');
});

describe.each([
  ['cancel', undefined],
  ['retry', undefined],
  ['pause', undefined],
  ['resume', undefined],
  ['reschedule', { at: '2099-01-01T00:00:00Z' }],
])('POST /calls/{callId}/%s', (verb, body) => {
  it('unknown call: 404', async () => {
    const answer = await api.post(`/calls/call-${randomUUID()}/${verb}`, body);
    expect(answer).toMatchObject({ status: 404, json: problem('no-such-call', 404) });
  });

  it('workflow of another type: 404, and it gets no update', async () => {
    const handle = await context.bench.client.workflow.start('payroll', {
      workflowId: randomUUID(),
      taskQueue: `nobody-${randomUUID()}`,
    });
    expect((await api.post(`/calls/${handle.workflowId}/${verb}`, body)).status).toBe(404);
    expect((await handle.fetchHistory()).events).toHaveLength(2);
  });
});
