import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { csvRow } from '../../src/api/csv/csvRow.js';
import { endCallsAutomatically } from '../support/endCallsAutomatically.js';
import { useCallBench } from '../support/useCallBench.js';
import { type Answer, eventually, problem, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context);

const defaults = { twiml: '<Response/>', lookup: 'off' };
const withDefaults = { paused: 'true', defaults: JSON.stringify(defaults) };

function postCsv(body: string, query: Record<string, string> = withDefaults): Promise<Answer> {
  return api.send({
    method: 'POST',
    path: `/batches?${new URLSearchParams(query)}`,
    headers: { 'Content-Type': 'text/csv' },
    body,
  });
}

const rowsOf = async (batchId: string) => (await api.get(`/batches/${batchId}/results`)).json.results;
const over = (batchId: string) =>
  eventually(
    async () => (await api.get(`/batches/${batchId}`)).json,
    ({ state }) => state === 'done' || state === 'canceled',
  );

describe('a batch from its file to its results', () => {
  it('a batch from CSV: its calls run, its results are listed, and a redial repeats the failed ones', async () => {
    const busy = `${context.to.slice(0, -1)}2`;
    endCallsAutomatically(context, (to) => (to === busy ? 'busy' : 'completed'));
    const numbers = [1, 2, 3].map((n) => `${context.to.slice(0, -1)}${n}`);
    const csv = `to,metadata.order\n${numbers.map((to, n) => `${to},=${n}`).join('\n')}\n`;
    const { json } = await postCsv(csv, { defaults: JSON.stringify(defaults), name: 'first' });
    const { batchId } = json;
    expect(await over(batchId)).toMatchObject({
      state: 'done',
      counts: { total: 3, done: 3, outcomes: { answered: 2, busy: 1 } },
    });
    const { text } = await api.get(`/batches/${batchId}/results.csv`);
    const [head, , second] = text.split('\r\n');
    expect(head).toBe(
      '\uFEFFrow,callId,to,state,outcome,reason,attempts,startedAt,endedAt,durationSeconds,answeredBy,errorCode,sipResponseCode,from,reachability,decidedBy,callSid,endedBecause,metadata.order',
    );
    expect(second).toMatch(
      new RegExp(
        `^2,${batchId}-2,\\${busy},done,busy,.*,1,2.*Z,2.*Z,,,,,\\+\\d+,reachable,webhook,CA\\w{32},.+: .+,'=1$`,
      ),
    );
    expect((await api.get(`/calls?batch=${batchId}`)).json.calls).toHaveLength(3);
    const listed = (await api.get('/batches?limit=200')).json.batches;
    expect(listed).toContainEqual(expect.objectContaining({ batchId, name: 'first' }));

    const query = { batch: batchId, outcome: ['busy', 'no-answer'] };
    expect((await api.post('/redials?dryRun=true', query)).json).toMatchObject({ total: 1 });
    expect(await api.post('/redials?dryrun=true', query)).toMatchObject({ status: 422 });
    expect(await api.post(`/batches/${batchId}/pause?dryRun=true`, {})).toMatchObject({ status: 422 });
    const preview = await api.post('/redials', { ...query, dryRun: true });
    expect(preview).toMatchObject({
      status: 200,
      json: { total: 1, withoutRequest: 0, sample: [{ callId: `${batchId}-2`, to: busy }] },
    });

    for (const [since, total] of [
      ['24h', 1],
      [new Date().toISOString().slice(0, 10), 1],
      ['0s', 0],
    ] as const)
      expect((await api.post('/redials', { ...query, since, dryRun: true })).json).toMatchObject({ total });
    const before = await api.post('/redials', { ...query, until: '2026-01-31', dryRun: true });
    expect(before.json).toMatchObject({ total: 0 });

    const failed = await api.post('/redials', { batch: batchId, dryRun: true });
    expect(failed.json).toMatchObject({
      total: 1,
      leftOut: [],
      sample: [{ to: busy }],
      calls: [{ to: busy }],
    });

    await api.post('/do-not-call', { to: busy });
    const leftOut = [{ by: 'do-not-call', message: expect.stringContaining('do-not-call list'), calls: 1 }];
    expect((await api.post('/redials', { ...query, dryRun: true })).json).toMatchObject({
      total: 0,
      leftOut,
    });
    expect((await api.post('/redials', query)).status).toBe(422);
    const wider = await api.post('/redials', {
      ...query,
      outcome: ['busy', 'answered'],
      paused: true,
      skipFaultyRows: true,
    });
    expect(wider).toMatchObject({ status: 202, json: { total: 2, leftOut } });
    await api.post(`/batches/${wider.json.batchId}/cancel`);
    await api.send({ method: 'DELETE', path: `/do-not-call/${busy}` });

    endCallsAutomatically(context, 'completed');
    const made = context.twilio.creates.length;
    const key = { 'Idempotency-Key': randomUUID() };
    const body = { ...query, name: 'second', overrides: { metadata: { round: '2' } } };
    const again = await api.post('/redials', body, key);
    expect(again).toMatchObject({ status: 202, json: { total: 1 } });
    expect(await over(again.json.batchId)).toMatchObject({
      redialOf: query,
      counts: { total: 1, done: 1, outcomes: { answered: 1 } },
    });
    expect(context.twilio.creates).toHaveLength(made + 1);
    expect(context.twilio.creates.at(-1)?.get('To')).toBe(busy);
    expect(await rowsOf(again.json.batchId)).toMatchObject([
      { to: busy, outcome: 'answered', metadata: { order: '=1', round: '2' } },
    ]);

    expect(await api.post('/redials', body, key)).toMatchObject({
      status: 200,
      json: { batchId: again.json.batchId },
    });
    const none = await api.post('/redials', query);
    expect(none).toMatchObject({ status: 422, json: problem('invalid-request', 422) });
    expect(context.twilio.creates).toHaveLength(made + 1);
  });

  it.each<[string, object, number, string]>([
    ['nothing says which calls', {}, 422, 'invalid-request'],
    ['an outcome that is none', { outcome: ['bsy'] }, 422, 'invalid-request'],
    ['an unknown field', { batc: 'x' }, 422, 'invalid-request'],
    ['a time that is none', { since: 'yesterday' }, 422, 'invalid-request'],
    ['a date that the calendar lacks', { until: '2026-02-30' }, 422, 'invalid-request'],
    [
      'another number for all',
      { to: '+15005550001', overrides: { to: '+15005550002' } },
      422,
      'invalid-request',
    ],
    ['no such batch', { batch: 'batch-nobody-knows' }, 404, 'no-such-batch'],
  ])('a redial in which %s: refused, nothing is dialed', async (_, body, status, name) => {
    expect(await api.post('/redials', body)).toMatchObject({ status, json: problem(name, status) });
  });
});

