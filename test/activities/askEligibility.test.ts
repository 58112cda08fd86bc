import net from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import { askEligibility, type Eligibility } from '../../activities/place-call/askEligibility.js';
import type { CallPlan } from '../../workflows/callRequest.js';
import { listen, newSecret, quietEnvironment, secret, startReceiver, verified } from './notifyBench.js';

const plan = {
  to: '+15005550006',
  from: '+15005550001',
  metadata: { order: '17' },
  eligibilityUrl: null,
} as unknown as CallPlan;

/** Asks once, inside an activity as `placeCall` does. */
function ask({
  operator = null,
  client,
  secrets = [secret],
  allowPrivate = true,
  timeoutMs,
  requestedTo,
}: {
  operator?: string | null;
  client?: string;
  secrets?: string[];
  allowPrivate?: boolean;
  timeoutMs?: number;
  requestedTo?: string;
}): Promise<Eligibility> {
  const settings = {
    notify: { secrets, allowPrivate },
    doNotCall: { eligibilityUrl: operator, addOptOuts: false },
  } as unknown as ActivitySettings;
  const clientPlan = {
    ...plan,
    ...(client === undefined ? {} : { eligibilityUrl: client }),
    ...(requestedTo === undefined ? {} : { requestedTo }),
  };
  const input = {
    callId: 'order-17',
    attempt: 2,
    placement: 1,
    lookupSaysValid: false,
    requestedAt: new Date().toISOString(),
    plan: clientPlan,
  };
  return quietEnvironment().run(() =>
    askEligibility({ settings }, input, timeoutMs === undefined ? {} : { timeoutMs }),
  ) as Promise<Eligibility>;
}

const yes = { status: 200, body: '{"eligible":true}' };
const no = { status: 200, body: '{"eligible":false,"reason":"moved away"}' };

describe('whether the number may be called', () => {
  it('no eligibility URL: eligible', async () => {
    expect(await ask({})).toEqual({ kind: 'eligible' });
  });

  it('asked with call, attempt, numbers and metadata, signed with every secret', async () => {
    const receiver = await startReceiver(yes);
    const oldSecret = newSecret();
    await ask({ client: `${receiver.origin}/eligible?tenant=7`, secrets: [secret, oldSecret] });
    const [request, ...more] = receiver.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', url: '/eligible?tenant=7' });
    expect(verified(request, oldSecret)).toEqual(verified(request, secret));
    expect(verified(request, secret)).toEqual({
      type: 'call.eligibility',
      callId: 'order-17',
      attempt: 2,
      to: plan.to,
      from: plan.from,
      metadata: plan.metadata,
    });
  });

  it('Lookup spells the number otherwise: asked with both spellings', async () => {
    const receiver = await startReceiver(yes);
    await ask({ client: receiver.origin, requestedTo: '+4407700900123' });
    expect(verified(receiver.requests[0], secret)).toMatchObject({
      to: plan.to,
      requestedTo: '+4407700900123',
    });
  });

  it('asked again about the same attempt: with another webhook-id', async () => {
    const receiver = await startReceiver(yes);
    for (const _ of [1, 2]) await ask({ client: receiver.origin });
    const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(2);
  });

  it.each<[string, { status: number; body?: string; headers?: Record<string, string> }, Eligibility]>([
    ['200, eligible', yes, { kind: 'eligible' }],
    ['204', { status: 204 }, { kind: 'eligible' }],
    ['200, not eligible', no, { kind: 'refused', reason: 'moved away' }],
    [
      '200, not eligible, without a reason',
      { status: 200, body: '{"eligible":false}' },
      { kind: 'refused', reason: 'no reason was given' },
    ],
    [
      '200, not eligible, with a reason that is no text',
      { status: 200, body: '{"eligible":false,"reason":{}}' },
      { kind: 'refused', reason: 'no reason was given' },
    ],
    [
      '200, not eligible, with half a surrogate pair',
      { status: 200, body: String.raw`{"eligible":false,"reason":"a\ud800"}` },
      { kind: 'refused', reason: 'a\uFFFD' },
    ],
    [
      '200, not eligible, with a novel for a reason',
      { status: 200, body: JSON.stringify({ eligible: false, reason: 'x'.repeat(5_000) }) },
      { kind: 'refused', reason: 'x'.repeat(200) },
    ],
  ])('the answer is %s', async (_, answer, eligibility) => {
    const receiver = await startReceiver(answer);
    expect(await ask({ client: receiver.origin })).toEqual(eligibility);
  });
});

