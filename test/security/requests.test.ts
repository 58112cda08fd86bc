import { describe, expect, it } from 'vitest';
import { problem, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';
import { head, raw } from './rawHttp.js';

const context = useCallBench();
const token = 'the-right-token';
const api = useApi(context, () => ({ apiTokens: [token] }));
const bearer = `Authorization: Bearer ${token}`;
const host = 'Host: localhost';
const json = 'Content-Type: application/json';
const port = () => Number(new URL(api.origin).port);
const ask = (first: string, ...lines: string[]) => raw(port(), head(first, host, ...lines));

/** What no answer may be without, and what none may give away. */
function isSafe(answer: { headers: Record<string, unknown>; body: string }): void {
  expect(answer.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(
    Object.keys(answer.headers).filter((name) => /^access-control-|^x-powered-by$|^server$/.test(name)),
  ).toEqual([]);
  givesNothingAway(answer.body);
}

function givesNothingAway(body: string): void {
  expect(body).not.toMatch(/node_modules|\.ts:|\.js:|^\s+at /m);
  expect(body).not.toContain(process.cwd());
}

describe('bytes that are not HTTP or ambiguous: refused without a body', () => {
  const post = (...lines: string[]) => head('POST /calls HTTP/1.1', host, bearer, json, ...lines);
  const smuggled = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';

  it.each<[string, string, number]>([
    [
      'Content-Length and Transfer-Encoding',
      `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled}`,
      400,
    ],
    [
      'Transfer-Encoding and Content-Length',
      `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n${smuggled}`,
      400,
    ],
    ['two lengths', `${post('Content-Length: 2', 'Content-Length: 40')}{}${smuggled}`, 400],
    ['a length with a sign', `${post('Content-Length: +2')}{}`, 400],
    ['a negative length', `${post('Content-Length: -1')}{}`, 400],
    ['a length in hex', `${post('Content-Length: 0x2')}{}`, 400],
    ['a length beyond all numbers', `${post('Content-Length: 99999999999999999999')}{}`, 400],
    ['an encoding that is none', `${post('Transfer-Encoding: xchunked')}2\r\n{}\r\n0\r\n\r\n`, 400],
    ['chunked, but not last', `${post('Transfer-Encoding: chunked, identity')}2\r\n{}\r\n0\r\n\r\n`, 400],
    ['a chunk size that is none', `${post('Transfer-Encoding: chunked')}zz\r\n{}\r\n0\r\n\r\n`, 400],
    ['a blank before the colon', post('Content-Length : 2'), 400],
    ['a folded header', head('GET /healthz HTTP/1.1', host, 'X-A: b', ' c'), 400],
    ['NUL in a header', head('GET /healthz HTTP/1.1', host, 'X-A: a\0b'), 400],
    ['lines ended by LF alone', 'GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n', 400],
    ['no Host', head('GET /healthz HTTP/1.1'), 400],
    ['a Host with a blank', head('GET /healthz HTTP/1.1', 'Host: a b'), 400],
    ['a Host with a path', head('GET /healthz HTTP/1.1', 'Host: localhost/x'), 400],
    ['a Host with a user', head('GET /healthz HTTP/1.1', 'Host: me@localhost'), 400],
    ['a Host with markup', head('GET /healthz HTTP/1.1', 'Host: <script>'), 400],
    ['a method that is none', head('FROB /healthz HTTP/1.1', host), 400],
    ['a method in small letters', head('get /healthz HTTP/1.1', host), 400],
    ['a version that is none', head('GET /healthz HTTP/3.7', host), 400],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a target without a slash', head('GET calls HTTP/1.1', host), 400],
    ['a target of another scheme', head('GET javascript:alert(1) HTTP/1.1', host), 400],
    ['a target with a backslash', head('GET /calls\\x HTTP/1.1', host), 400],
    ['a target with a byte beyond ASCII', head('GET /calls/\xe9 HTTP/1.1', host), 400],
    ['an asterisk', head('OPTIONS * HTTP/1.1', host), 400],
    ['an expectation that is none', head('POST /calls HTTP/1.1', host, 'Expect: 200-ok'), 417],
    ['a header of 20,000 letters', head('GET /healthz HTTP/1.1', host, `X-A: ${'a'.repeat(20_000)}`), 431],
    ['a target of 20,000 letters', head(`GET /${'a'.repeat(20_000)} HTTP/1.1`, host), 431],
    ['a tunnel', head('CONNECT evil.example:443 HTTP/1.1', host, bearer), 0],
  ])('%s', async (_, bytes, status) => {
    const answer = await raw(port(), bytes);
    expect([answer.status, answer.body.trim()]).toEqual([
      status,
      status === 0 ? '' : expect.stringMatching(/^0?$/),
    ]);
    expect(answer.text.match(/^HTTP\//gm) ?? []).toHaveLength(status === 0 ? 0 : 1);
  });
});

describe('paths', () => {
  const everywhere = [
    '//calls',
    '/CALLS',
    '/calls;x=1',
    '/calls/..;/metrics',
    '/calls%2f',
    '/%2fcalls',
    '/calls%00',
    '/calls%23',
    '/calls%3flimit=1',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/../../../../etc/passwd',
    '/docs/....//....//etc/passwd',
    '/docs/%252e%252e%252fpackage.json',
    '/docs/swagger-ui.css%00.html',
    '/docs/__proto__',
    '/docs/constructor',
    '/docs/toString',
    '/.env',
    '/.git/config',
    '/package.json',
    '/src/cli.ts',
    '/twilio/status',
    '/twilio/status//1',
    '/<script>alert(1)</script>',
  ];
  it.each(everywhere)('%s: not served, with and without a token', async (path) => {
    for (const lines of [[], [bearer]]) {
      const answer = await ask(`GET ${path} HTTP/1.1`, ...lines);
      expect([401, 404, 405]).toContain(answer.status);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      isSafe(answer);
    }
  });

  it.each([
    '/calls/',
    '/dialing/',
    '/metrics/',
    '/x/../calls',
    '/./calls',
    '/%2e/calls',
    '/x/%2e%2e/calls',
    '/%63alls',
    '/calls#fragment',
    'http://evil.example/calls',
    'http://localhost/x/../calls',
    '/calls/../metrics',
    '/healthz/../calls',
    '/docs/../metrics',
  ])('%s leads to a protected path: 401 without a token', async (path) => {
    const answer = await ask(`GET ${path} HTTP/1.1`);
    expect(answer.status).toBe(401);
    isSafe(answer);
  });

  it.each([
    ['NUL', '%00'],
    ['NUL in the middle', 'call-%00x'],
    ['overlong UTF-8', '%c0%af'],
    ['half a character', '%e2%98'],
    ['a surrogate', '%ed%a0%80'],
    ['a byte that is no UTF-8', '%ff'],
    ['a percent sign alone', '%'],
    ['%zz', '%zz'],
    ['14,000 letters', 'a'.repeat(14_000)],
    ['1,001 bytes', '%C3%A9'.repeat(501)],
    ['a right-to-left mark', '%e2%80%ae'],
    ['line ends', '%0d%0aSet-Cookie:%20a=b'],
    ['SQL', `'%20OR%201=1%20--`],
    ['dots', '%2e%2e%2f%2e%2e%2fmetrics'],
    ['__proto__', '__proto__'],
  ])('call id with %s: 404 on every route', async (_, id) => {
    for (const [method, path] of [
      ['GET', `/calls/${id}`],
      ['GET', `/calls/${id}?wait=1`],
      ['POST', `/calls/${id}/cancel`],
      ['POST', `/calls/${id}/retry`],
      ['POST', `/calls/${id}/pause`],
      ['POST', `/calls/${id}/resume`],
    ]) {
      const answer = await ask(`${method} ${path} HTTP/1.1`, bearer, 'Content-Length: 0');
      expect([method, path, answer.status]).toEqual([method, path, 404]);
      expect(answer.headers['set-cookie']).toBeUndefined();
      isSafe(answer);
    }
  });

  it('user name and password in the target: 400', async () => {
    const answer = await ask('GET http://user:secret@localhost/calls HTTP/1.1', bearer);
    expect(JSON.parse(answer.body)).toMatchObject(problem('bad-request', 400));
    isSafe(answer);
  });
});

describe('queries', () => {
  it.each([
    'limit=1&limit=2',
    'to=%2B15005550100&to=%2B15005550101',
    'limit[]=1',
    'limit=1%00',
    'limit=01',
    'limit=1e2',
    '__proto__=x',
    'constructor=x',
    'to=%ff',
    'cursor=x',
    'cursor=..%2f..%2f',
    'state=done%27%20OR%201=1--',
    'since=now()',
    `cursor=${'A'.repeat(8_000)}`,
  ])('GET /calls?%s: 422', async (query) => {
    const answer = await ask(`GET /calls?${query} HTTP/1.1`, bearer);
    expect(JSON.parse(answer.body)).toMatchObject(problem('invalid-request', 422));
    isSafe(answer);
  });

  it('thousands of unknown parameters: 422 with a short answer', async () => {
    const names = Array.from({ length: 4_000 }, (_, nth) => nth.toString(36)).join('&');
    const { faults } = JSON.parse((await ask(`GET /calls?${names} HTTP/1.1`, bearer)).body);
    expect(faults).toHaveLength(101);
    expect(faults.at(-1).message).toBe('has 3900 more faults');
  });

  it.each(['wait=1&wait=1', 'wait=-1', 'wait=61', 'wait=NaN', 'wait=Infinity', 'wait=', 'wait=1e9'])(
    'GET /calls/x?%s: 422',
    async (query) => {
      expect((await ask(`GET /calls/x?${query} HTTP/1.1`, bearer)).status).toBe(422);
    },
  );
});

describe('methods', () => {
  it.each(['TRACE', 'OPTIONS', 'PROPFIND', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'PURGE'])(
    '%s: 405, and nothing of the request is echoed',
    async (method) => {
      const answer = await ask(`${method} /docs HTTP/1.1`, bearer, 'X-Secret: do-not-echo');
      expect(answer.status).toBe(405);
      expect(answer.text).not.toContain('do-not-echo');
      isSafe(answer);
    },
  );

  it.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])(
    '%s says POST: a GET is a GET',
    async (name) => {
      const answer = await ask('GET /calls/x/cancel?_method=POST HTTP/1.1', bearer, `${name}: POST`);
      expect(answer.status).toBe(405);
    },
  );

  it('preflight from another origin: 405, nothing is allowed', async () => {
    const answer = await ask(
      'OPTIONS /calls HTTP/1.1',
      'Origin: https://evil.example',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: authorization',
    );
    expect(answer.status).toBe(401);
    isSafe(answer);
  });
});

describe('headers of every answer, errors included', () => {
  it.each<[string, string, string, string[]]>([
    ['200', 'GET', '/calls', [bearer]],
    ['200', 'GET', '/docs', []],
    ['200', 'GET', '/docs/swagger-ui-bundle.js', []],
    ['200', 'GET', '/', []],
    ['200', 'GET', '/openapi.json', []],
    ['200', 'GET', '/healthz', []],
    ['200', 'GET', '/readyz', []],
    ['200', 'GET', '/metrics', [bearer]],
    ['401', 'GET', '/calls', []],
    ['403', 'POST', '/twilio/status/x/1', []],
    ['404', 'GET', '/calls/x', [bearer]],
    ['405', 'PUT', '/calls', [bearer]],
    ['413', 'POST', '/calls', [bearer, json, 'Content-Length: 99999']],
    ['415', 'POST', '/calls', [bearer, 'Content-Length: 0']],
    ['422', 'GET', '/calls?x=1', [bearer]],
  ])('%s, %s %s', async (status, method, path, lines) => {
    const { headers, body, ...answer } = await ask(`${method} ${path} HTTP/1.1`, ...lines);
    expect(answer.status).toBe(Number(status));
    // Code that is served is no answer about us.
    isSafe({ headers, body: path.endsWith('.js') ? '' : body });
  });
});
