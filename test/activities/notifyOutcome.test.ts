import net from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ActivityEvent } from '../../activities/deps/activityDeps.js';
import { derivedNotifySecret, isNotifySecret } from '../../activities/webhooks/notifySecret.js';
import {
  ended,
  failureOf,
  listen,
  newSecret,
  notify,
  outcome,
  quietEnvironment,
  type ReceivedRequest,
  secret,
  startReceiver,
  verified,
} from './notifyBench.js';

describe('a call has ended', () => {
  it('the receiver answers 2xx: posted once, as JSON of type, time and outcome', async () => {
    const receiver = await startReceiver();
    await notify({ url: `${receiver.origin}/hooks/calls?tenant=7` });
    const [request, ...more] = receiver.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      method: 'POST',
      url: '/hooks/calls?tenant=7',
      headers: { 'content-type': 'application/json', 'user-agent': 'ringtrue' },
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      type: 'call.ended',
      timestamp: outcome.endedAt,
      data: outcome,
    });
  });

  it.each([200, 201, 202, 204])('the receiver answers %i: done', async (status) => {
    const receiver = await startReceiver({ status });
    await notify({ url: receiver.origin });
  });

  it('the receiver has the secret: the signature is valid', async () => {
    const receiver = await startReceiver();
    await notify({ url: receiver.origin });
    expect(verified(receiver.requests[0], secret)).toMatchObject({ data: { callId: outcome.callId } });
  });

  it('another secret, or a changed body: the signature is invalid', async () => {
    const receiver = await startReceiver();
    await notify({ url: receiver.origin });
    const [request] = receiver.requests;
    expect(() => verified(request, newSecret())).toThrow(/No matching signature/);
    const forged = { ...request, body: request?.body.replace('answered', 'rejected') } as ReceivedRequest;
    expect(() => verified(forged, secret)).toThrow(/No matching signature/);
  });

  it('the secret is being rotated: receivers with the old one and with the new one both accept it', async () => {
    const [old, fresh] = [newSecret(), newSecret()];
    const receiver = await startReceiver();
    await notify({ url: receiver.origin, secrets: [fresh, old] });
    expect(verified(receiver.requests[0], old)).toEqual(verified(receiver.requests[0], fresh));
    expect(receiver.requests[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  });

  it('the call id holds characters that a header may not: posted all the same', async () => {
    const receiver = await startReceiver();
    const callId = 'Müller\r\nwebhook-id: 1 ☎';
    await notify({ url: receiver.origin, callId });
    expect(receiver.requests[0]?.headers['webhook-id']).toMatch(/^msg_[0-9a-f]{32}$/);
  });
});

describe('an attempt has ended', () => {
  it('the receiver answers 2xx: posted with the id of the call', async () => {
    const receiver = await startReceiver();
    await notify({ url: receiver.origin, type: 'attempt.ended', payload: ended(2) });
    expect(verified(receiver.requests[0], secret)).toEqual({
      type: 'attempt.ended',
      timestamp: ended(2).endedAt,
      data: { callId: outcome.callId, ...ended(2) },
    });
  });

  it('each attempt, each revision of it, each call and the outcome have ids of their own', async () => {
    const receiver = await startReceiver();
    const { origin: url } = receiver;
    await notify({ url });
    await notify({ url, type: 'attempt.ended', payload: ended(1) });
    await notify({ url, type: 'attempt.ended', payload: ended(2) });
    await notify({ url, type: 'attempt.ended', payload: ended(2, { revision: 2 }) });
    await notify({ url, type: 'attempt.ended', payload: ended(2), callId: 'other' });
    await notify({ url, callId: 'other' });
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(6);
  });
});

