import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpServer, listen } from '../../src/process/httpServer.js';
import { bareApi } from '../api/useApi.js';
import { head, raw } from './rawHttp.js';

const host = 'Host: localhost';
const json = 'Content-Type: application/json';

let server: HttpServer;
const limits = {
  headersWithinMs: 400,
  requestWithinMs: 800,
  uploads: { matches: ({ url }: { url?: string | undefined }) => url === '/batches', withinMs: 60_000 },
  connections: 8,
  idleMs: 3_000,
};
const where = { host: '127.0.0.1', port: 0, what: 'API', variable: 'PORT' };
const logged: string[] = [];
beforeAll(async () => {
  const write = (_: unknown, what: string) => void logged.push(what);
  const log = { error: write, warn: write, info: () => {}, debug: () => {} } as never;
  const readiness = async () => {
    await pause(2 * limits.requestWithinMs);
    return { ready: true, checks: {} };
  };
  server = await listen(bareApi({ log, readiness }), where, limits);
});
afterAll(() => server.close());

it.each([
  ['nothing is sent', ''],
  ['half a head is sent', 'GET /healthz HTTP/1.1\r\nHost: local'],
  ['a head without its end is sent', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n'],
  ['half a body is sent', `${head('POST /calls HTTP/1.1', host, json, 'Content-Length: 20')}{`],
  [
    'half a form is sent',
    `${head(
      'POST /twilio/status/x/1 HTTP/1.1',
      host,
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 20',
    )}a=`,
  ],
  [
    'half a chunk is sent',
    `${head('POST /calls HTTP/1.1', host, json, 'Transfer-Encoding: chunked')}ff\r\n{`,
  ],
])('%s, and no more: 408, closed, and no error of ours', async (_, bytes) => {
  const before = logged.length;
  const answer = await raw(server.port, bytes);
  expect([answer.status, answer.body]).toEqual([408, '']);
  expect(logged.slice(before)).toEqual([]);
});

it('slow upload of a file: the server waits longer than for other requests', async () => {
  const echo = await listen(
    { fetch: async (sent: Request) => new Response(await sent.text()) },
    where,
    limits,
  );
  const answers = await Promise.all(
    ['/batches', '/calls'].map(
      (path) =>
        new Promise<string>((resolve) => {
          const socket = connect(echo.port, '127.0.0.1');
          let text = '';
          socket.write(head(`POST ${path} HTTP/1.1`, host, 'Connection: close', 'Content-Length: 2'));
          const rest = setTimeout(() => socket.write('to'), 2 * limits.requestWithinMs);
          socket.on('data', (chunk) => {
            text += chunk.toString();
          });
          socket.on('error', () => {});
          socket.on('close', () => {
            clearTimeout(rest);
            resolve(text.slice(0, 12));
          });
        }),
    ),
  );
  await echo.close();
  expect(answers).toEqual(['HTTP/1.1 200', 'HTTP/1.1 408']);
});

it('refused upload that never ends: cut off', async () => {
  const closed = new Promise<void>((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(head('POST /batches HTTP/1.1', host, 'Content-Type: text/plain', 'Content-Length: 99999'));
    const drip = setInterval(() => socket.write('a'), 50);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(drip);
      resolve();
    });
    socket.resume();
  });
  await expect(closed).resolves.toBeUndefined();
});

it('answer takes longer than a request may: not cut off', async () => {
  expect((await raw(server.port, head('GET /readyz HTTP/1.1', host))).status).toBe(200);
});

it('header sent letter by letter: 408', async () => {
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nX-A: ');
    const drip = setInterval(() => socket.write('a'), 50);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(drip);
      resolve(text);
    });
  });
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

it('connection is idle for longer than a request may take: still open', async () => {
  const socket = connect(server.port, '127.0.0.1');
  const answer = () =>
    new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
  const healthz = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
  socket.write(healthz);
  expect(await answer()).toMatch(/^HTTP\/1\.1 200 /);
  await pause(2 * limits.requestWithinMs);
  socket.write(healthz);
  expect(await answer()).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});

it('standard limits: idle connections stay open for longer than proxies keep them', async () => {
  const standard = await listen(bareApi(), where);
  const { headers } = await fetch(`http://127.0.0.1:${standard.port}/healthz`);
  await standard.close();
  expect(Number(/^timeout=(\d+)$/.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(600);
});

it('server stops while a kept connection waits for its answer: answered, then closed at once', async () => {
  const readiness = async () => {
    await pause(300);
    return { ready: true, checks: {} };
  };
  const stopping = await listen(bareApi({ readiness }), where);
  const socket = connect(stopping.port, '127.0.0.1');
  const answered = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
  socket.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await pause(100);
  const startedAt = performance.now();
  await stopping.close();
  expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

it('client goes away in the middle of its body: no error is logged', async () => {
  const before = logged.length;
  await new Promise<void>((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(`${head('POST /calls HTTP/1.1', host, json, 'Content-Length: 20')}{`);
      setTimeout(() => socket.destroy(), 50);
    });
    socket.on('close', () => resolve());
  });
  expect((await raw(server.port, head('GET /healthz HTTP/1.1', host))).status).toBe(200);
  expect(logged.slice(before)).toEqual([]);
});

it('more connections than allowed: closed at once, the others are served', async () => {
  const held = await Promise.all(
    Array.from(
      { length: limits.connections },
      () =>
        new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(server.port, '127.0.0.1', () => resolve(socket));
          socket.on('error', () => {});
        }),
    ),
  );
  const healthz = head('GET /healthz HTTP/1.1', host);
  expect((await raw(server.port, healthz)).status).toBe(0);
  const [first, ...others] = held;
  const answered = new Promise<string>((resolve) => first?.once('data', (data) => resolve(data.toString())));
  first?.write(healthz);
  expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of others) socket.destroy();
  await new Promise((resolve) => first?.once('close', resolve));
  expect((await raw(server.port, healthz)).status).toBe(200);
});
