import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../src/process/freePort.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';

/** What nobody may find in a log, by what it is. */
const secret = {
  apiToken: 'tok-3f9d1c7b5a2e4680',
  otherApiToken: 'tok-9b8a7c6d5e4f3021',
  guessedToken: 'tok-guess-0011223344',
  notifySecret: `whsec_${Buffer.from('a secret of thirty-two letters..').toString('base64')}`,
  text: 'the-diagnosis-is-serious',
  metadata: 'patient-4711-confidential',
  key: 'order-key-8842-private',
  cancelReason: 'because-of-a-private-matter',
  queryToken: 'tok-in-a-query-55667788',
  cookie: 'session-cookie-aabbccdd',
  formText: 'caller-name-confidential',
};

let ringtrue: RingtrueProcess;
let api = '';
beforeAll(async () => {
  const port = await freePort('127.0.0.1');
  api = `http://127.0.0.1:${port}`;
  ringtrue = new RingtrueProcess(['dev'], {
    PORT: String(port),
    RINGTRUE_TEMPORAL_PORT: String(await freePort('127.0.0.1')),
    RINGTRUE_TEMPORAL_UI_PORT: String(await freePort('127.0.0.1')),
    RINGTRUE_SIMULATOR_PORT: '0',
    RINGTRUE_LOG_LEVEL: 'info',
    RINGTRUE_API_TOKENS: `${secret.apiToken},${secret.otherApiToken}`,
    RINGTRUE_NOTIFY_SECRETS: secret.notifySecret,
    TEMPORAL_CLI_PATH: inject('temporalCliPath'),
  });
  await ringtrue.prints('Try:');
});
afterAll(() => ringtrue.stop());

const ask = (
  path: string,
  init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
  token = secret.apiToken,
) =>
  fetch(api + path, {
    ...init,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...init.headers },
  });

async function call(to: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const request = { to, twiml: `<Response><Say>${secret.text}</Say></Response>`, ...more };
  const started = await ask('/calls', { method: 'POST', body: JSON.stringify(request), headers });
  const { callId } = (await started.json()) as { callId: string };
  return callId;
}

describe('log after calls with every outcome and hostile requests', () => {
  const numbers = ['+15005551200', '+15005552486', '+15005550001', '+15005550002', '+15005558103'];
  let bodies = '';

  beforeAll(async () => {
    const ids = await Promise.all(
      numbers.map((to, nth) =>
        call(
          to,
          {
            metadata: { about: secret.metadata },
            ringTimeoutSeconds: 5,
            notifyUrl: `http://127.0.0.1:1/${secret.queryToken}?token=${secret.queryToken}`,
          },
          { 'Idempotency-Key': `${secret.key}-${nth}` },
        ),
      ),
    );
    const waiting = await call('+15005559999', { notBefore: '2099-01-01T00:00:00Z' });
    await ask(`/calls/${waiting}/cancel`, {
      method: 'POST',
      body: JSON.stringify({ reason: secret.cancelReason }),
    });
    for (const id of ids)
      for (let state = ''; state !== 'done'; )
        ({ state } = (await (await ask(`/calls/${id}?wait=20`)).json()) as { state: string });

    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answers = [
      await ask('/calls', {}, secret.guessedToken),
      await ask(`/calls?access_token=${secret.queryToken}&to=%2B15005551200`),
      await ask('/calls?to=+15005551200'),
      await ask('/calls/+15005551200'),
      await ask('/do-not-call/+15005551200'),
      await ask('/do-not-call', {
        method: 'POST',
        body: JSON.stringify({ to: '+15005551999', reason: secret.metadata }),
      }),
      await ask('/do-not-call', {
        method: 'POST',
        headers: { 'Content-Type': 'text/csv' },
        body: `to,reason\n+15005551998,${secret.text}\n`,
      }),
      await ask('/do-not-call', {
        method: 'POST',
        headers: { 'Content-Type': 'text/csv' },
        body: `to\n+15005551200,${secret.text}\n`,
      }),
      await ask(`/do-not-call?reason=${secret.queryToken}`),
      await ask('/do-not-call/+15005551999', { method: 'DELETE' }),
      await ask('/invalid-numbers/%2B15005551200', { method: 'DELETE' }),
      await ask('/dialing/pause', { method: 'POST', body: JSON.stringify({ reason: secret.cancelReason }) }),
      await ask('/dialing/resume', { method: 'POST' }),
      await ask(`/calls/%00${secret.queryToken}`),
      await ask('/nothing/+15005551200', { headers: { Cookie: `session=${secret.cookie}` } }),
      await ask('/calls', { method: 'POST', body: `{"to": ${secret.text}` }),
      await ask('/calls', { method: 'POST', body: JSON.stringify({ to: secret.text, x: secret.metadata }) }),
      await ask(`/twilio/status/${ids[0]}/1`, {
        method: 'POST',
        headers: { ...form, 'X-Twilio-Signature': secret.cookie },
        body: `To=%2B15005551200&CallerName=${secret.formText}`,
      }),
      await ask('/twilio/status/+15005551200/1', { method: 'POST', headers: form, body: 'a=b' }),
      await ask('/readyz'),
      await ask('/metrics'),
    ];
    bodies = (await Promise.all(answers.slice(-2).map((answer) => answer.text()))).join('\n');
    expect(answers.map(({ status }) => status)).toEqual([
      401, 422, 200, 404, 404, 200, 200, 422, 200, 204, 404, 200, 200, 404, 404, 400, 422, 403, 403, 200, 200,
    ]);
  }, 120_000);

  it('the log has one line for each request', () => {
    const lines = ringtrue.stderr
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const answered = lines.filter(({ msg }) => msg === 'request answered');
    expect(answered.length).toBeGreaterThan(20);
  });

  it.each(Object.entries(secret))('%s: not in log, metrics and readiness', (_, value) => {
    expect(ringtrue.stderr + ringtrue.stdout + bodies).not.toContain(value);
  });

  it('whole phone numbers: not in log, metrics and readiness', () => {
    expect((ringtrue.stderr + bodies).match(/1500555\d{4}/g) ?? []).toEqual([]);
  });
});