describe('the receiver does not accept it', () => {
  it('the receiver is down and comes back: posted again with the same webhook-id', async () => {
    const receiver = await startReceiver({ status: 503 });
    await expect(notify({ url: receiver.origin })).rejects.toMatchObject({
      type: 'NotifyFailed',
      nonRetryable: false,
    });
    receiver.answer = { status: 204 };
    await notify({ url: receiver.origin });
    const [first, second] = receiver.requests;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
    expect(verified(second, secret)).toBeDefined();
  });

  it.each([400, 401, 404, 409, 422, 429, 500, 502, 503])('it answers %i: tried again', async (status) => {
    const receiver = await startReceiver({ status });
    const failure = await failureOf(notify({ url: receiver.origin }));
    expect(failure).toMatchObject({ type: 'NotifyFailed', nonRetryable: false });
    expect(failure.message).toBe(`${receiver.host} answered ${status} to call.ended of call order-17`);
  });

  it('the receiver answers 410: never posted again', async () => {
    const receiver = await startReceiver({ status: 410 });
    expect(await failureOf(notify({ url: receiver.origin }))).toMatchObject({
      type: 'NotifyGone',
      nonRetryable: true,
      message: `${receiver.host} answered 410 to call.ended of call order-17: it accepts no more notifications`,
    });
  });

  it.each([301, 302, 303, 307, 308])('it answers %i: the redirect is not followed', async (status) => {
    const elsewhere = await startReceiver();
    const receiver = await startReceiver({ status, headers: { location: elsewhere.origin } });
    const failure = await failureOf(notify({ url: receiver.origin }));
    expect(failure).toMatchObject({ type: 'NotifyFailed', nonRetryable: false });
    expect(failure.message).toMatch(/a redirect, which is not followed$/);
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([
    ['seconds', '120', 120_000],
    ['more than an hour: an hour', '86400', 3_600_000],
    ['a date gone by: no pause of its own', 'Wed, 21 Oct 2015 07:28:00 GMT', undefined],
    ['no time at all: no pause of its own', 'soon', undefined],
  ])('it asks for a pause with Retry-After, %s', async (_, retryAfter, pause) => {
    const receiver = await startReceiver({ status: 429, headers: { 'retry-after': retryAfter } });
    expect((await failureOf(notify({ url: receiver.origin }))).nextRetryDelay).toBe(pause);
  });

  it('it asks for a pause with Retry-After, a date to come: until then', async () => {
    const date = new Date(Date.now() + 600_000).toUTCString();
    const receiver = await startReceiver({ status: 503, headers: { 'retry-after': date } });
    const pause = Number((await failureOf(notify({ url: receiver.origin }))).nextRetryDelay);
    expect(pause).toBeGreaterThan(500_000);
    expect(pause).toBeLessThanOrEqual(600_000);
  });

  it.each([
    [1, 3_750, 6_250],
    [4, 30_000, 50_000],
    [30, 2_700_000, 4_500_000],
  ])(
    'it says nothing of a pause, try %i: the pause of the policy, spread by a quarter',
    async (attempt, least, most) => {
      const retryPolicy = { initialInterval: 5000, backoffCoefficient: 2, maximumInterval: 3_600_000 };
      const receiver = await startReceiver({ status: 500 });
      const pauses = new Set<number>();
      for (let tries = 0; tries < 10; tries++) {
        const environment = quietEnvironment({ attempt, retryPolicy });
        const failure = await failureOf(notify({ url: receiver.origin, environment }));
        pauses.add(Number(failure.nextRetryDelay));
      }
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(least);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(most);
      expect(pauses.size).toBeGreaterThan(1);
    },
  );

  it('the receiver never answers: given up after the timeout, and retried', async () => {
    const receiver = await startReceiver({ status: null });
    const failure = await failureOf(notify({ url: receiver.origin, timeoutMs: 200 }));
    expect(failure).toMatchObject({ type: 'NotifyFailed', nonRetryable: false });
    expect(failure.message).toBe(
      `call.ended of call order-17 could not be posted to ${receiver.host}: no answer within 0.2 s`,
    );
  });

  it('the worker shuts down meanwhile: stops waiting, and is retried by another worker', async () => {
    const receiver = await startReceiver({ status: null });
    const environment = quietEnvironment();
    const delivery = notify({ url: receiver.origin, environment });
    await receiver.incoming;
    environment.cancel();
    expect(await failureOf(delivery)).toMatchObject({ type: 'NotifyFailed', nonRetryable: false });
  });

  it('no server listens: retried', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const failure = await failureOf(notify({ url: receiver.origin }));
    expect(failure).toMatchObject({ type: 'NotifyFailed', nonRetryable: false });
    expect(failure.message).toMatch(/ECONNREFUSED/);
  });

  it('the URL is https and the receiver has no TLS: nothing is sent in the clear', async () => {
    const receiver = await startReceiver();
    const failure = await failureOf(notify({ url: receiver.origin.replace('http:', 'https:') }));
    expect(failure).toMatchObject({ type: 'NotifyFailed', nonRetryable: false });
    expect(receiver.requests).toEqual([]);
  });

  it('the response body never ends: the status counts, and the connection is closed', async () => {
    const receiver = await startReceiver({ status: 200, endless: true });
    await notify({ url: receiver.origin, timeoutMs: 600_000 });
    await receiver.leftAlone;
  });
});

describe('the URL must not be posted to', () => {
  const port = 59_999;
  it.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0177.0.0.1',
    'http://①②⑦.0.0.1',
    'http://127.0.0.1.',
    'http://localhost',
    'http://LOCALHOST',
    'http://0.0.0.0',
    'http://[::1]',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:7f00:1]',
    'http://[64:ff9b::127.0.0.1]',
    'http://10.0.0.1',
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'https://192.168.1.1',
  ])('%s: nothing is sent, and never retried', async (origin) => {
    const failure = await failureOf(
      notify({ url: `${origin}:${port}/hook?token=hush`, allowPrivate: false }),
    );
    expect(failure).toMatchObject({ type: 'NotifyRefused', nonRetryable: true });
    expect(failure.message).toMatch(
      /^call\.ended of call order-17 is not posted: \S+ is not on the public internet: it leads to a private, local or otherwise reserved address\. Give a notifyUrl on the public internet\.$/,
    );
  });

  it.each(['127.0.0.1', 'localhost', '2130706433'])(
    'a server listens on %s: not even connected to',
    async (host) => {
      let connections = 0;
      const server = net.createServer(() => connections++);
      const { port: listening } = await listen(server);
      await failureOf(notify({ url: `http://${host}:${listening}/`, allowPrivate: false }));
      expect(connections).toBe(0);
    },
  );

  it('a connection from when the address was allowed is still open: not used', async () => {
    const receiver = await startReceiver();
    const url = receiver.origin.replace('127.0.0.1', 'localhost');
    await notify({ url, allowPrivate: true });
    expect(await failureOf(notify({ url, allowPrivate: false }))).toMatchObject({ type: 'NotifyRefused' });
    expect(receiver.requests).toHaveLength(1);
  });

  it('private addresses are allowed by the configuration: posted', async () => {
    const receiver = await startReceiver();
    await notify({ url: receiver.origin.replace('127.0.0.1', 'localhost'), allowPrivate: true });
    expect(receiver.requests).toHaveLength(1);
  });

  it.each([
    ['ftp://example.com/', /its notifyUrl is no absolute http\(s\) URL$/],
    ['file:///etc/passwd', /its notifyUrl is no absolute http\(s\) URL$/],
    ['/hook', /its notifyUrl is no absolute http\(s\) URL$/],
    [
      'http://user:pass@example.com/',
      /is not posted to example\.com: its notifyUrl carries a user name or password/,
    ],
  ])('%s: refused', async (url, sentence) => {
    const failure = await failureOf(notify({ url }));
    expect(failure).toMatchObject({ type: 'NotifyRefused', nonRetryable: true });
    expect(failure.message).toMatch(sentence);
    expect(failure.message).not.toContain('pass@');
  });

  it('messages never hold the path or the query of a URL', async () => {
    const receiver = await startReceiver({ status: 500 });
    const path = '/hush-path?token=hush-query';
    const refused = [
      { url: receiver.origin + path },
      { url: receiver.origin + path, allowPrivate: false },
      { url: `http://hush:hush@${receiver.host}${path}` },
    ];
    for (const notification of refused) {
      const failure = await failureOf(notify(notification));
      expect(`${failure.message} ${failure.stack}`).not.toContain('hush');
    }
  });
});

