import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { callAnswerSchema } from '../../src/api/calls/callAnswerSchema.js';
import { useCallBench } from '../support/useCallBench.js';
import { eventually, problem, useApi } from './useApi.js';

const context = useCallBench();
const stopping = new AbortController();
const api = useApi(context, () => ({ stopping: stopping.signal }));
const later = () => new Date(Date.now() + 3_600_000).toISOString();
const noWorker = () => `nobody-${randomUUID()}`;

async function ringing() {
  const call = await context.bench.start({ to: context.to, lookup: 'off', metadata: { order: '4711' } });
  await call.until((state) => state.state === 'queued');
  const { sid } = context.twilio.calls[0] as { sid: string };
  return { ...call, path: `/calls/${call.callId}`, end: () => call.callback(1, sid, 'completed') };
}

/** Starts a workflow that no worker takes up. */
async function withoutWorker(type = 'outboundCall') {
  const workflowId = `call-${randomUUID()}`;
  return context.bench.client.workflow.start(type, { workflowId, taskQueue: noWorker(), args: [{}] });
}

describe('GET /calls/{callId}', () => {
  it('call runs: its own state, with waitingFor', async () => {
    const call = await ringing();
    const answer = await api.get(call.path);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual(await call.state());
    expect(answer.json).toMatchObject({ callId: call.callId, state: 'queued', outcome: null });
    expect(callAnswerSchema.parse(answer.json)).toEqual(answer.json);
  });

  it('call is over: the recorded outcome', async () => {
    const call = await ringing();
    await call.end();
    const outcome = await call.result();
    const answer = await api.get(call.path);
    expect(answer.json).toMatchObject({ state: 'done', outcome });
    expect(answer.json.outcome.metadata).toEqual({ order: '4711' });
    expect(callAnswerSchema.parse(answer.json)).toEqual(answer.json);
  });

  it.each([
    ['an id that nobody has', `/calls/call-${randomUUID()}`],
    ['an id longer than Temporal allows', `/calls/${'x'.repeat(1001)}`],
    ['an id that is not UTF-8', '/calls/%ff%fe'],
    ['broken percent-encoding', '/calls/%zz'],
    ['dots that lead elsewhere', '/calls/..%2f..%2fhealthz'],
    ['an encoded NUL', '/calls/%00'],
  ])('%s: 404', async (_, path) => {
    const answer = await api.get(path);
    expect(answer).toMatchObject({ status: 404, json: problem('no-such-call', 404) });
  });

  it.each([["o'hara"], ['team/7'], ['a+b c'], ['Größe'], ['100%25'], ['?#&'], ['..'], ['%2e%2e/x']])(
    'id with any characters, %s: the call is found',
    async (name) => {
      const callId = `${name}-${randomUUID()}`;
      await context.bench.start({ to: context.to, notBefore: later() }, callId);
      const answer = await api.get(`/calls/${encodeURIComponent(callId)}`);
      expect(answer).toMatchObject({ status: 200, json: { callId } });
    },
  );

  it('recorded call: fields are in the order of the contract', async () => {
    const call = await ringing();
    await call.end();
    await call.result();
    const read = await api.get(call.path);
    const listed = await api.get(`/calls?to=${encodeURIComponent(context.to)}`);
    for (const { outcome, ...state } of [read.json, listed.json.calls[0]]) {
      const shape = callAnswerSchema.shape.outcome.unwrap().shape;
      expect(Object.keys({ ...state, outcome }).sort()).toEqual(Object.keys(read.json).sort());
      const always = Object.keys(shape).filter((name) => name !== 'requestedTo' && name !== 'account');
      expect(Object.keys(outcome)).toEqual(always);
      const [attempt] = outcome.attempts;
      expect(Object.keys(attempt)).toEqual(Object.keys(shape.attempts.element.shape));
      expect(Object.keys(attempt.evidence.updates[0])).toEqual(
        Object.keys(shape.attempts.element.shape.evidence.shape.updates.element.shape),
      );
    }
    expect(Object.keys(read.json)).toEqual(
      Object.keys(callAnswerSchema.shape).filter(
        (name) => !['account', 'workflowEnd', 'error', 'stale'].includes(name),
      ),
    );
  });

  it('workflow of another type: 404', async () => {
    const { workflowId } = await withoutWorker('payroll');
    expect((await api.get(`/calls/${workflowId}`)).status).toBe(404);
  });

  it('no worker has begun the call: waitingFor says so, and the state is stale', async () => {
    const { workflowId } = await withoutWorker();
    const { json } = await api.get(`/calls/${workflowId}`);
    expect(json).toMatchObject({ state: 'looking-up', attempts: [], outcome: null, stale: true });
    expect(json.waitingFor).toContain('worker');
  });

  it('Temporal has forgotten a recorded call: done without an outcome, since nothing is going to happen', async () => {
    const callId = `call-${randomUUID()}`;
    const startedAt = new Date().toISOString();
    await context.store.addCall({ callId, to: context.to, from: '+15005550006', metadata: {}, startedAt });
    const answer = await api.get(`/calls/${callId}`);
    const workflowEnd = { status: 'missing', at: null, reason: null, lastState: 'looking-up' };
    expect(answer).toMatchObject({
      status: 200,
      json: { callId, state: 'done', outcome: null, workflowEnd },
    });
    expect(answer.json.error).toMatch(/Temporal does not have it any more\. .*start another call/);
    expect(callAnswerSchema.parse(answer.json)).toEqual(answer.json);
  });

  it('another program started an invalid request: done without an outcome, with the error', async () => {
    const call = await context.bench.start({ to: 'nobody' });
    await call.result().catch(() => {});
    const { json } = await api.get(`/calls/${call.callId}`);
    expect(json).toMatchObject({ state: 'done', outcome: null, workflowEnd: { status: 'failed' } });
    expect(json.error).toMatch(/ended without an outcome: .*not valid.*E\.164.*Correct .*start another call/);
    expect(callAnswerSchema.parse(json)).toEqual(json);
  });

  it('workflow was terminated: done without an outcome, with the error', async () => {
    const call = await ringing();
    await call.handle.terminate('by hand');
    const { json } = await api.get(call.path);
    expect(json).toMatchObject({ state: 'done', outcome: null });
    expect(json.error).toContain('by hand');
  });
});

