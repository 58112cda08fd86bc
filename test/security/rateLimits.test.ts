import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { networkOf } from '../../src/api/access/rateLimit.js';
import { problem, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();

// The limits' clock stands still unless a test moves it; everything else runs on.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());
const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

const tooMany = { status: 429, json: problem('too-many-requests', 429) };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('requests to the calls API', () => {
  const rateLimits = { requestsPerSecond: 0.3, wrongTokensPerMinute: 2 };
  const byToken = useApi(context, () => ({ rateLimits, apiTokens: ['token-of-a', 'token-of-b'] }));
  const byAddress = useApi(context, () => ({ rateLimits }));
  const unlimited = useApi(context, () => ({ rateLimits: { requestsPerSecond: 0 } }));

  it('requests within the limit: served, with the rest of the limit in a header', async () => {
    for (const left of [2, 1, 0]) {
      const { status, headers } = await byToken.get('/calls?limit=1', bearer('token-of-a'));
      expect([status, headers.ratelimit]).toEqual([200, `"client";r=${left};t=10`]);
      expect(headers['ratelimit-policy']).toBe('"client";q=3;w=10');
    }
  });

  it.each(['/do-not-call', '/do-not-call/+15005550006', '/invalid-numbers', '/dialing'])(
    '%s: counts like every other',
    async (path) => {
      later(11);
      const { headers } = await byToken.get(path, bearer('token-of-a'));
      expect(headers.ratelimit).toBe('"client";r=2;t=10');
      later(11);
    },
  );

  it('one request more: 429 with Retry-After, then served again', async () => {
    later(11);
    for (const _ of [1, 2, 3]) await byToken.get('/calls', bearer('token-of-a'));
    const answer = await byToken.get('/calls', bearer('token-of-a'));
    expect(answer).toMatchObject(tooMany);
    expect(answer.headers).toMatchObject({ 'retry-after': '10', ratelimit: '"client";r=0;t=10' });
    later(11);
    expect((await byToken.get('/calls', bearer('token-of-a'))).status).toBe(200);
  });

  it('each token has a limit of its own', async () => {
    later(11);
    for (const _ of [1, 2, 3, 4]) await byToken.get('/calls', bearer('token-of-a'));
    expect((await byToken.get('/calls', bearer('token-of-a'))).status).toBe(429);
    expect((await byToken.get('/calls', bearer('token-of-b'))).status).toBe(200);
  });

  it('no tokens are set: an address has one limit', async () => {
    const answers = [];
    for (const _ of [1, 2, 3, 4]) answers.push(await byAddress.get('/calls'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  });

  it('POST /calls over the limit: 429, and nothing is dialed', async () => {
    later(11);
    const key = randomUUID();
    for (const _ of [1, 2, 3]) await byAddress.get('/calls');
    const body = { to: context.to, twiml: '<Response/>', notBefore: '2099-01-01T00:00:00Z' };
    expect(await byAddress.post('/calls', body, { 'Idempotency-Key': key })).toMatchObject(tooMany);
    later(11);
    expect((await byAddress.post('/calls', body, { 'Idempotency-Key': key })).status).toBe(202);
  });

  it('health, pages and metrics: not counted', async () => {
    later(11);
    for (const path of ['/healthz', '/readyz', '/docs', '/metrics', '/'])
      for (const _ of [1, 2, 3, 4]) expect([path, (await byAddress.get(path)).status]).toEqual([path, 200]);
  });

  it('limit is 0: any number of requests', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => unlimited.get('/calls?limit=1')));
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.ratelimit}`))).toEqual(
      new Set(['200 undefined']),
    );
  });

  it('flood of refused requests: counted, not logged', async () => {
    later(11);
    for (const _ of [1, 2, 3]) await byAddress.get('/calls');
    const before = byAddress.logLines.length;
    await byAddress.get('/calls');
    expect(byAddress.logLines.slice(before).filter(({ level }) => Number(level) >= 30)).toEqual([]);
    expect((await byAddress.get('/metrics')).text).toContain(
      'ringtrue_http_requests_total{method="GET",route="/calls",status="429"}',
    );
  });
});

describe('wrong tokens', () => {
  const rateLimits = { wrongTokensPerMinute: 2 };
  const apiTokens = ['the-right-token', 'another-right-token'];
  const api = useApi(context, () => ({ rateLimits, apiTokens }));

  it('too many wrong tokens from an address: further wrong ones get 429, until the minute is over', async () => {
    for (const guess of ['guess-1', 'guess-2'])
      expect((await api.get('/calls', bearer(guess))).status).toBe(401);
    const answers = [
      await api.get('/calls', bearer('guess-3')),
      await api.get('/metrics', bearer('guess-4')),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject(tooMany);
      expect(answer.headers).toMatchObject({
        'retry-after': '60',
        'ratelimit-policy': '"wrong-tokens";q=2;w=60',
      });
    }
    later(61);
    expect((await api.get('/calls', bearer('guess-5'))).status).toBe(401);
  });

  it('too many wrong tokens from an address: a right one that was never used still counts', async () => {
    later(120);
    for (const nth of [1, 2, 3, 4]) await api.get('/calls', bearer(`guess-${nth}`));
    expect((await api.get('/calls', bearer('guess'))).status).toBe(429);
    for (const token of apiTokens) {
      expect((await api.get('/calls', bearer(token))).status).toBe(200);
      expect((await api.get('/metrics', bearer(token))).status).toBe(200);
    }
  });

  it('no token: 401 any number of times', async () => {
    for (const _ of [1, 2, 3, 4]) expect((await api.get('/calls')).status).toBe(401);
  });
});

describe('callbacks without a valid signature', () => {
  const api = useApi(context, () => ({ rateLimits: { badSignaturesPerMinute: 2 } }));
  const path = `/twilio/status/call-${randomUUID()}/1`;

  it('too many: 429 instead of 403 and a closed connection; signed callbacks still count', async () => {
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    await call.until((state) => state.state === 'queued');
    const { sid } = context.twilio.calls[0] as { sid: string };
    const parameters = { CallSid: sid, CallStatus: 'completed' };
    for (const _ of [1, 2]) expect((await api.callback(path, parameters, 'guess')).status).toBe(403);
    const refused = await api.callback(path, parameters, 'guess');
    expect(refused).toMatchObject(tooMany);
    expect(refused.headers).toMatchObject({ connection: 'close', 'retry-after': '60' });
    for (const status of ['ringing', 'in-progress', 'completed'])
      expect(
        (await api.callback(`/twilio/status/${call.callId}/1`, { CallSid: sid, CallStatus: status })).status,
      ).toBe(204);
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'webhook' });
  });

  it('signed callbacks: never limited', async () => {
    for (const _ of Array(20)) {
      const { status, headers } = await api.callback(path, { CallStatus: 'busy' });
      expect([status, headers.ratelimit]).toEqual([404, undefined]);
    }
  });
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::1:2', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('limits take the address %s as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
