import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually, useApi } from '../api/useApi.js';
import { startCallBench } from '../support/callBench.js';
import { endCallsAutomatically } from '../support/endCallsAutomatically.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const accountSid = `AC${randomUUID().replaceAll('-', '')}`;
const api = useApi(context, () => ({
  accountSid,
  apiTokens: ['ann:call:the-token-of-ann', 'Bob Smith:admin:the-token-of-bob', 'the-token-of-nobody'],
}));
const open = useApi(context, () => ({ accountSid }));
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const ann = bearer('the-token-of-ann');
const bob = bearer('the-token-of-bob');
const nameless = bearer('the-token-of-nobody');
const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

const request = () => ({ to: context.to, twiml: '<Response/>', lookup: 'off' });
const later = () => new Date(Date.now() + 3_600_000).toISOString();
const state = (path: string) => async () => (await api.get(path, ann)).json;

/** Places a call that waits for an hour, and returns its path. */
async function waitingCall(headers: Record<string, string>): Promise<string> {
  const { json } = await api.post('/calls', { ...request(), notBefore: later() }, headers);
  const path = `/calls/${json.callId}`;
  await eventually(state(path), (call) => call.state === 'waiting');
  return path;
}

describe('a call', () => {
  it('requested by one client and controlled by another: both names, while it runs and in its record', async () => {
    const path = await waitingCall(ann);
    expect((await api.get(path, ann)).json).toMatchObject({ requestedBy: 'ann', controls: [] });

    await api.post(`${path}/pause`, { reason: 'repair' }, bob);
    expect((await api.get(path, ann)).json).toMatchObject({
      controls: [{ at: aTime, control: 'pause', by: 'Bob Smith' }],
      waitingFor: 'somebody to resume the call (paused by Bob Smith: repair)',
    });
    await api.post(`${path}/resume`, {}, ann);
    await api.post(`${path}/reschedule`, { at: '2099-01-01T00:00:00Z' }, bob);
    await api.post(`${path}/cancel`, { reason: 'moved' }, bob);

    const done = await eventually(state(path), (call) => call.state === 'done');
    const controls = [
      { at: aTime, control: 'pause', by: 'Bob Smith' },
      { at: aTime, control: 'resume', by: 'ann' },
      { at: aTime, control: 'reschedule', by: 'Bob Smith' },
      { at: aTime, control: 'cancel', by: 'Bob Smith' },
    ];
    expect(done).toMatchObject({
      requestedBy: 'ann',
      controls,
      outcome: { outcome: 'canceled', requestedBy: 'ann', controls },
    });
    const texts = done.outcome.timeline.map(({ text }: { text: string }) => text);
    expect(texts).toEqual(
      expect.arrayContaining([
        'paused by Bob Smith: repair',
        'resumed by ann',
        'next attempt rescheduled to 2099-01-01T00:00:00.000Z by Bob Smith',
        'cancel requested by Bob Smith: moved',
      ]),
    );
    const listed = (await api.get(`/calls?to=%2B${context.to.slice(1)}`, ann)).json.calls;
    expect(listed).toMatchObject([{ requestedBy: 'ann', controls }]);
  });

  it('dialed, and retried at once by another client: both names in the record', async () => {
    const { json } = await api.post('/calls', { ...request(), retry: 'thrice' }, ann);
    const path = `/calls/${json.callId}`;
    const attempt = async (number: number, status: string) => {
      const call = await eventually(state(path), ({ attempts }) => attempts[number - 1]?.callSid != null);
      const callback = { CallSid: call.attempts[number - 1].callSid, CallStatus: status };
      await api.callback(`/twilio/status/${json.callId}/${number}`, { AccountSid: 'AC', ...callback });
    };
    await attempt(1, 'busy');
    await eventually(state(path), (call) => call.state === 'waiting-to-retry');
    expect((await api.post(`${path}/retry`, {}, bob)).status).toBe(202);
    await attempt(2, 'completed');
    expect((await api.get(`${path}?wait=20`, ann)).json).toMatchObject({
      outcome: {
        outcome: 'answered',
        requestedBy: 'ann',
        controls: [{ control: 'retry', by: 'Bob Smith' }],
      },
    });
  });

  it('canceled while no worker runs: name and reason wait in Temporal', async () => {
    const taskQueue = `later-${randomUUID()}`;
    const handle = await context.bench.client.workflow.start('outboundCall', {
      workflowId: `call-${randomUUID()}`,
      taskQueue,
      args: [{ ...request(), notBefore: later() }],
    });
    const answer = await api.post(`/calls/${handle.workflowId}/cancel`, { reason: 'moved' }, bob);
    expect(answer.status).toBe(202);
    const { events = [] } = await handle.fetchHistory();
    const signaled = events?.map((event) => event.workflowExecutionSignaledEventAttributes).find(Boolean);
    const input = JSON.parse(Buffer.from(signaled?.input?.payloads?.[0]?.data ?? []).toString());
    expect(input).toEqual({ reason: 'moved', by: 'Bob Smith' });

    const { store, twilio } = context;
    const late = await startCallBench({ store, twilioUrl: twilio.url, taskQueue });
    expect(await handle.result()).toMatchObject({
      outcome: 'canceled',
      endedBecause: { message: 'Canceled: moved' },
      controls: [{ control: 'cancel', by: 'Bob Smith' }],
    });
    await late.stop();
  });

  it('the token has no name: its position', async () => {
    const path = await waitingCall(nameless);
    expect((await api.get(path, ann)).json.requestedBy).toBe('token 2');
  });

  it('the API has no tokens: null, and no name in the timeline', async () => {
    const { json } = await open.post('/calls', { ...request(), notBefore: later() });
    const path = `/calls/${json.callId}`;
    await eventually(state(path), (call) => call.state === 'waiting');
    await open.post(`${path}/cancel`, { reason: 'moved' });
    const done = await eventually(state(path), (call) => call.state === 'done');
    expect(done).toMatchObject({ requestedBy: null, controls: [{ control: 'cancel', by: null }] });
    expect(JSON.stringify(done.outcome.timeline)).toContain('"cancel requested: moved"');
  });

  it('a client sends a name of its own: 422, because only its token names it', async () => {
    const path = await waitingCall(ann);
    const answer = await api.post(`${path}/cancel`, { by: 'the boss' }, ann);
    expect(answer).toMatchObject({ status: 422, json: { faults: [{ path: 'by' }] } });
  });
});

