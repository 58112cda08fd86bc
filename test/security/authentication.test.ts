import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/api/openApiDocument.js';
import { routes } from '../../src/api/routes.js';
import { authToken, bareApi, problem, publicUrl, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';
import { head, raw } from './rawHttp.js';

const context = useCallBench();
const first = 'first-token-0123456789';
const second = 'zweites/token+with=';
const secured = useApi(context, () => ({
  apiTokens: [first, second],
  rateLimits: { wrongTokensPerMinute: 1000 },
}));
const open = useApi(context);

const ask = (api: { origin: string }, target: string, ...lines: string[]) =>
  raw(Number(new URL(api.origin).port), head(`GET ${target} HTTP/1.1`, ...lines));

type Operation = { security?: object[] };
/** Every route that asks for a token, by what the API says of itself. */
const protectedRoutes = Object.entries(
  (openApiDocument(routes, true) as { paths: Record<string, Record<string, Operation>> }).paths,
).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { security }]) => security !== undefined)
    .map(([method]) => [
      method.toUpperCase(),
      path.replace('{number}', '+15005550006').replace(/\{.*\}/, 'x'),
    ]),
) as [method: string, path: string][];

describe('protected routes', () => {
  it('the document has open and protected routes', () => {
    for (const route of ['POST /calls', 'DELETE /do-not-call/+15005550006', 'PATCH /dialing/limits'])
      expect(protectedRoutes.map((one) => one.join(' '))).toContain(route);
  });

  it.each(protectedRoutes)('%s %s: 401 without a token and with a wrong one', async (method, path) => {
    for (const headers of [{}, { Authorization: 'Bearer wrong' }])
      expect((await secured.send({ method, path, headers })).status).toBe(401);
  });

  it.each(protectedRoutes)(
    '%s %s: 403 under another name, while there are no tokens',
    async (method, path) => {
      const answer = await open.send({ method, path, headers: { Host: 'abc123.tunnel.example' } });
      expect(answer.json).toMatchObject(problem('not-local', 403));
    },
  );
});