describe('a call of a batch', () => {
  it('a policy by name: the workflow gets the policy itself', async () => {
    const calls = [{ to: context.to, notBefore: '2099-01-01T00:00:00Z' }];
    const { json } = await api.post('/batches', { defaults, calls });
    const handle = context.bench.client.workflow.getHandle(`${json.batchId}-1`);
    const history = await eventually(
      () => handle.fetchHistory().catch(() => null),
      (found) => found !== null,
    );
    const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    const request = JSON.parse(Buffer.from(started?.input?.payloads?.[0]?.data ?? []).toString());
    expect(request).toEqual({ ...defaults, ...calls[0], retry: context.bench.settings.policies().default });
    await api.post(`/batches/${json.batchId}/cancel`);
  });
});

describe('control of a batch without a worker', () => {
  const alone = useApi(context, () => ({ taskQueue: `nobody-${randomUUID()}` }));

  it('pause and cancel work, resume is 503', async () => {
    const calls = [{ to: context.to }, { to: context.to }];
    const [paused, resumed, canceled] = await Promise.all(
      ['pause', 'resume', 'cancel'].map(async (what) => {
        const { batchId } = (await alone.post('/batches', { defaults, calls })).json;
        expect((await alone.get(`/batches/${batchId}`)).json.state).toBe('ready');
        return alone.post(`/batches/${batchId}/${what}`);
      }),
    );
    expect(paused).toMatchObject({ status: 202, json: { state: 'paused' } });
    expect(resumed).toMatchObject({ status: 503, json: problem('temporal-unavailable', 503) });
    expect(canceled).toMatchObject({ status: 202, json: { state: 'canceling', counts: { withdrawn: 2 } } });
    const handle = context.bench.client.workflow.getHandle(canceled?.json.batchId);
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes)).toBe(true);
  }, 30_000);
});