describe('a batch', () => {
  it('started, paused, resumed and canceled: who did it, in the batch and in its calls', async () => {
    const calls = [{ to: context.to }, { to: `${context.to}0` }];
    const defaults = { twiml: '<Response/>', lookup: 'off', notBefore: later() };
    const { json } = await api.post('/batches', { calls, defaults, window: 1 }, ann);
    const path = `/batches/${json.batchId}`;
    await eventually(state(`/calls/${json.batchId}-1`), (call) => call.state === 'waiting');
    await api.post(`${path}/pause`, {}, bob);
    // Paused already: nothing changes, so nothing is kept.
    await api.post(`${path}/pause`, {}, ann);
    await api.post(`${path}/resume`, {}, ann);
    const canceled = await api.post(`${path}/cancel`, { reason: 'the wrong file' }, bob);
    const controls = [
      { at: aTime, control: 'pause', by: 'Bob Smith' },
      { at: aTime, control: 'resume', by: 'ann' },
      { at: aTime, control: 'cancel', by: 'Bob Smith' },
    ];
    expect(canceled.json).toMatchObject({ requestedBy: 'ann', controls });
    const batch = await eventually(state(path), (one) => one.state === 'canceled');
    expect(batch).toMatchObject({ requestedBy: 'ann', controls });
    expect((await api.get(`/calls/${json.batchId}-1`, ann)).json.outcome).toMatchObject({
      requestedBy: 'ann',
      controls: [{ control: 'cancel', by: 'Bob Smith' }],
    });
  });

  it('a redial: the name of who asked for it', async () => {
    endCallsAutomatically(context, () => 'busy');
    const { json } = await api.post('/calls', request(), ann);
    await eventually(state(`/calls/${json.callId}`), (call) => call.state === 'done');
    const redial = await api.post('/redials', { to: context.to }, bob);
    const path = `/batches/${redial.json.batchId}`;
    await eventually(state(path), (one) => one.state === 'done');
    expect((await api.get(path, ann)).json).toMatchObject({ requestedBy: 'Bob Smith', controls: [] });
    expect((await api.get(`/calls/${redial.json.batchId}-1`, ann)).json.requestedBy).toBe('Bob Smith');
  });
});

describe('dialing', () => {
  it('paused, resumed and limited: who did it, newest first', async () => {
    const paused = await api.post('/dialing/pause', { reason: 'the announcement is wrong' }, bob);
    expect(paused.json.paused).toEqual({
      since: aTime,
      reason: 'the announcement is wrong',
      by: 'Bob Smith',
    });
    await api.post('/dialing/resume', {}, nameless);
    const limits = await api.send({
      method: 'PATCH',
      path: '/dialing/limits',
      headers: { ...bob, 'Content-Type': 'application/json' },
      body: '{"callsPerSecond":5}',
    });
    expect(limits.status).toBe(200);
    await open.post('/dialing/pause');
    expect((await api.get('/dialing', bob)).json).toMatchObject({
      paused: { reason: null, by: null },
      changes: [
        { at: aTime, change: 'pause', by: null, limits: null },
        { at: aTime, change: 'limits', by: 'Bob Smith', limits: { callsPerSecond: 5 } },
        { at: aTime, change: 'resume', by: 'token 2', limits: null },
        { at: aTime, change: 'pause', by: 'Bob Smith', limits: null },
      ],
    });
  });
});

describe('the do-not-call list', () => {
  it('added as JSON or CSV, and removed: who did it', async () => {
    const { to } = context;
    const added = await api.post('/do-not-call', { to }, bob);
    expect(added.json).toMatchObject({ to, source: 'api', addedBy: 'Bob Smith' });
    const headers = { ...nameless, 'Content-Type': 'text/csv' };
    await api.send({ method: 'POST', path: '/do-not-call', headers, body: `to\n${to}5\n` });
    expect((await api.get(`/do-not-call/${to}5`, bob)).json).toMatchObject({
      source: 'csv',
      addedBy: 'token 2',
    });
    await api.send({ method: 'DELETE', path: `/do-not-call/${to}`, headers: nameless });
    const { removals } = (await api.get(`/do-not-call/removals?to=%2B${to.slice(1)}`, bob)).json;
    expect(removals).toMatchObject([{ to, removedBy: 'token 2', addedBy: 'Bob Smith' }]);
  });
});