describe('a bearer token', () => {
  it.each([
    ['as it should be', `Authorization: Bearer ${first}`],
    ['the other one', `Authorization: Bearer ${second}`],
    ['bearer in small letters', `Authorization: bearer ${first}`],
    ['BEARER in capitals', `authorization: BEARER ${first}`],
    ['blanks around it', `Authorization:   Bearer   ${first}  `],
  ])('%s: accepted', async (_, line) => {
    expect((await ask(secured, '/calls', 'Host: x', line)).status).toBe(200);
  });

  it.each<[string, string[]]>([
    ['no header', []],
    ['an empty header', ['Authorization:']],
    ['no token', ['Authorization: Bearer']],
    ['a blank for a token', ['Authorization: Bearer  ']],
    ['an empty token in quotes', ['Authorization: Bearer ""']],
    ['a token in quotes', [`Authorization: Bearer "${first}"`]],
    ['the beginning of one', [`Authorization: Bearer ${first.slice(0, -1)}`]],
    ['one and a letter more', [`Authorization: Bearer ${first}0`]],
    ['one in capitals', [`Authorization: Bearer ${first.toUpperCase()}`]],
    ['two at once', [`Authorization: Bearer ${first},${second}`]],
    ['two at once, with a blank', [`Authorization: Bearer ${first} ${second}`]],
    ['a wrong header, then the right one', ['Authorization: Bearer x', `Authorization: Bearer ${first}`]],
    ['the right header, then a wrong one', [`Authorization: Bearer ${first}`, 'Authorization: Bearer x']],
    ['the right one twice', [`Authorization: Bearer ${first}`, `Authorization: Bearer ${first}`]],
    ['no scheme', [`Authorization: ${first}`]],
    ['a tab after the scheme', [`Authorization: Bearer\t${first}`]],
    ['another scheme', [`Authorization: Token ${first}`]],
    ['Basic, as its password', [`Authorization: Basic ${Buffer.from(`x:${first}`).toString('base64')}`]],
    ['a longer scheme', [`Authorization: XBearer ${first}`]],
    ['in a header of a proxy', [`Proxy-Authorization: Bearer ${first}`]],
    ['in a header of its own', [`X-Api-Key: ${first}`, `Token: ${first}`]],
    ['as a cookie', [`Cookie: token=${first}; Authorization=Bearer ${first}`]],
    ['encoded', [`Authorization: Bearer ${encodeURIComponent(second)}`]],
    ['all tokens as they are configured', [`Authorization: Bearer ${first}, ${second}`]],
    ['a pattern that fits', ['Authorization: Bearer .*']],
    ['8,000 letters', [`Authorization: Bearer ${'a'.repeat(8_000)}`]],
    ['letters beyond ASCII', ['Authorization: Bearer t\xf6ken']],
    ['from a proxy that says it is this machine', ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1']],
  ])('%s: 401', async (_, lines) => {
    for (const target of [
      '/calls',
      '/calls/some-id',
      '/batches',
      '/batches/x/results.csv',
      '/redials',
      '/dead-letters',
      '/metrics',
    ]) {
      const answer = await ask(secured, target, 'Host: localhost', ...lines);
      expect([target, answer.status]).toEqual([target, 401]);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="ringtrue"/);
      expect(answer.text).not.toContain(first);
    }
  });

  it.each([`access_token=${first}`, `token=${first}`, `Authorization=Bearer%20${first}`, `api_key=${first}`])(
    'in the query (%s…): 401',
    async (query) => {
      expect((await ask(secured, `/calls?${query}`, 'Host: localhost')).status).toBe(401);
    },
  );

  it('token in a form field: 401', async () => {
    const answer = await secured.send({
      path: '/calls',
      method: 'POST',
      body: `access_token=${first}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(401);
  });

  it('a token does not replace a signature, nor a signature a token', async () => {
    const bearer = { Authorization: `Bearer ${first}` };
    expect((await secured.post('/twilio/status/x/1', {}, bearer)).status).toBe(403);
    const signed = await secured.callback('/twilio/status/x/1', { CallStatus: 'busy' });
    expect(signed.status).toBe(404);
    expect((await secured.get('/calls', { 'X-Twilio-Signature': 'x' })).status).toBe(401);
  });

  it('tokens are set: host name and headers of a proxy do not matter', async () => {
    for (const lines of [
      ['Host: calls.example.com'],
      ['Host: localhost', 'Origin: https://calls.example.com'],
      [
        'Host: 127.0.0.1:3000',
        'X-Forwarded-For: 203.0.113.9',
        'X-Forwarded-Prefix: /ringtrue',
        'Via: 1.1 x',
        'CF-Ray: 1',
      ],
    ])
      expect((await ask(secured, '/calls', ...lines, `Authorization: Bearer ${first}`)).status).toBe(200);
  });
});

describe('no tokens are set', () => {
  const port = () => new URL(open.origin).port;

  it.each([['localhost'], ['LOCALHOST'], ['localhost.'], ['127.0.0.1'], ['127.1.2.3'], ['[::1]']])(
    'asked for as %s, with or without a port: served',
    async (host) => {
      expect((await ask(open, '/calls', `Host: ${host}`)).status).toBe(200);
      expect((await ask(open, '/calls', `Host: ${host}:${port()}`)).status).toBe(200);
    },
  );

  it.each<[string, string[]]>([
    ['the name of a tunnel', ['Host: abc123.tunnel.example']],
    ['a name that an attacker lets lead here', ['Host: rebind.evil.example:3000']],
    ['a name that begins like this machine', ['Host: localhost.evil.example']],
    ['a name that ends like this machine', ['Host: evil-localhost']],
    ['an address of this network', ['Host: 192.168.1.7:3000']],
    ['every address', ['Host: 0.0.0.0:3000']],
    [
      'another machine, through a proxy that says otherwise',
      ['Host: evil.example', 'X-Forwarded-Host: localhost'],
    ],
    ['a page of another origin', ['Host: localhost:3000', 'Origin: https://evil.example']],
    ['a page of another port', ['Host: localhost:3000', 'Origin: http://localhost:8000']],
    ['a page that hides its origin', ['Host: localhost:3000', 'Origin: null']],
    ['an origin that is none', ['Host: localhost:3000', 'Origin: localhost:3000']],
  ])('request with host or origin %s: 403', async (_, lines) => {
    for (const target of ['/calls', '/calls/x', '/dead-letters', '/metrics']) {
      const answer = await ask(open, target, ...lines);
      expect(JSON.parse(answer.body)).toMatchObject(problem('not-local', 403));
    }
    const answer = await raw(
      Number(port()),
      head('POST /calls/some-id/cancel HTTP/1.1', ...lines, 'Content-Length: 0'),
    );
    expect(answer.status).toBe(403);
  });

  it.each([
    ['http://evil.example/calls', ['Host: localhost']],
    ['http://localhost/calls', ['Host: abc123.tunnel.example']],
    ['http://localhost:3000/calls', ['Host: localhost:4000']],
    ['http://[::1]/calls', ['Host: 127.0.0.1']],
    ['http://LOCALHOST/calls', ['Host: evil.example']],
    ['http://localhost/calls', ['Host: localhost', 'Host: evil.example']],
    ['/calls', ['Host: localhost', 'Host: evil.example']],
  ])('target %s, headers %j: 403', async (target, lines) => {
    expect((await ask(open, target, ...lines)).status).toBe(403);
  });

  it('target and Host header name the same local host: served', async () => {
    for (const target of ['http://localhost:3000/calls', 'http://LOCALHOST:3000/calls'])
      expect((await ask(open, target, 'Host: localhost:3000')).status).toBe(200);
  });

  it('HTTP/1.0 without a Host header: 403', async () => {
    expect((await raw(Number(port()), 'GET /calls HTTP/1.0\r\n\r\n')).status).toBe(403);
  });

  it.each([
    'X-Forwarded-For: 203.0.113.9',
    'x-forwarded-for: 127.0.0.1',
    'X-FORWARDED-PROTO: https',
    'X-Forwarded-Host: localhost:3000',
    'X-Forwarded-Server: proxy',
    'X-Forwarded: for=203.0.113.9',
    'X-Original-Forwarded-For: 203.0.113.9',
    'Forwarded: for=203.0.113.9;proto=https;host=calls.example.com',
    'Forwarded-For: 203.0.113.9',
    'Via: 1.1 proxy',
    'X-Real-IP: 203.0.113.9',
    'X-Client-IP: 203.0.113.9',
    'X-Cluster-Client-IP: 203.0.113.9',
    'True-Client-IP: 203.0.113.9',
    'CF-Connecting-IP: 203.0.113.9',
    'CF-Ray: 230b030023ae2822-SJC',
    'CDN-Loop: cloudflare',
    'Fly-Client-IP: 203.0.113.9',
    'Fastly-Client-IP: 203.0.113.9',
    'X-Envoy-External-Address: 203.0.113.9',
    'X-Appengine-User-IP: 203.0.113.9',
    'X-Azure-ClientIP: 203.0.113.9',
    'X-ProxyUser-Ip: 203.0.113.9',
    'X-Original-Host: abc123.tunnel.example',
    'Front-End-Https: on',
    'Ngrok-Trace-Id: 1',
    'X-Forward-For: 203.0.113.9',
    'X-RealIP: 203.0.113.9',
    'CloudFront-Viewer-Address: 203.0.113.9:1234',
    'Remote-Addr: 203.0.113.9',
    'X-Scheme: https',
    'Proxy-Connection: keep-alive',
    'Tailscale-User-Login: a@example.com',
    'X-NginX-Proxy: true',
    'X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678',
    'X-Cloud-Trace-Context: 105445aa7843bc8bf206b12000100000/1;o=1',
    'X-Request-Start: t=1700000000',
    'X-Varnish: 32770',
    'Surrogate-Capability: key=ESI/1.0',
  ])('request has the header of a proxy or tunnel (%s): 403, nothing is dialed', async (line) => {
    const before = context.twilio.creates.length;
    const host = `Host: localhost:${port()}`;
    for (const target of ['/calls', '/metrics', `http://localhost:${port()}/calls`])
      expect([target, (await ask(open, target, host, line)).status]).toEqual([target, 403]);
    const body = '{"to":"+15005551200","twiml":"<Response><Say>Hi</Say></Response>"}';
    const lines = [host, line, 'Content-Type: application/json', `Content-Length: ${body.length}`];
    const answer = await raw(Number(port()), head('POST /calls HTTP/1.1', ...lines), body);
    expect(JSON.parse(answer.body)).toMatchObject(problem('not-local', 403));
    expect(context.twilio.creates).toHaveLength(before);
  });

  it.each([
    'X-Request-Id: 1',
    'User-Agent: Forwarder/1.0',
    'Accept-Language: en',
    'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'X-Description: via',
    'Cookie: cf-ray=1',
    'Tooltip: 1',
    'X-Client-Version: 7',
    'Apollographql-Client-Name: ours',
    'Sec-Fetch-Mode: cors',
    'X-Correlation-Id: 1',
  ])('request has a header that clients send themselves (%s): served', async (line) => {
    expect((await ask(open, '/calls', `Host: localhost:${port()}`, line)).status).toBe(200);
  });

  it.each(['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::1', '10.0.0.1', 'fe80::1', undefined])(
    'connection comes from %s: 403',
    async (remoteAddress) => {
      const incoming = { socket: { remoteAddress }, headersDistinct: { host: ['localhost'] } };
      const answer = await bareApi().request('http://localhost/metrics', {}, { incoming } as never);
      expect(answer.status).toBe(403);
    },
  );

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
    'connection comes from %s: served',
    async (remoteAddress) => {
      const incoming = { socket: { remoteAddress }, headersDistinct: { host: ['localhost'] } };
      const answer = await bareApi().request('http://localhost/metrics', {}, { incoming } as never);
      expect(answer.status).toBe(200);
    },
  );

  it('request from the API page of this server: served', async () => {
    const lines = [`Host: localhost:${port()}`, `Origin: http://localhost:${port()}`];
    expect((await ask(open, '/calls', ...lines)).status).toBe(200);
  });

  it('callbacks, pages and health: served under any host name', async () => {
    const lines = ['Host: abc123.tunnel.example', 'X-Forwarded-For: 203.0.113.9', 'Via: 1.1 proxy'];
    for (const target of ['/', '/docs', '/openapi.json', '/healthz', '/readyz', '/readyz/callbacks'])
      expect([target, (await ask(open, target, ...lines)).status]).toEqual([target, 200]);
    const path = '/twilio/status/call-x/1';
    const signature = getExpectedTwilioSignature(authToken, publicUrl + path, { CallStatus: 'busy' });
    const signed = await raw(
      Number(port()),
      head(
        `POST ${path} HTTP/1.1`,
        ...lines,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 15',
        `X-Twilio-Signature: ${signature}`,
      ),
      'CallStatus=busy',
    );
    expect(JSON.parse(signed.body)).toMatchObject(problem('no-such-call', 404));
    const answer = await open.send({
      path: '/twilio/status/x/1',
      method: 'POST',
      headers: { Host: 'abc123.tunnel.example' },
    });
    expect(answer.json).toMatchObject(problem('bad-signature', 403));
  });
});
