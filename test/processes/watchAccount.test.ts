import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { Readiness } from '../../src/process/readiness.js';
import { watchAccount } from '../../src/worker/watchAccount.js';
import { activityListener } from '../../src/worker/workerMetrics.js';
import { until } from '../support/ringtrueProcess.js';

const accountSid = `AC${'1'.repeat(32)}`;

/** A Twilio that gives these answers one after the other; the last one repeats. */
async function twilioAnswers(...answers: [status: number, body: object][]) {
  let requests = 0;
  const server = createServer((_, response) => {
    const [status, body] = answers[Math.min(requests++, answers.length - 1)] ?? [500, {}];
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, close: () => server.close() };
}

function watch(baseUrl: string) {
  const readiness = new Readiness();
  const log = pino({ level: 'silent' });
  const emit = activityListener(new Registry(), readiness, log);
  const stopping = new AbortController();
  const ended = watchAccount(
    { name: null, twilio: { accountSid, username: accountSid, password: 'token', baseUrl } },
    { readiness, emit, log, signal: stopping.signal },
  );
  onTestFinished(async () => {
    stopping.abort(new Error('over'));
    await ended;
  });
  return readiness;
}

it('wrong credentials at start: not ready before any call; Twilio accepts them: ready', async () => {
  const server = await twilioAnswers([401, { code: 20003, message: 'Authenticate' }], [200, { calls: [] }]);
  onTestFinished(() => void server.close());
  const readiness = watch(server.baseUrl);
  expect(await readiness.check()).toEqual({ ready: true, checks: { twilioAccount: 'not asked yet' } });
  await until(async () => !(await readiness.check()).ready);
  expect((await readiness.check()).checks.twilioAccount).toBe(
    'Twilio refuses the account (20003): Authenticate',
  );
  await until(async () => (await readiness.check()).checks.twilioAccount === 'ok');
});

it('reading calls is forbidden: not ready, and says so', async () => {
  const server = await twilioAnswers([403, { code: 20008, message: 'Test credentials' }]);
  onTestFinished(() => void server.close());
  const readiness = watch(server.baseUrl);
  await until(async () => !(await readiness.check()).ready);
  expect((await readiness.check()).checks.twilioReads).toBe(
    'Twilio does not let this account read its calls (20008): Test credentials. These are test credentials: no phone rings',
  );
});

it('Twilio cannot be reached: ready, and says that the account is not known yet', async () => {
  const readiness = watch('http://127.0.0.1:1');
  await until(async () => (await readiness.check()).checks.twilioAccount !== 'not asked yet');
  const { ready, checks } = await readiness.check();
  expect(ready).toBe(true);
  expect(checks.twilioAccount).toMatch(/^not known yet: Twilio cannot be reached: .*ECONNREFUSED/);
});
