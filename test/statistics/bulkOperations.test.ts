import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, problem, useApi } from '../api/useApi.js';
import { accountSid, callHandle } from '../support/callBench.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({}, { ownDatabase: true });
const tokenOf = (role: string) => ({ Authorization: `Bearer the-token-of-${role}` });
const api = useApi(context, () => ({
  apiTokens: ['read', 'call'].map((role) => `the ${role}er:${role}:the-token-of-${role}`),
}));
const post = (path: string, body: object, headers = {}) =>
  api.post(path, body, { ...tokenOf('call'), ...headers });
const get = (path: string) => api.get(path, tokenOf('read'));
let area = 500_000;
const later = new Date(Date.now() + 86_400_000).toISOString();

/** Requests so many calls that wait for tomorrow, and waits until they are on record as waiting. */
async function requestCalls(count: number, metadata: Record<string, string>): Promise<void> {
  area++;
  const [[key, text]] = Object.entries(metadata) as [[string, string]];
  await Promise.all(
    Array.from({ length: count }, async (_, nth) => {
      const to = `+1500${area}${nth}`;
      const body = { to, twiml: '<Response/>', lookup: 'off', notBefore: later, metadata };
      expect((await post('/calls', body)).status).toBe(202);
    }),
  );
  const waiting = () => get(`/calls?state=waiting&metadata.${key}=${text}&limit=200`);
  await eventually(waiting, ({ json }) => json.calls.length === count);
}

const ofCampaign = (campaign: string) => ({ 'metadata.campaign': campaign });
const isOver = ({ json }: { json: { state: string } }) => json.state === 'done' || json.state === 'stopped';

describe('POST /bulk-operations', () => {
  beforeAll(() => requestCalls(4, { campaign: 'other' }));

  it('cancel all calls of a filter: previewed, done, and no other call is touched', async () => {
    await requestCalls(8, { campaign: 'spring' });
    const request = { action: 'cancel', filter: ofCampaign('spring'), reason: 'the wrong text' };
    const preview = await post('/bulk-operations?dryRun=true', request);
    expect(preview).toMatchObject({
      status: 200,
      json: {
        count: 8,
        ringing: 0,
        over: 0,
        states: { waiting: 8 },
        message: 'Cancels 8 calls, 0 of them ringing or talking.',
        sample: [{ state: 'waiting' }, {}, {}],
      },
    });
    const key = { 'Idempotency-Key': 'cancel-spring' };
    const started = await post('/bulk-operations', { ...request, expectedCount: 8 }, key);
    expect(started).toMatchObject({
      status: 202,
      json: { expected: 8, requestedBy: 'the caller', filter: request.filter },
    });
    expect((await post('/bulk-operations', { ...request, expectedCount: 8 }, key)).status).toBe(200);
    expect(await post('/bulk-operations', { ...request, expectedCount: 9 }, key)).toMatchObject({
      status: 409,
      json: problem('key-reused', 409),
    });
    const path = new URL(String(started.headers.location)).pathname;
    const end = await eventually(() => get(path), isOver);
    expect(end.json).toMatchObject({ state: 'done', counts: { done: 8, refused: 0, failed: 0 } });
    const canceled = () => get('/calls?outcome=canceled&limit=200');
    expect((await eventually(canceled, ({ json }) => json.calls.length >= 8)).json.calls).toHaveLength(8);
    expect((await get('/calls?state=waiting')).json.calls).toHaveLength(4);
    const { json } = await get('/bulk-operations');
    expect(json).toMatchObject({ operations: [{ operationId: end.json.operationId }], nextCursor: null });
    expect(await post(`${path}/stop`, {})).toMatchObject({
      status: 409,
      json: problem('bulk-conflict', 409),
    });
    const again = await post('/bulk-operations?dryRun=true', request);
    expect(again.json).toMatchObject({ count: 0, over: 8 });
    expect(await post('/bulk-operations', { ...request, expectedCount: 8 })).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('is over') },
    });
  });

  it.each<[string, object, string]>([
    ['no filter', { action: 'cancel', expectedCount: 4 }, 'filter'],
    ['an empty filter', { action: 'cancel', filter: {}, expectedCount: 4 }, 'filter'],
    [
      'a filter that GET /calls does not know',
      { action: 'cancel', filter: { campaign: 'other' }, expectedCount: 4 },
      'filter.campaign',
    ],
    [
      'a value that GET /calls refuses',
      { action: 'cancel', filter: { state: 'asleep' }, expectedCount: 4 },
      'filter.state',
    ],
    [
      'a value that is no text',
      { action: 'cancel', filter: { attempts: 1 }, expectedCount: 4 },
      'filter.attempts',
    ],
    ['the page of a list', { action: 'cancel', filter: { limit: '10' }, expectedCount: 4 }, 'filter.limit'],
    ['another action', { action: 'delete', filter: ofCampaign('other'), expectedCount: 4 }, 'action'],
    ['no count', { action: 'cancel', filter: ofCampaign('other') }, 'expectedCount'],
    [
      'an unknown field',
      { action: 'cancel', filter: ofCampaign('other'), expectedCount: 4, all: true },
      'all',
    ],
  ])('%s: refused, and nothing is changed', async (_, body, path) => {
    const answer = await post('/bulk-operations', body);
    expect(answer).toMatchObject({ status: 422, json: problem('invalid-request', 422) });
    expect(answer.json.faults).toMatchObject([{ path }]);
    expect((await get('/calls?state=waiting')).json.calls).toHaveLength(4);
  });

  it('the filter shows many more calls than expected: refused with their number', async () => {
    await requestCalls(7, { campaign: 'grown' });
    const answer = await post('/bulk-operations', {
      action: 'pause',
      filter: ofCampaign('grown'),
      expectedCount: 1,
    });
    expect(answer).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('7 unfinished calls') },
    });
  });

  it('an id that never was: 404', async () => {
    expect((await get('/bulk-operations/bulk-x')).json).toMatchObject(problem('no-such-bulk-operation', 404));
    expect((await post('/bulk-operations/bulk-x/stop', {})).status).toBe(404);
  });
});