describe('GET /calls/{callId}?wait=', () => {
  it('call ends during the wait: answered at once with the outcome', async () => {
    const call = await ringing();
    const waiting = api.get(`${call.path}?wait=60`);
    await call.end();
    const answer = await waiting;
    expect(answer.json).toMatchObject({
      callId: call.callId,
      state: 'done',
      outcome: { outcome: 'answered' },
    });
    expect(callAnswerSchema.parse(answer.json)).toEqual(answer.json);
  });

  it('call is already over: answered at once', async () => {
    const call = await ringing();
    await call.end();
    await call.result();
    expect((await api.get(`${call.path}?wait=60`)).json.state).toBe('done');
  });

  it('wait passes: answered with the state of the call', async () => {
    const call = await ringing();
    expect((await api.get(`${call.path}?wait=0.3`)).json.state).toBe('queued');
  });

  it('workflow fails during the wait: answered with the error', async () => {
    const call = await ringing();
    const waiting = api.get(`${call.path}?wait=60`);
    await call.handle.terminate('by hand');
    expect((await waiting).json).toMatchObject({ state: 'done', outcome: null, error: expect.any(String) });
  });

  it('client has gone or the wait is over: no listener stays on the signal of the server', async () => {
    const call = await ringing();
    await Promise.all(Array.from({ length: 20 }, () => api.get(`${call.path}?wait=0.2`)));
    for (const aborted of ['while the call is described', 'while its end is awaited']) {
      const gone = new AbortController();
      const waiting = fetch(`${api.origin}${call.path}?wait=60`, { signal: gone.signal }).catch(() => null);
      await eventually(
        async () => getEventListeners(stopping.signal, 'abort').length,
        (listeners) => listeners === 1,
      );
      if (aborted === 'while its end is awaited') await new Promise((resolve) => setTimeout(resolve, 500));
      gone.abort();
      await waiting;
      await eventually(
        async () => getEventListeners(stopping.signal, 'abort').length,
        (listeners) => listeners === 0,
      );
    }
  });

  it('a hundred requests wait for one call: all are answered', async () => {
    const call = await ringing();
    const waiting = Promise.all(Array.from({ length: 100 }, () => api.get(`${call.path}?wait=60`)));
    await call.end();
    expect(new Set((await waiting).map(({ json }) => json.state))).toEqual(new Set(['done']));
  });

  it.each([['wait=61'], ['wait=-1'], ['wait='], ['wait=soon'], ['wait=1&wait=2']])(
    '%s: 422',
    async (query) => {
      const answer = await api.get(`/calls/whatever?${query}`);
      expect(answer).toMatchObject({ status: 422, json: { faults: [{ path: 'wait' }] } });
    },
  );
});

