import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/api/openApiDocument.js';
import { routes } from '../../src/api/routes.js';
import { problem, useApi } from '../api/useApi.js';
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

  it('tokens are set: the host name of the request does not matter', async () => {
    for (const lines of [
      ['Host: calls.example.com'],
      ['Host: localhost', 'Origin: https://calls.example.com'],
    ])
      expect((await ask(secured, '/calls', ...lines, `Authorization: Bearer ${first}`)).status).toBe(200);
  });
});

describe('no tokens are set', () => {
  const port = () => new URL(open.origin).port;

  it.each([['localhost'], ['LOCALHOST'], ['127.0.0.1'], ['127.1.2.3'], ['[::1]']])(
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

  it('target names another host than the Host header: the target counts', async () => {
    expect((await ask(open, 'http://evil.example/calls', 'Host: localhost')).status).toBe(403);
  });

  it('request from the API page of this server: served', async () => {
    const lines = [`Host: localhost:${port()}`, `Origin: http://localhost:${port()}`];
    expect((await ask(open, '/calls', ...lines)).status).toBe(200);
  });

  it('callbacks, pages and health: served under any host name', async () => {
    const host = 'Host: abc123.tunnel.example';
    for (const target of ['/', '/docs', '/openapi.json', '/healthz', '/readyz'])
      expect([target, (await ask(open, target, host)).status]).toEqual([target, 200]);
    const answer = await open.send({
      path: '/twilio/status/x/1',
      method: 'POST',
      headers: { Host: 'abc123.tunnel.example' },
    });
    expect(answer.json).toMatchObject(problem('bad-signature', 403));
  });
});
