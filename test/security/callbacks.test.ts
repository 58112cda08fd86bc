import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { authToken, problem, publicUrl, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';
import { head, raw } from './rawHttp.js';

const context = useCallBench();
const api = useApi(context);
const formType = 'application/x-www-form-urlencoded';

/** A call that Twilio has, and that knows nothing yet but its SID. */
async function queued(request: Record<string, unknown> = {}) {
  const call = await context.bench.start({ to: context.to, lookup: 'off', ...request });
  await call.until((state) => state.state === 'queued');
  const { sid } = context.twilio.calls[0] as { sid: string };
  return { ...call, sid, path: `/twilio/status/${call.callId}/1` };
}

const sign = (path: string, parameters: Record<string, string | string[]>) =>
  getExpectedTwilioSignature(authToken, publicUrl + path, parameters);

/** Posts byte for byte; what Node would add or make tidy is as given here. */
function post(target: string, { lines, body }: { lines: string[]; body: string | Uint8Array }) {
  return raw(Number(new URL(api.origin).port), head(`POST ${target} HTTP/1.1`, ...lines), body);
}

/** A callback with the signature of these parameters, and with all that is said instead. */
function callback(
  path: string,
  parameters: Record<string, string>,
  instead: { target?: string; body?: string | Uint8Array; host?: string; lines?: string[] } = {},
) {
  const body = instead.body ?? new URLSearchParams(parameters).toString();
  return post(instead.target ?? path, {
    lines: [
      `Host: ${instead.host ?? 'ringtrue.example'}`,
      `Content-Type: ${formType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(instead.lines ?? [`X-Twilio-Signature: ${sign(path, parameters)}`]),
    ],
    body,
  });
}

describe('replay of a signed callback', () => {
  it('call is over: 204, and nothing changes', async () => {
    const call = await queued();
    const callbacks = ['initiated', 'ringing', 'in-progress', 'completed'].map((CallStatus, nth) => ({
      CallSid: call.sid,
      CallStatus,
      SequenceNumber: String(nth),
    }));
    for (const parameters of callbacks) expect((await callback(call.path, parameters)).status).toBe(204);
    const outcome = await call.result();
    const row = await context.store.findCallState(call.callId);
    for (const parameters of callbacks.toReversed())
      expect((await callback(call.path, parameters)).status).toBe(204);
    expect(await call.result()).toEqual(outcome);
    expect(await context.store.findCallState(call.callId)).toEqual(row);
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('call has gone on: its state does not go back', async () => {
    const call = await queued();
    const ringing = { CallSid: call.sid, CallStatus: 'ringing', SequenceNumber: '1' };
    await callback(call.path, ringing);
    await callback(call.path, { CallSid: call.sid, CallStatus: 'in-progress', SequenceNumber: '2' });
    await call.until((state) => state.state === 'in-progress');
    for (const _ of Array(5)) expect((await callback(call.path, ringing)).status).toBe(204);
    expect(await call.state()).toMatchObject({ state: 'in-progress', outcome: null });
    await callback(call.path, { CallSid: call.sid, CallStatus: 'completed', SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'webhook' });
  });

  it('next attempt has begun: it ignores the replay', async () => {
    const call = await queued({
      retry: { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 0 },
    });
    const busy = { CallSid: call.sid, CallStatus: 'busy' };
    await callback(call.path, busy);
    await call.until(({ attempts }) => attempts.length === 2 && attempts[1]?.callSid !== null);
    expect((await callback(call.path, busy)).status).toBe(204);
    expect(
      (await callback(call.path, busy, { target: call.path.replace(/1$/, '2') })).status,
      'sent to the address of the second attempt',
    ).toBe(403);
    const state = await call.state();
    expect(state.attempts[1]).toMatchObject({ outcome: null });
    await call.handle.executeUpdate('cancel', { args: [{}] });
  });
});

describe('signature of one callback on another request', () => {
  it.each([
    ['/twilio/status/OTHER/1/../../VICTIM/1'],
    ['/twilio/status/OTHER/1/%2e%2e/%2E%2e/VICTIM/1'],
    ['/twilio/status/OTHER/1/.%2e/..//../VICTIM/1'],
    ['/x/../twilio/status/VICTIM/1'],
    ['/twilio/status/./VICTIM/1'],
    ['/twilio/status/VICTIM/1/.'],
    ['https://ringtrue.example/twilio/status/OTHER/1/../../VICTIM/1'],
  ])('%s, which normalizes to the signed path: 403 or 404', async (pattern) => {
    const victim = await queued();
    const other = await queued();
    const target = pattern.replace('OTHER', other.callId).replace('VICTIM', victim.callId);
    const answer = await callback(victim.path, { CallSid: victim.sid, CallStatus: 'completed' }, { target });
    expect([403, 404]).toContain(answer.status);
    for (const call of [victim, other]) expect(await call.state()).toMatchObject({ state: 'queued' });
  });

  // Twilio signs names and values in one string, so that it does not say where one ends. Nor does it have to.
  it.each<[string, (sid: string) => Record<string, string>]>([
    ['the status becomes part of the SID', (sid) => ({ CallSid: `${sid}CallStatuscompleted` })],
    ['the name takes a letter of the value', (sid) => ({ CallSid: sid, CallStatusc: 'ompleted' })],
    ['the value takes letters of the name', (sid) => ({ CallSid: sid, Call: 'Statuscompleted' })],
    ['all of it becomes one name', (sid) => ({ [`CallSid${sid}CallStatuscompleted`]: '' })],
  ])('same letters split otherwise (%s): the state does not change', async (_, split) => {
    const call = await queued();
    const body = new URLSearchParams(split(call.sid)).toString();
    await callback(call.path, { CallSid: call.sid, CallStatus: 'completed' }, { body });
    expect(await call.state()).toMatchObject({ state: 'queued', outcome: null });
  });

  it.each<[string, (sid: string) => string]>([
    ['CallSid once more', (sid) => `CallSid=${sid}&CallStatus=completed&CallSid=CA${'0'.repeat(32)}`],
    ['CallSid once more, before', (sid) => `CallSid=CA${'0'.repeat(32)}&CallSid=${sid}&CallStatus=completed`],
    ['CallStatus once more', (sid) => `CallSid=${sid}&CallStatus=completed&CallStatus=busy`],
    ['CallSid as a list', (sid) => `CallSid[]=${sid}&CallStatus=completed`],
    ['a semicolon between', (sid) => `CallSid=${sid};CallStatus=completed`],
    ['a name in small letters', (sid) => `callsid=${sid}&CallStatus=completed`],
    ['__proto__ added', (sid) => `CallSid=${sid}&CallStatus=completed&__proto__=x`],
    ['constructor added', (sid) => `CallSid=${sid}&CallStatus=completed&constructor[prototype]=x`],
    ['NUL added', (sid) => `CallSid=${sid}%00&CallStatus=completed`],
    ['a byte that is no UTF-8 added', (sid) => `CallSid=${sid}&CallStatus=completed%ff`],
    ['one hundred added', (sid) => `CallSid=${sid}&CallStatus=completed${'&a'.repeat(100)}`],
    ['an empty body', () => ''],
  ])('another body (%s): 403', async (_, bodyOf) => {
    const call = await queued();
    const parameters = { CallSid: call.sid, CallStatus: 'completed' };
    expect((await callback(call.path, parameters, { body: bodyOf(call.sid) })).status).toBe(403);
    expect(await call.state()).toMatchObject({ state: 'queued' });
  });

  it('compressed body: 403, nothing is unpacked', async () => {
    const call = await queued();
    const parameters = { CallSid: call.sid, CallStatus: 'completed' };
    const answer = await callback(call.path, parameters, {
      body: gzipSync(new URLSearchParams(parameters).toString()),
      lines: ['Content-Encoding: gzip', `X-Twilio-Signature: ${sign(call.path, parameters)}`],
    });
    expect(answer.status).toBe(403);
  });
});

describe('headers', () => {
  const parameters = { CallSid: 'CA1', CallStatus: 'completed' };
  const path = `/twilio/status/call-${randomUUID()}/1`;
  const right = sign(path, parameters);
  const wrong = right.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));

  // A right signature gets as far as to hear that there is no such call.
  it.each<[string, string[], number]>([
    ['the signature', [`X-Twilio-Signature: ${right}`], 404],
    ['in other letters', [`x-TWILIO-signature:${right}  `], 404],
    ['twice the right one', [`X-Twilio-Signature: ${right}`, `X-Twilio-Signature: ${right}`], 403],
    [
      'a wrong one, then the right one',
      [`X-Twilio-Signature: ${wrong}`, `X-Twilio-Signature: ${right}`],
      403,
    ],
    [
      'the right one, then a wrong one',
      [`X-Twilio-Signature: ${right}`, `X-Twilio-Signature: ${wrong}`],
      403,
    ],
    ['a list of both in one', [`X-Twilio-Signature: ${right}, ${wrong}`], 403],
    ['in quotes', [`X-Twilio-Signature: "${right}"`], 403],
    ['without its padding', [`X-Twilio-Signature: ${right.replace(/=+$/, '')}`], 403],
    ['for URLs instead of Base64', [`X-Twilio-Signature: ${right.replaceAll(/[+/=]/g, '-')}!`], 403],
    ['cut off', [`X-Twilio-Signature: ${right.slice(0, -2)}`], 403],
    ['10,000 letters', [`X-Twilio-Signature: ${'A'.repeat(10_000)}`], 403],
    ['under another name', [`X-Twilio-Signature-256: ${right}`, `Twilio-Signature: ${right}`], 403],
    ['with an underscore', [`X_Twilio_Signature: ${right}`], 403],
    ['as a cookie', [`Cookie: X-Twilio-Signature=${right}`], 403],
    ['as a bearer token', [`Authorization: Bearer ${authToken}`], 403],
    ['the method overridden to what is signed otherwise', ['X-HTTP-Method-Override: GET'], 403],
  ])('signature: %s', async (_, lines, status) => {
    expect((await callback(path, parameters, { lines })).status).toBe(status);
  });

  it('signature as a trailer: 403', async () => {
    const body = new URLSearchParams(parameters).toString();
    const answer = await post(path, {
      lines: [
        'Host: x',
        `Content-Type: ${formType}`,
        'Transfer-Encoding: chunked',
        'Trailer: X-Twilio-Signature',
      ],
      body: `${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Twilio-Signature: ${right}\r\n\r\n`,
    });
    expect(answer.status).toBe(403);
  });

  it.each([['ringtrue.example'], ['evil.example'], ['127.0.0.1:3000'], ['ringtrue.example:8443']])(
    'Host %s: the signature is of RINGTRUE_PUBLIC_URL all the same',
    async (host) => {
      const lines = (signed: string) => [
        `X-Twilio-Signature: ${getExpectedTwilioSignature(authToken, signed + path, parameters)}`,
        `X-Forwarded-Host: ${host}`,
        'X-Forwarded-Proto: http',
        `Forwarded: host=${host};proto=http`,
        `X-Original-URL: /twilio/status/other/1`,
        `X-Rewrite-URL: /twilio/status/other/1`,
      ];
      expect((await callback(path, parameters, { host, lines: lines(publicUrl) })).status).toBe(404);
      expect((await callback(path, parameters, { host, lines: lines(`http://${host}`) })).status).toBe(403);
    },
  );

  it.each([['http://evil.example'], ['https://ringtrue.example'], ['http://ringtrue.example:1']])(
    'the target names a host, %s: only its path counts',
    async (origin) => {
      expect((await callback(path, parameters, { target: origin + path })).status).toBe(404);
      const lines = [
        `X-Twilio-Signature: ${getExpectedTwilioSignature(authToken, `http://evil.example${path}`, parameters)}`,
      ];
      expect((await callback(path, parameters, { target: origin + path, lines })).status).toBe(403);
    },
  );
});

describe('size', () => {
  const path = `/twilio/status/call-${randomUUID()}/1`;
  const chunk = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;

  it.each([
    ['said beforehand', [`Content-Length: 16385`], 'x'.repeat(16_385)],
    ['said to be a gigabyte', ['Content-Length: 1000000000'], 'x'],
    ['in chunks, unsaid', ['Transfer-Encoding: chunked'], `${chunk(10_000)}${chunk(10_000)}0\r\n\r\n`],
  ])('more than 16 KiB, %s: 413', async (_, lines, body) => {
    const answer = await post(path, { lines: ['Host: x', `Content-Type: ${formType}`, ...lines], body });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject(problem('too-large', 413));
  });

  const manyParameters = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, nth) => [`p${nth}`, '']));

  it('200 signed parameters: accepted', async () => {
    expect((await callback(path, manyParameters(200))).status).toBe(404);
  });

  it('more than 200 parameters: 413, signed or not', async () => {
    for (const lines of [undefined, [], ['X-Twilio-Signature: x']]) {
      const answer = await callback(path, manyParameters(201), lines ? { lines } : {});
      expect(JSON.parse(answer.body)).toMatchObject(problem('too-large', 413));
    }
  });

  it('the largest form that is checked, with a wrong signature: refused in a few milliseconds', async () => {
    const body = new URLSearchParams(
      Array.from({ length: 200 }, (_, nth): [string, string] => [`p${nth}`, 'x'.repeat(70)]),
    ).toString();
    expect(body.length).toBeGreaterThan(15_000);
    const wrong = { body, lines: [`X-Twilio-Signature: ${sign('/other', {})}`] };
    expect((await callback(path, {}, wrong)).status).toBe(403);
    const before = process.cpuUsage();
    for (const _ of Array(50)) await callback(path, {}, wrong);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 50).toBeLessThan(15);
  });
});