describe('GET /calls', () => {
  it('calls to a number: newest first, in pages', async () => {
    const ids = [1, 2, 3].map((n) => ({
      callId: `call-${randomUUID()}`,
      startedAt: `2026-01-0${n}T00:00:00Z`,
    }));
    for (const row of ids)
      await context.store.addCall({ ...row, to: context.to, from: '+15005550006', metadata: {} });
    const query = `to=${encodeURIComponent(context.to)}&limit=2`;
    const first = await api.get(`/calls?${query}`);
    const second = await api.get(`/calls?${query}&cursor=${first.json.nextCursor}`);
    const found = [...first.json.calls, ...second.json.calls].map(({ callId }) => callId);
    expect(found).toEqual(ids.map(({ callId }) => callId).reverse());
    expect(second.json.nextCursor).toBeNull();
    for (const call of first.json.calls) expect(callAnswerSchema.parse(call)).toEqual(call);
  });

  it('to with a bare +: read as a number', async () => {
    const call = await ringing();
    const found = await eventually(
      () => api.get(`/calls?to=${context.to}`),
      ({ json }) => json.calls.length > 0,
    );
    expect(found.json.calls[0].callId).toBe(call.callId);
  });

  it('since with a bare + in its offset: read as a time', async () => {
    const call = await ringing();
    const list = (since: string) => api.get(`/calls?to=${context.to}&since=${since}`);
    await eventually(
      () => list('2020-01-31T09:00:00+01:00'),
      ({ json }) => json.calls[0]?.callId === call.callId,
    );
    expect((await list('2099-01-31T09:00:00+01:00')).json.calls).toEqual([]);
  });

  it('filter by outcome, state and time: only calls that match', async () => {
    const call = await ringing();
    await call.end();
    await call.result();
    const to = `to=${encodeURIComponent(context.to)}`;
    const count = async (query: string) => (await api.get(`/calls?${to}&${query}`)).json.calls.length;
    expect(await count('outcome=answered&state=done&since=2020-01-01T00:00:00Z')).toBe(1);
    expect(await count('outcome=busy')).toBe(0);
    expect(await count('until=2020-01-01T00:00:00%2B02:00')).toBe(0);
  });

  it('calls by reachability, answeredBy and metadata: only those that match', async () => {
    const call = await ringing();
    await call.end();
    await call.result();
    const to = `to=${encodeURIComponent(context.to)}`;
    const count = async (query: string) => (await api.get(`/calls?${to}&${query}`)).json.calls.length;
    expect(await count('reachability=reachable&metadata.order=4711')).toBe(1);
    expect(await count('reachability=unreachable')).toBe(0);
    expect(await count('answeredBy=human')).toBe(0);
    expect(await count('metadata.order=4712')).toBe(0);
    expect(await count('metadata.order=4711&metadata.shop=a')).toBe(0);
  });

  it('since and until as a date or duration: only calls of that time', async () => {
    const callId = `call-${randomUUID()}`;
    const startedAt = new Date(Date.now() - 3_600_000).toISOString();
    await context.store.addCall({ callId, to: context.to, from: '+15005550006', metadata: {}, startedAt });
    const to = `to=${encodeURIComponent(context.to)}`;
    const count = async (query: string) => (await api.get(`/calls?${to}&${query}`)).json.calls.length;
    expect(await count('since=2h&until=30m')).toBe(1);
    expect(await count('since=30m')).toBe(0);
    expect(await count('since=2026-01-31&until=2099-01-31')).toBe(1);
    expect(await count('until=2026-01-31')).toBe(0);
  });

  it('slash at the end of the path: the same list', async () => {
    expect((await api.get('/calls/?limit=1')).json).toEqual({
      calls: expect.any(Array),
      nextCursor: expect.anything(),
    });
  });

  it('every filter is wrong: one 422 names all faults', async () => {
    const answer = await api.get(
      '/calls?outcome=x&state=y&to=123&since=today&until=1&limit=0&cursor=&page=2&limit=5',
    );
    expect(answer.json).toMatchObject(problem('invalid-request', 422));
    expect(answer.json.faults).toEqual([
      { path: 'outcome', message: expect.stringMatching(/^is "x"; must be one of answered, busy/) },
      { path: 'state', message: expect.stringMatching(/^is "y"; must be one of looking-up/) },
      { path: 'to', message: expect.stringMatching(/^is "123"; must be a phone number in E\.164/) },
      { path: 'since', message: expect.stringMatching(/^is "today"; must be an RFC 3339 time/) },
      { path: 'until', message: expect.stringMatching(/^is "1"; must be an RFC 3339 time/) },
      { path: 'limit', message: 'comes 2 times; must be an integer 1..200' },
      { path: 'cursor', message: 'is ""; must be the nextCursor of an earlier page' },
      {
        path: 'page',
        message:
          'is unknown; must be one of outcome, state, reachability, answeredBy, decidedBy, to, from, batch, metadata.KEY, search, reached, furthest, attempts, reason, short, withoutOutcome, waitingBy, since, until, limit, cursor',
      },
    ]);
  });

  it.each([
    ['limit=201'],
    ['limit=1.5'],
    ['limit=+5'],
    ['cursor=forged'],
    ['since=2026-02-30T00:00:00Z'],
    ['to=%00'],
  ])('%s: 422', async (query) => {
    const answer = await api.get(`/calls?${query}`);
    expect(answer).toMatchObject({ status: 422, json: { faults: [{ path: query.split('=')[0] }] } });
  });
});