describe('what operators count', () => {
  it.each<[string, { status: number }, boolean, string]>([
    ['taken', { status: 204 }, true, 'delivered'],
    ['not taken', { status: 500 }, true, 'failed'],
    ['wanted no more', { status: 410 }, true, 'gone'],
    ['not to be posted there', { status: 204 }, false, 'refused'],
  ])('%s', async (_, answer, allowPrivate, result) => {
    const receiver = await startReceiver(answer);
    const events: ActivityEvent[] = [];
    await notify({ url: receiver.origin, allowPrivate, events }).catch(() => {});
    expect(events).toEqual([{ kind: 'notified', type: 'call.ended', result }]);
  });
});

describe('the secrets', () => {
  it('no secret is configured: derived from the auth token, the same in every process', () => {
    expect(derivedNotifySecret('token')).toBe(derivedNotifySecret('token'));
    expect(derivedNotifySecret('token')).not.toBe(derivedNotifySecret('another token'));
    expect(isNotifySecret(derivedNotifySecret('token'))).toBe(true);
  });

  it.each([
    ['32 bytes: a secret', newSecret(32), true],
    ['64 bytes: a secret', newSecret(64), true],
    ['23 bytes: too short', newSecret(23), false],
    ['65 bytes: too long', newSecret(65), false],
    ['no bytes: too short', 'whsec_', false],
    ['no whsec_ in front: not a secret', newSecret().slice('whsec_'.length), false],
    ['not base64: not a secret', 'whsec_not base64 at all, but long enough for one', false],
  ])('%s', (_, text, right) => {
    expect(isNotifySecret(text)).toBe(right);
  });
});