describe('controlling a batch over HTTP', () => {
  const begin = async () => {
    const answer = await postCsv(`to\n${context.to}\n`);
    return { batchId: answer.json.batchId as string, path: `/batches/${answer.json.batchId}` };
  };

  it('pause, resume, cancel: 202 with the state of the batch; 409 once it is over', async () => {
    const { path } = await begin();
    expect(await api.post(`${path}/pause`)).toMatchObject({ status: 202, json: { state: 'paused' } });
    expect(await api.post(`${path}/cancel`, { reason: 'wrong' })).toMatchObject({
      status: 202,
      json: { cancelReason: 'wrong', counts: { withdrawn: 1 } },
    });
    await over(path.slice('/batches/'.length));
    for (const what of ['pause', 'resume', 'cancel'])
      expect(await api.post(`${path}/${what}`)).toMatchObject({
        status: 409,
        json: problem('batch-conflict', 409),
      });
  });

  it('workflow was terminated: the next control starts it again', async () => {
    endCallsAutomatically(context);
    const { batchId, path } = await begin();
    await context.bench.client.workflow.getHandle(batchId).terminate();
    expect((await api.post(`${path}/resume`)).status).toBe(202);
    expect(await over(batchId)).toMatchObject({ state: 'done', counts: { done: 1 } });
  });

  it.each(['pause', 'resume', 'cancel'])('%s of an unknown batch: 404', async (what) => {
    const answer = await api.post(`/batches/batch-${randomUUID()}/${what}`);
    expect(answer).toMatchObject({ status: 404, json: problem('no-such-batch', 404) });
  });

  it.each(['', '/results', '/results.csv'])(
    'GET /batches/{batchId}%s of an unknown batch: 404',
    async (what) => {
      const answer = await api.get(`/batches/batch-${randomUUID()}${what}`);
      expect(answer).toMatchObject({ status: 404, json: problem('no-such-batch', 404) });
    },
  );

  it.each(['/batches?limit=0', '/batches?cursor=x', '/batches?batch=x', '/batches?limit=1&limit=2'])(
    'GET %s: 422',
    async (path) => {
      expect((await api.get(path)).status).toBe(422);
    },
  );
});

describe('a cell of the results', () => {
  it.each([
    ['a formula', '=1+1', "'=1+1"],
    ['a formula by a minus', '-1+1', "'-1+1"],
    ['a formula by an at', '@SUM(A1)', "'@SUM(A1)"],
    ['a formula by a plus', '+1+cmd|x', "'+1+cmd|x"],
    ['a formula after a tab', '\t=1', "'\t'=1"],
    ['a formula after a semicolon', "x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"],
    ['a formula after a semicolon and a blank', 'x; @SUM(A1)', "x; '@SUM(A1)"],
    ['a formula after a semicolon and a quote', 'x;"=1"', `"x;""'=1"""`],
    ['a formula after a tab in the middle', 'x\t-1', "x\t'-1"],
    ['a formula after a bar', 'x|+1', "x|'+1"],
    ['a formula after a line end', 'x\n=1', '"x\n\'=1"'],
    ['a formula in East Asian width after a semicolon', 'x;＝1', "x;'＝1"],
    ['a semicolon without a formula', 'x;y', 'x;y'],
    ['a formula after a blank', ' =1', "' =1"],
    ['blanks around it', ' a ', '" a "'],
    ['a phone number', '+15005550001', '+15005550001'],
    ['a negative number of ours', -1, '-1'],
    ['a comma', 'a,b', '"a,b"'],
    ['a quote', 'a"b', '"a""b"'],
    ['a line end', 'a\nb', '"a\nb"'],
    ['a formula that would end its cell', '="a",b', '"\'=""a"",b"'],
    ['nothing', null, ''],
  ])('%s: written as text, never as a formula', (_, value, written) => {
    expect(csvRow([value, 'z'])).toBe(`${written},z\r\n`);
  });
});
