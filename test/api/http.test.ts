import { describe, expect, it } from 'vitest';
import { useCallBench } from '../support/useCallBench.js';
import { bareApi, problem, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context, () => ({ temporalUiUrl: 'http://127.0.0.1:8233/?a=1&b="' }));

describe('bearer tokens', () => {
  const secured = useApi(context, () => ({ apiTokens: ['first-token', 'zweites-token'] }));

  it.each([['first-token'], ['zweites-token']])('token %s is configured: accepted', async (token) => {
    expect((await secured.get('/calls', { Authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await secured.get('/calls', { Authorization: `bearer  ${token}` })).status).toBe(200);
    expect((await secured.get('/metrics', { Authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['an empty one', { Authorization: 'Bearer ' }],
    ['another', { Authorization: 'Bearer first-toke' }],
    ['both at once', { Authorization: 'Bearer first-token,zweites-token' }],
    ['the right one as another scheme', { Authorization: 'Basic first-token' }],
  ])('%s is sent as the token: 401 on every path', async (_, headers) => {
    for (const path of ['/calls', '/calls?limit=1', '/calls/', '/calls/x', '/calls/x/nothing', '/metrics'])
      expect([path, (await secured.get(path, headers)).status]).toEqual([path, 401]);
    const answer = await secured.post('/calls', {}, headers);
    expect(answer.json).toMatchObject(problem('unauthorized', 401));
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="ringtrue"/);
  });

  it.each([
    ['//calls'],
    ['/./calls'],
    ['/x/../calls'],
    ['/%63alls'],
    ['/calls%2f'],
    ['/calls;x'],
    ['/docs/..%2fcalls'],
  ])('another spelling of a protected path, %s: not served', async (path) => {
    const { status, text } = await secured.get(path);
    expect([401, 404]).toContain(status);
    expect(text).not.toContain('nextCursor');
  });

  it('open routes: served without a token', async () => {
    for (const path of ['/', '/docs', '/openapi.json', '/healthz', '/readyz'])
      expect([path, (await secured.get(path)).status]).toEqual([path, 200]);
    expect((await secured.post('/twilio/status/x/1')).status).toBe(403);
  });
});

describe('unknown paths and methods', () => {
  it.each([
    ['/nothing'],
    ['/readyz/nothing'],
    ['/twilio/status'],
    ['/twilio/status/x'],
    ['/twilio/status/x/1/2'],
    ['/docs/../package.json'],
    ['/docs/..%2fpackage.json'],
    ['/docs/swagger-ui.js'],
    ['/docs/__proto__'],
    ['/call%73x'],
  ])('%s: 404 as a problem', async (path) => {
    const answer = await api.get(path);
    expect(answer).toMatchObject({ status: 404, json: problem('not-found', 404) });
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it.each([
    ['PUT', '/calls', 'POST, GET, HEAD'],
    ['DELETE', '/calls/x', 'GET, HEAD'],
    ['GET', '/calls/x/cancel', 'POST'],
    ['PATCH', '/calls/x/retry', 'POST'],
    ['PUT', '/do-not-call', 'GET, HEAD, POST'],
    ['POST', '/do-not-call/+15005550006', 'GET, HEAD, DELETE'],
    ['GET', '/dialing/pause', 'POST'],
    ['PUT', '/dialing/limits', 'PATCH'],
    ['GET', '/twilio/status/x/1', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/openapi.json', 'GET, HEAD'],
  ])('%s %s: 405, and Allow is %s', async (method, path, allow) => {
    const answer = await api.send({ method, path });
    expect(answer).toMatchObject({
      status: 405,
      json: problem('method-not-allowed', 405),
      headers: { allow },
    });
  });

  it('a problem names the path and the request id', async () => {
    const { json, headers } = await api.get('/nothing?to=+15005550100', { 'X-Request-Id': 'abc-1' });
    expect(json).toMatchObject({
      instance: '/nothing',
      requestId: 'abc-1',
      title: expect.any(String),
      detail: expect.any(String),
    });
    expect(headers['x-request-id']).toBe('abc-1');
  });

  it.each([['a b'], ['x'.repeat(300)], ['"><script>'], ['ü']])(
    'the request id %s is no id: it gets one of ours',
    async (id) => {
      const { headers } = await api.get('/healthz', { 'X-Request-Id': id });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('unexpected error: 500, the cause is only in the log', async () => {
    const broken = bareApi({
      readiness: async () => {
        throw new Error('secret cause');
      },
    });
    const answer = await broken.request('/readyz');
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject(problem('internal-error', 500));
    expect(text).not.toContain('secret');
  });
});

describe('health, metrics and log', () => {
  const notReady = useApi(context, () => ({
    readiness: async () => ({ ready: false, checks: { temporal: 'does not answer' } }),
  }));

  it('process is alive and ready: 200', async () => {
    expect(await api.get('/healthz')).toMatchObject({ status: 200, json: { alive: true } });
    expect(await api.get('/readyz')).toMatchObject({
      status: 200,
      json: { ready: true, checks: { temporal: 'ok' } },
    });
  });

  it('process is not ready: 503 names the failed check, and healthz is 200', async () => {
    expect(await notReady.get('/readyz')).toMatchObject({
      status: 503,
      json: { ready: false, checks: { temporal: 'does not answer' } },
    });
    expect((await notReady.get('/healthz')).status).toBe(200);
  });

  it('only the store is not available: callbacks can still be served', async () => {
    const [temporal, store] = ['ok', 'connect ECONNREFUSED 10.1.2.3:5432'];
    const storeDown = bareApi({ readiness: async () => ({ ready: false, checks: { temporal, store } }) });
    expect((await storeDown.request('http://localhost/readyz')).status).toBe(503);
    const callbacks = await storeDown.request('http://localhost/readyz/callbacks');
    expect(callbacks.status).toBe(200);
    expect(await callbacks.json()).toEqual({ ready: true, checks: { temporal } });
  });

  it('Temporal is not available: callbacks cannot be served', async () => {
    expect(await notReady.get('/readyz/callbacks')).toMatchObject({
      status: 503,
      json: { ready: false, checks: { temporal: 'does not answer' } },
    });
  });

  it.each([
    ['tokens are set, and none is sent', { apiTokens: ['the-right-token'] }, {}],
    [
      'tokens are set, and a wrong one is sent',
      { apiTokens: ['the-right-token'] },
      { Authorization: 'Bearer wrong' },
    ],
    ['no tokens are set, and a proxy passed it on', { apiTokens: [] }, { 'X-Forwarded-For': '203.0.113.9' }],
  ])('readiness for strangers (%s): without the checks', async (_, { apiTokens }, headers) => {
    const checks = { temporal: 'temporal.internal:7233 does not answer' };
    const readiness = async () => ({ ready: false, checks });
    const strange = bareApi({ apiTokens, readiness });
    for (const path of ['/readyz', '/readyz/callbacks']) {
      const answer = await strange.request(`http://localhost${path}`, { headers });
      expect([answer.status, await answer.text()]).toEqual([503, '{"ready":false}']);
    }
    const trusted = { Authorization: 'Bearer the-right-token' };
    const answer = await strange.request('http://localhost/readyz', { headers: trusted });
    expect(await answer.json()).toEqual({ ready: false, checks });
  });

  it('metrics: requests by route pattern, never by path', async () => {
    await api.get('/calls/some-id');
    await api.get('/no/such/path');
    const { headers, text } = await api.get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(text).toContain('ringtrue_http_requests_total{method="GET",route="/calls/:callId",status="404"}');
    expect(text).toContain('ringtrue_http_requests_total{method="GET",route="none",status="404"}');
    expect(text).toContain('ringtrue_http_request_duration_seconds_bucket');
    expect(text).not.toMatch(/some-id|no\/such/);
  });

  it('log: one line a request, without numbers, keys, bodies and query strings', async () => {
    const before = api.logLines.length;
    const key = 'key-that-nobody-should-see';
    await api.post(
      '/calls',
      { to: '+15005550199', twiml: '<Say>secret text</Say>', x: 1 },
      { 'Idempotency-Key': key },
    );
    await api.get('/calls?to=%2B15005550199');
    await api.get('/calls/call-to-+15005550199', { Authorization: 'Bearer some-token' });
    await api.callback('/twilio/status/call-15005550199/1', { To: '+15005550199', CallStatus: 'busy' });
    const lines = api.logLines.slice(before);
    expect(lines.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['POST', '/calls', 422],
      ['GET', '/calls', 200],
      ['GET', '/calls/:callId', 404],
      ['POST', '/twilio/status/:callId/:attempt', 404],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/5005550199|nobody-should-see|secret|some-token/);
    expect(lines[0]).toMatchObject({ ms: expect.any(Number), requestId: expect.any(String) });
  });
});

describe('the pages', () => {
  it('every answer: its headers forbid foreign content, frames and type guessing', async () => {
    for (const path of ['/', '/docs', '/calls', '/nothing']) {
      const { headers } = await api.get(path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('the front page leads to the API page, the calls and the Temporal UI', async () => {
    const { text, headers } = await api.get('/');
    expect(headers['content-type']).toMatch(/^text\/html/);
    for (const link of [
      'href="docs"',
      'href="ui/calls"',
      'href="readyz"',
      'href="http://127.0.0.1:8233/?a=1&amp;b=&quot;"',
    ])
      expect(text).toContain(link);
  });

  it('/docs/ with a slash at the end: redirects to /docs, whose links are relative', async () => {
    expect(await api.get('/docs/')).toMatchObject({ status: 302, headers: { location: '../docs' } });
  });

  it('API page and front page: they load only files of this server', async () => {
    for (const page of ['/', '/docs']) {
      const { text } = await api.get(page);
      expect(text).not.toMatch(/<script>|<style|style=|https?:\/\/(?!127)/);
      const loads = [...text.matchAll(/(?:src|rel="stylesheet" href)="([^"]+)"/g)].map(
        ([, path]) => `/${path}`,
      );
      expect(loads.length).toBeGreaterThan(0);
      for (const path of loads) {
        const answer = await api.get(path);
        expect([path, answer.status]).toEqual([path, 200]);
        expect(answer.headers['content-type']).toMatch(/^text\/(css|javascript)/);
      }
    }
  });
});
