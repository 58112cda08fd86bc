import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Answer, problem, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const api = useApi(context);

/** Posts this as JSON, as it is. */
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  api.send({
    path: '/calls',
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
/** A request that is right, with these members added as text. */
const request = (members: string) =>
  `{"to":"${context.to}","twiml":"<Response/>","notBefore":"2099-01-01T00:00:00Z"${members && `,${members}`}}`;
const nested = (open: string, close: string, depth: number, inner = '') =>
  open.repeat(depth) + inner + close.repeat(depth);

function refused(answer: Answer, name: string, status: number): void {
  expect(answer.json).toMatchObject(problem(name, status));
  expect(answer.text).not.toMatch(/node_modules|\s+at .*:\d+:\d+/);
  expect(answer.text.length).toBeLessThan(64 * 1024);
}

describe('body that is not JSON', () => {
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['blanks', '   '],
    ['half of it', '{"to":'],
    ['two at once', '{}{}'],
    ['NaN', 'NaN'],
    ['comments', '{/* */}'],
    ['single quotes', "{'to':'x'}"],
    ['a NUL', '{}\0'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"to":"+1"}', 'utf16le')],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['60,000 brackets', '['.repeat(60_000)],
  ])('%s: 400', async (_, body) => {
    refused(await post(body), 'not-json', 400);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('%s: 415, nothing is unpacked', async (encoding, compress) => {
    const answer = await post(compress(request('')), { 'Content-Encoding': encoding });
    refused(answer, 'unsupported-media-type', 415);
    expect(answer.headers['accept-encoding']).toBe('identity');
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'application/jsonp',
    'application/json, text/plain',
    'text/plain; application/json',
    'xapplication/json',
  ])('sent as %s: 415', async (type) => {
    refused(await post(request(''), { 'Content-Type': type }), 'unsupported-media-type', 415);
  });
});

describe('JSON that is not a request', () => {
  it.each([
    'null',
    '[]',
    '"x"',
    '1',
    'true',
    '1e999',
    nested('[', ']', 30_000),
    nested('{"a":', '}', 10_000, '1'),
  ])('%.20s…: 422', async (body) => {
    refused(await post(body), 'invalid-request', 422);
  });

  it.each<[string, string, string]>([
    ['__proto__', '"__proto__":{"lookup":"off"}', '__proto__'],
    ['constructor', '"constructor":{"prototype":{"to":"x"}}', 'constructor'],
    ['__proto__ in metadata', '"metadata":{"__proto__":"x"}', 'metadata.__proto__'],
    ['an object in metadata', '"metadata":{"a":{"__proto__":"x"}}', 'metadata.a'],
    ['NUL in metadata', '"metadata":{"a":"\\u0000"}', 'metadata.a'],
    ['half a character in metadata', '"metadata":{"a":"\\ud800"}', 'metadata.a'],
    ['too much metadata', `"metadata":{"a":"${'x'.repeat(5_000)}"}`, 'metadata'],
    ['a policy called __proto__', '"retry":"__proto__"', 'retry'],
    ['a policy called constructor', '"retry":"constructor"', 'retry'],
    ['a policy called hasOwnProperty', '"retry":"hasOwnProperty"', 'retry'],
    [
      'waits after __proto__',
      '"retry":{"maxAttempts":2,"intervals":{"__proto__":[1]}}',
      'retry.intervals.__proto__',
    ],
    ['attempts beyond all numbers', '"retry":{"maxAttempts":1e999}', 'retry.maxAttempts'],
    ['a number beyond all numbers', '"ringTimeoutSeconds":1e999', 'ringTimeoutSeconds'],
    ['a number as text', '"ringTimeoutSeconds":"30"', 'ringTimeoutSeconds'],
    ['deep nesting', `"metadata":${nested('{"a":', '}', 9_000, '1')}`, 'metadata.a'],
    ['deep nesting of lists', `"callingWindow":${nested('[', ']', 25_000)}`, 'callingWindow'],
    [
      'a time zone that is a path',
      '"callingWindow":{"start":"08:00","end":"21:00","timeZone":"../../etc/passwd"}',
      'callingWindow.timeZone',
    ],
    ['a number with a line end', '"to":"+15005550100\\n"', 'to'],
    ['a number in other digits', '"to":"+١٥٠٠٥٥٥٠١٠٠"', 'to'],
    ['a client, not a number', '"to":"client:somebody"', 'to'],
    ['a SIP address', '"to":"sip:a@evil.example"', 'to'],
    ['a list of numbers', '"to":["+15005550100","+15005550101"]', 'to'],
    ['a premium number in the caller id', '"from":"+1500,+1900"', 'from'],
    ['a URL of a file', '"twiml":null,"url":"file:///etc/passwd"', 'url'],
    ['a notify URL of a file', '"notifyUrl":"file:///etc/passwd"', 'notifyUrl'],
    ['an eligibility URL of a file', '"eligibilityUrl":"file:///etc/passwd"', 'eligibilityUrl'],
    ['a notify URL of another scheme', '"notifyUrl":"gopher://127.0.0.1:6379/_x"', 'notifyUrl'],
  ])('%s: 422 names it', async (_, members, path) => {
    // Of a name that comes twice JSON takes the last one.
    const answer = await post(request(members));
    refused(answer, 'invalid-request', 422);
    expect(answer.json.faults.map((fault: { path: string }) => fault.path)).toContain(path);
  });

  it.each([
    ['unknown fields', Array.from({ length: 5_000 }, (_, nth) => `"f${nth}":1`).join(',')],
    ['outcomes', `"retry":{"maxAttempts":2,"retryOn":[${Array(25_000).fill('1').join(',')}]}`],
    ['days', `"callingWindow":{"start":"08:00","end":"21:00","days":[${Array(25_000).fill('1').join(',')}]}`],
  ])('thousands of %s: 422 with a short answer', async (_, members) => {
    const answer = await post(request(members));
    refused(answer, 'invalid-request', 422);
    expect(answer.json.faults.length).toBeLessThanOrEqual(101);
  });

  it('cancel with thousands of unknown fields: 422 with a short answer', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, nth) => [`f${nth}`, 1]));
    const answer = await api.post('/calls/some-id/cancel', many);
    refused(answer, 'invalid-request', 422);
    expect(answer.json.faults).toHaveLength(101);
  });

  it('after all these bodies: Object.prototype is unchanged', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).lookup).toBeUndefined();
  });
});

describe('Idempotency-Key', () => {
  it.each([
    ['empty', ''],
    ['256 characters', 'x'.repeat(256)],
    ['a tab', 'a\tb'],
    ['letters beyond ASCII', 'sch\xf6n'],
  ])('%s: 422', async (_, key) => {
    refused(await post(request(''), { 'Idempotency-Key': key }), 'invalid-request', 422);
  });

  it('key with a path or SQL: a key like any other', async () => {
    for (const key of ['../../etc/passwd', "'; DROP TABLE calls; --", '__proto__']) {
      const answer = await post(request(''), { 'Idempotency-Key': `${key} ${context.to}` });
      expect(answer.status).toBe(202);
      expect(answer.json.callId).toMatch(/^call-[0-9a-f]{64}$/);
    }
  });
});