describe('the answer is not clear: unknown, never a yes', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'yes'],
    ['cut short', '{"eligible":tr'],
    ['null', 'null'],
    ['a bare true', 'true'],
    ['a list', '[{"eligible":true}]'],
    ['no eligible', '{"reason":"?"}'],
    ['eligible as text', '{"eligible":"true"}'],
    ['eligible as a number', '{"eligible":1}'],
    ['something of its own', '{"Eligible":true}'],
  ])('200 with %s', async (_, body) => {
    const receiver = await startReceiver({ status: 200, body });
    expect(await ask({ client: receiver.origin })).toMatchObject({
      kind: 'unknown',
      why: `${receiver.host} answered 200 without eligible: true or false in a JSON object`,
    });
  });

  it.each([201, 202, 400, 401, 403, 404, 410, 429, 500, 503])('%i, whatever it says', async (status) => {
    const receiver = await startReceiver({ status, body: '{"eligible":false}' });
    expect(await ask({ client: receiver.origin })).toMatchObject({
      kind: 'unknown',
      why: `${receiver.host} answered ${status}; must be 200 with eligible, or 204`,
    });
  });

  it('a redirect: not followed', async () => {
    const elsewhere = await startReceiver(yes);
    const receiver = await startReceiver({ status: 302, headers: { location: elsewhere.origin } });
    expect(await ask({ client: receiver.origin })).toMatchObject({
      kind: 'unknown',
      why: `${receiver.host} answered 302, a redirect, which is not followed`,
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([
    ['it never answers', { status: null }],
    ['it begins its answer and never ends it', { ...yes, halting: true }],
  ])('%s: given up after the timeout', async (_, answer) => {
    const receiver = await startReceiver(answer);
    expect(await ask({ client: receiver.origin, timeoutMs: 1000 })).toMatchObject({
      kind: 'unknown',
      why: `${receiver.host} could not be asked: no answer within 1 s`,
    });
    await receiver.leftAlone;
  });

  it('it never answers, and Node collects garbage meanwhile: given up after the timeout', async () => {
    const receiver = await startReceiver({ status: null });
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    const collectGarbage = setInterval(() => gc(), 50);
    onTestFinished(() => clearInterval(collectGarbage));
    expect(await ask({ client: receiver.origin, timeoutMs: 500 })).toMatchObject({ kind: 'unknown' });
  });

  it('the answer never ends: cut off', async () => {
    const receiver = await startReceiver({ status: 200, endless: true });
    expect(await ask({ client: receiver.origin })).toMatchObject({
      kind: 'unknown',
      why: `${receiver.host} could not be asked: its answer is longer than 65536 bytes`,
    });
  });

  it('no server listens: unknown', async () => {
    const server = net.createServer();
    const { port } = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask({ client: `http://127.0.0.1:${port}/?token=hidden` })).toMatchObject({
      kind: 'unknown',
      why: `127.0.0.1:${port} could not be asked: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('the server speaks no HTTP: unknown', async () => {
    const { port } = await listen(net.createServer((socket) => socket.resume().end('nonsense\r\n\r\n')));
    expect(await ask({ client: `http://127.0.0.1:${port}` })).toMatchObject({ kind: 'unknown' });
  });
});

describe('the eligibility URL', () => {
  it.each([
    'http://127.0.0.1:9/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]:9/',
    'http://localhost:9/',
    'http://2130706433:9/',
  ])('the URL of a request leads to %s: unknown, and nothing is sent', async (client) => {
    expect(await ask({ client, allowPrivate: false })).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('is not on the public internet'),
    });
  });

  it("the operator's own URL may be a private one", async () => {
    const receiver = await startReceiver(yes);
    expect(await ask({ operator: receiver.origin, allowPrivate: false })).toEqual({ kind: 'eligible' });
  });

  it('no valid URL: unknown', async () => {
    expect(await ask({ client: 'nonsense' })).toMatchObject({ kind: 'unknown' });
  });
});

describe("a request's own endpoint gives no clear answer to any call", () => {
  it('however many calls wait, one of them now and then asks it; once it answers, all do', async () => {
    const [receiver, other] = [await startReceiver({ status: 503 }), await startReceiver(yes)];
    const askAll = () => Promise.all(Array.from({ length: 20 }, () => ask({ client: receiver.origin })));
    for (const _ of Array(5)) await ask({ client: receiver.origin });
    for (const eligibility of await askAll())
      expect(eligibility).toMatchObject({
        kind: 'unknown',
        why: `${receiver.host} gave no clear answers lately, and is tested by one call now and then`,
        everyCall: false,
      });
    expect(receiver.requests).toHaveLength(5);
    expect(await ask({ client: other.origin })).toEqual({ kind: 'eligible' });
    receiver.answer = yes;
    await expect.poll(askAll, { timeout: 5_000 }).toContainEqual({ kind: 'eligible' });
    for (const eligibility of await askAll()) expect(eligibility).toEqual({ kind: 'eligible' });
  });
});

describe('very many calls ask one endpoint at once', () => {
  it('it does not answer: calls beyond a bound are not asked about, and other endpoints are asked', async () => {
    const [silent, other] = [await startReceiver({ status: null }), await startReceiver(yes)];
    const asking = Array.from({ length: 150 }, () => ask({ client: silent.origin, timeoutMs: 3_000 }));
    expect(await ask({ client: silent.origin })).toMatchObject({
      kind: 'unknown',
      why: `${silent.host} could not be asked: 150 requests to ${silent.host} are under way without an answer`,
    });
    expect(await ask({ client: other.origin })).toEqual({ kind: 'eligible' });
    for (const eligibility of await Promise.all(asking)) expect(eligibility.kind).toBe('unknown');
  });

  it('it answers: all of them are asked about', async () => {
    const receiver = await startReceiver(yes);
    const eligibilities = await Promise.all(
      Array.from({ length: 100 }, () => ask({ client: receiver.origin })),
    );
    expect(new Set(eligibilities.map(({ kind }) => kind))).toEqual(new Set(['eligible']));
  });
});

describe('operator and request both have an eligibility URL', () => {
  it.each([
    ['both say yes', yes, yes, 'eligible', 1],
    ["the operator says no: the request's URL is not asked", no, yes, 'refused', 0],
    ['only the operator says yes', yes, no, 'refused', 1],
    ["the operator gives no clear answer: the request's URL is not asked", { status: 500 }, no, 'unknown', 0],
    ['the other one does not answer clearly', yes, { status: 500 }, 'unknown', 1],
  ])('%s', async (_, operatorAnswer, clientAnswer, kind, clientRequests) => {
    const [operator, client] = [await startReceiver(operatorAnswer), await startReceiver(clientAnswer)];
    expect((await ask({ operator: operator.origin, client: client.origin })).kind).toBe(kind);
    expect(operator.requests).toHaveLength(1);
    expect(client.requests).toHaveLength(clientRequests);
  });
});
