import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { ProblemError, Ringtrue } from '../../src/client/ringtrue.js';

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const started = { status: 202, body: '{"callId":"call-1","runId":null,"url":"http://a/calls/call-1"}' };
const problem = (status: number, headers = {}): Answer => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: 'urn:x', title: 'No', status, detail: 'Because.' }),
});

/** A server with these answers; the last one repeats. Null: it cuts the connection. */
async function clientOf(answers: (Answer | null)[], options: { timeoutSeconds?: number } = {}) {
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const answer = answers[Math.min(requests.push(request.headers) - 1, answers.length - 1)];
    if (answer === null) return request.socket.destroy();
    if (answer) response.writeHead(answer.status, answer.headers).end(answer.body);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, ringtrue: new Ringtrue({ baseUrl, token: 'the-token', ...options }) };
}

const request = { to: '+15005551200', twiml: '<Response/>' };

describe.concurrent('repeats of a request', () => {
  it.each([
    ['a broken connection', null],
    ['429 with Retry-After', problem(429, { 'Retry-After': '0' })],
    ['503 of the API', problem(503, { 'Retry-After': '0' })],
    ['503 of a proxy, without a time', { status: 503, body: '<h1>Unavailable</h1>' }],
  ])('%s: repeated with the same key and token', async (_, failure) => {
    const { ringtrue, requests } = await clientOf([failure, failure, started]);
    expect(await ringtrue.calls.create(request)).toMatchObject({ callId: 'call-1', repeated: false });
    expect(requests).toHaveLength(3);
    expect(new Set(requests.map((headers) => headers['idempotency-key']))).toEqual(
      new Set([expect.stringMatching(/^[\w-]{36}$/)]),
    );
    expect(requests[2]?.authorization).toBe('Bearer the-token');
  });

  it.each([400, 401, 403, 404, 409, 422, 500, 502, 504])('%i: never repeated', async (status) => {
    const { ringtrue, requests } = await clientOf([problem(status)]);
    await expect(ringtrue.calls.create(request)).rejects.toMatchObject({ status, problem: { title: 'No' } });
    expect(requests).toHaveLength(1);
  });

  it('a Retry-After of an hour: an error at once, which has the time', async () => {
    const { ringtrue, requests } = await clientOf([problem(429, { 'Retry-After': '3600' })]);
    await expect(ringtrue.calls.create(request)).rejects.toMatchObject({
      status: 429,
      retryAfterSeconds: 3600,
    });
    expect(requests).toHaveLength(1);
  });

  it('a Retry-After of a second, as a date too: waits at least as long', async () => {
    const began = Date.now();
    const date = new Date(Date.now() + 1500).toUTCString();
    const { ringtrue } = await clientOf([problem(503, { 'Retry-After': date }), started]);
    await ringtrue.calls.create(request);
    expect(Date.now() - began).toBeGreaterThanOrEqual(Date.parse(date) - began);
  });

  it('no answer in time: an error that says so, after the last repeat', async () => {
    const silent = undefined as unknown as Answer;
    const { ringtrue, requests } = await clientOf([silent], { timeoutSeconds: 0.1 });
    const client = ringtrue.request({ method: 'GET', path: '/calls', maxRetries: 1 });
    await expect(client).rejects.toThrow(/cannot be reached \(no answer within 0\.1 s\)/);
    expect(requests).toHaveLength(2);
  });

  it("an answer that is not the API's: its status, and no problem", async () => {
    const { ringtrue } = await clientOf([{ status: 200, body: '<html>' }]);
    const error = await ringtrue.calls.get('a').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ status: 200, problem: null });
    expect((error as Error).message).toContain('answered 200, but not like the calls API');
  });

  it.each(['localhost:3000', 'ftp://x', ''])('the base URL %j: refused at once', (baseUrl) => {
    expect(() => new Ringtrue({ baseUrl })).toThrow('must be an http(s) URL such as');
  });
});