describe('GET /statistics', () => {
  it('calls that wait: each reason with what to do, and the list of its calls', async () => {
    const { json } = await get('/statistics/waiting');
    const [entry] = json.entries;
    expect(entry).toMatchObject({
      by: 'not-before',
      isWrong: false,
      clearsByItself: true,
      clearsAt: expect.stringMatching(/Z$/),
    });
    expect((await get(`/calls?${entry.query}&limit=200`)).json.calls).toHaveLength(entry.count);
  });

  it('dialing is paused, and an attempt was busy: each call waits for what its worker recorded', async () => {
    const { store, bench } = context;
    const call = async (metadata: Record<string, string>, more: object = {}) => {
      const body = { to: `+1500${++area}0`, twiml: '<Response/>', lookup: 'off', metadata, ...more };
      return (await post('/calls', body)).json.callId as string;
    };
    const waiting = async (by: string) => {
      const { json } = await get('/statistics/waiting');
      return json.entries.find((entry: { by: string }) => entry.by === by);
    };
    const busy = await call(
      { what: 'busy' },
      { retry: { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 3600 } },
    );
    const { callback, until } = callHandle(bench.client, busy);
    const { attempts } = await until((state) => state.attempts[0]?.callSid != null);
    await callback(1, attempts[0]?.callSid as string, 'busy');
    const retry = await eventually(
      () => waiting('retry'),
      (entry) => entry !== undefined,
    );
    expect(retry).toMatchObject({ count: 1, isWrong: false, clearsByItself: true, query: 'waitingBy=retry' });
    expect(Date.parse(retry.clearsAt)).toBeGreaterThan(Date.now() + 3_000_000);

    await store.pauseDialing({ accountSid, reason: 'a test' });
    const held = await call({ what: 'held' });
    const isHeld = ({ message, clearsByItself }: { message: string; clearsByItself: boolean }) =>
      message.includes('paused all dialing') && !clearsByItself;
    const paused = async () => (await get('/statistics/waiting')).json.entries.find(isHeld);
    const entry = await eventually(paused, (found) => found !== undefined);
    const list = await get(`/calls?${entry.query}`);
    expect(list.json.calls).toMatchObject([{ callId: held }]);
    await store.resumeDialing({ accountSid });
    await eventually(paused, (found) => found === undefined);
  });

  it('calls that are over: counted, with a list that the API gives', async () => {
    const { json } = await get('/statistics?since=1h');
    const canceled = json.outcomes.find(({ outcome }: { outcome: string }) => outcome === 'canceled');
    expect(canceled.calls).toBe(8);
    expect((await get(`/calls?${canceled.query}`)).json.calls).toHaveLength(8);
    expect(json.failures).toMatchObject([{ source: 'policy', code: 'canceled', calls: 8 }]);
  });

  it.each([
    ['since=yesterday', 'since'],
    ['since=1h&until=2d', 'since'],
    ['outcome=busy', 'outcome'],
    ['from=12', 'from'],
  ])('%s: refused with the parameter', async (query, path) => {
    expect((await get(`/statistics?${query}`)).json).toMatchObject({
      ...problem('invalid-request', 422),
      faults: [{ path }],
    });
  });

  it.each([
    ['reason=486', 'reason'],
    ['attempts=7', 'attempts'],
    ['search=%20', 'search'],
    ['reached=dialed', 'reached'],
    ['short=false', 'short'],
  ])('GET /calls?%s: refused with the parameter', async (query, path) => {
    expect((await get(`/calls?${query}`)).json).toMatchObject({
      ...problem('invalid-request', 422),
      faults: [{ path }],
    });
  });
});
