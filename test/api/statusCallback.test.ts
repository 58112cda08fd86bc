import { randomUUID } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { statusCallbackUrl } from '../../activities/twilio/statusCallbackUrl.js';
import { useCallBench } from '../support/useCallBench.js';
import {
  authToken,
  eventually,
  problem,
  publicUrl,
  type Sent,
  secondaryAuthToken,
  useApi,
} from './useApi.js';

const context = useCallBench();
const api = useApi(context);
const form = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };

const sign = (url: string, parameters: Record<string, string | string[]> = {}, token = authToken) =>
  getExpectedTwilioSignature(token, url, parameters);

async function callbackCount(result: string): Promise<number> {
  const metric = await api.metrics.getSingleMetric('ringtrue_status_callbacks_total')?.get();
  return metric?.values.find(({ labels }) => labels.result === result)?.value ?? 0;
}

/** Starts a call under this id, and waits until Twilio has it. */
async function ringing(callId = `call-${randomUUID()}`) {
  const call = await context.bench.start({ to: context.to, lookup: 'off' }, callId);
  await call.until((state) => state.state === 'queued');
  const { sid } = context.twilio.calls[0] as { sid: string };
  return { ...call, sid, path: new URL(statusCallbackUrl(publicUrl, callId, 1)).pathname };
}

describe('a callback that Twilio signed', () => {
  it('call runs: 204 without a body, and the workflow gets the callback', async () => {
    const call = await ringing();
    const answer = await api.callback(call.path, {
      CallSid: call.sid,
      CallStatus: 'ringing',
      SequenceNumber: '1',
    });
    expect(answer).toMatchObject({ status: 204, text: '' });
    await call.until((state) => state.state === 'ringing');
    await api.callback(call.path, { CallSid: call.sid, CallStatus: 'busy', SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', decidedBy: 'webhook' });
  });

  it('call goes on: lists show its progress', async () => {
    const call = await ringing();
    await api.callback(call.path, { CallSid: call.sid, CallStatus: 'in-progress', SequenceNumber: '2' });
    await eventually(
      () => context.store.findCallState(call.callId),
      (row) => row?.state === 'in-progress',
    );
  });

  it('call is over: 204, nothing changes', async () => {
    const call = await ringing();
    await api.callback(call.path, { CallSid: call.sid, CallStatus: 'completed' });
    const outcome = await call.result();
    const late = await api.callback(call.path, { CallSid: call.sid, CallStatus: 'failed' });
    expect(late.status).toBe(204);
    expect(await call.result()).toEqual(outcome);
    expect(await callbackCount('already-over')).toBeGreaterThan(0);
  });

  it('Temporal has forgotten the call, the store has not: 204', async () => {
    const callId = `call-${randomUUID()}`;
    const startedAt = new Date().toISOString();
    await context.store.addCall({ callId, to: context.to, from: '+15005550006', metadata: {}, startedAt });
    const answer = await api.callback(`/twilio/status/${callId}/1`, { CallStatus: 'busy' });
    expect(answer.status).toBe(204);
  });

  it('workflow of another type has this id: 404, and it gets no signal', async () => {
    const workflowId = `other-${randomUUID()}`;
    const other = await context.bench.client.workflow.start('somethingElse', {
      workflowId,
      taskQueue: 'nobody-polls-this',
    });
    const answer = await api.callback(`/twilio/status/${workflowId}/1`, { CallStatus: 'busy' });
    expect(answer).toMatchObject({ status: 404, json: problem('no-such-call', 404) });
    const { events } = await other.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionSignaledEventAttributes)).toBe(false);
    await other.terminate();
  });

  it('unknown call: 404', async () => {
    const answer = await api.callback(`/twilio/status/call-${randomUUID()}/1`, { CallStatus: 'busy' });
    expect(answer).toMatchObject({ status: 404, json: problem('no-such-call', 404) });
  });

  it.each([['0'], ['-1'], ['1.5'], ['01'], ['1e3'], ['one'], ['%31%20'], ['9999999']])(
    'attempt %s: 404, no attempt is called so',
    async (attempt) => {
      const call = await ringing();
      const answer = await api.callback(`/twilio/status/${call.callId}/${attempt}`, { CallStatus: 'busy' });
      expect(answer).toMatchObject({ status: 404, json: problem('no-such-call', 404) });
    },
  );

  it.each([
    ['an apostrophe', "o'hara"],
    ['a slash', 'team/7/call'],
    ['a plus and a blank', 'a+b c'],
    ['umlauts', 'Größe-Ü'],
    ['a percent sign', '100%25'],
    ['an ampersand, a question mark and a hash', 'a&b?c#d'],
    ['a phone', '☎️'],
    ['two slashes', 'team//7'],
    ['a dot at the beginning', '.hidden'],
    ['the prefix of encoded ids', 'id64.YQ'],
  ])(
    'the call id has %s: the callback finds its call, with a path that no proxy changes',
    async (_, name) => {
      const call = await ringing(`${name}-${randomUUID()}`);
      expect(call.path).toMatch(/^\/twilio\/status\/[A-Za-z0-9._-]+\/1$/);
      const answer = await api.callback(call.path, { CallSid: call.sid, CallStatus: 'no-answer' });
      expect(answer.status).toBe(204);
      expect(await call.result()).toMatchObject({ callId: call.callId, outcome: 'no-answer' });
    },
  );

  it.each(['.', '..'])('the call id is %s: the callback finds its call', async (callId) => {
    const call = await ringing(callId);
    const answer = await api.callback(call.path, { CallSid: call.sid, CallStatus: 'busy' });
    expect(answer.status).toBe(204);
    expect(await call.result()).toMatchObject({ callId, outcome: 'busy' });
  });

  it('the path has the call id percent-encoded: the callback finds its call', async () => {
    const call = await ringing(`team/7+1 ${randomUUID()}`);
    const path = `/twilio/status/${encodeURIComponent(call.callId)}/1`;
    const answer = await api.callback(path, { CallSid: call.sid, CallStatus: 'no-answer' });
    expect(answer.status).toBe(204);
    expect(await call.result()).toMatchObject({ callId: call.callId, outcome: 'no-answer' });
  });

  it('signed query that we did not configure: the callback counts', async () => {
    const call = await ringing();
    const answer = await api.callback(`${call.path}?a=1&b=%20x'y`, { CallSid: call.sid, CallStatus: 'busy' });
    expect(answer.status).toBe(204);
  });

  it('callback signed with the secondary auth token: counts', async () => {
    const call = await ringing();
    const answer = await api.callback(
      call.path,
      { CallSid: call.sid, CallStatus: 'busy' },
      secondaryAuthToken,
    );
    expect(answer.status).toBe(204);
  });

  it.each([
    ['empty parameters', { ToZip: '', ToCity: '' }],
    ['text in UTF-8', { ToCity: 'São Paulo', CallerName: 'Jürgen & Söhne +49' }],
    ['a parameter named __proto__', JSON.parse('{"__proto__":"x"}') as Record<string, string>],
  ])('%s: signed as a whole, and counts', async (_, parameters) => {
    const call = await ringing();
    const answer = await api.callback(call.path, { CallSid: call.sid, CallStatus: 'busy', ...parameters });
    expect(answer.status).toBe(204);
    expect(await call.result()).toMatchObject({ outcome: 'busy' });
  });

  it('repeated parameter: both values are signed, the first counts', async () => {
    const call = await ringing();
    const signature = sign(publicUrl + call.path, { CallSid: call.sid, CallStatus: ['busy', 'completed'] });
    const answer = await api.send({
      method: 'POST',
      path: call.path,
      headers: { ...form, 'X-Twilio-Signature': signature },
      body: `CallSid=${call.sid}&CallStatus=busy&CallStatus=completed`,
    });
    expect(answer.status).toBe(204);
    expect(await call.result()).toMatchObject({ outcome: 'busy' });
  });

  it('JSON instead of a form, signed as Twilio signs JSON bodies: 415', async () => {
    const path = `/twilio/status/call-${randomUUID()}/1`;
    const answer = await api.send({
      method: 'POST',
      path,
      headers: { 'Content-Type': 'application/json', 'X-Twilio-Signature': sign(publicUrl + path) },
      body: '{}',
    });
    expect(answer).toMatchObject({ status: 415, json: problem('unsupported-media-type', 415) });
  });
});

describe('callback that came as GET, because something redirects http to https', () => {
  const get = (path: string, signature?: string) =>
    api.send({ path, headers: signature === undefined ? {} : { 'X-Twilio-Signature': signature } });
  const warnings = () =>
    api.logLines.filter(({ msg }) =>
      String(msg).startsWith('A status callback came as GET instead of POST.'),
    );

  it('signed: counts, and the log says once what to do', async () => {
    const call = await ringing();
    for (const [nth, status] of ['ringing', 'busy'].entries()) {
      const query = new URLSearchParams({
        CallSid: call.sid,
        CallStatus: status,
        SequenceNumber: String(nth + 1),
      });
      const path = `${call.path}?${query}`;
      expect(await get(path, sign(publicUrl + path))).toMatchObject({ status: 204, text: '' });
    }
    expect(await call.result()).toMatchObject({ outcome: 'busy', decidedBy: 'webhook' });
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]?.msg).toContain('set RINGTRUE_PUBLIC_URL to where they end');
  });

  it('signed for another query: 403, counted as forged', async () => {
    const call = await ringing();
    const path = (status: string) => `${call.path}?CallSid=${call.sid}&CallStatus=${status}`;
    const before = await callbackCount('forged');
    expect((await get(path('completed'), sign(publicUrl + path('busy')))).json).toMatchObject(
      problem('bad-signature', 403),
    );
    expect(await callbackCount('forged')).toBe(before + 1);
    expect(await call.state()).toMatchObject({ state: 'queued' });
  });

  it('signed, and there is no such call: 404', async () => {
    const path = '/twilio/status/no-such-call/1?CallSid=CA1&CallStatus=busy';
    expect(await get(path, sign(publicUrl + path))).toMatchObject({ status: 404 });
  });

  it('no signature, or no parameters: 405', async () => {
    const { path } = await ringing();
    for (const answer of [await get(`${path}?CallStatus=busy`), await get(path, sign(publicUrl + path))])
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });
});

describe('forged callback: 403, whether or not the call exists', () => {
  const parameters = { CallSid: 'CA1', CallStatus: 'completed', To: '+15005550100', ToZip: '' };
  let path = '';
  let other = '';
  beforeAll(async () => {
    path = (await ringing()).path;
    other = (await ringing()).path;
  });

  const signed = (
    url: string,
    signedParameters: Record<string, string> = parameters,
    token = authToken,
  ): Sent => ({
    method: 'POST',
    path,
    headers: { ...form, 'X-Twilio-Signature': sign(url, signedParameters, token) },
    body: new URLSearchParams(parameters).toString(),
  });
  const without = (name: string) =>
    Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name));

  it.each<[string, () => Sent]>([
    ['no signature', () => ({ method: 'POST', path, headers: form, body: 'CallStatus=completed' })],
    ['an empty one', () => ({ ...signed(publicUrl + path), headers: { ...form, 'X-Twilio-Signature': '' } })],
    [
      'one that is no Base64',
      () => ({ ...signed(publicUrl + path), headers: { ...form, 'X-Twilio-Signature': '§§§' } }),
    ],
    ['another token', () => signed(publicUrl + path, parameters, 'wrong')],
    ['an empty token', () => signed(publicUrl + path, parameters, '')],
    ['signed for another host', () => signed(`https://evil.example${path}`)],
    ['signed for http instead of https', () => signed(`http://ringtrue.example${path}`)],
    ['signed for the host that it reached', () => signed(`${api.origin}${path}`)],
    ['signed for another call', () => signed(publicUrl + other)],
    ['signed for another attempt', () => signed(`${publicUrl}${path.replace(/1$/, '2')}`)],
    ['signed with a slash at the end', () => signed(`${publicUrl}${path}/`)],
    ['signed with the fragment', () => signed(`${publicUrl}${path}#rc=2`)],
    ['a parameter added', () => signed(publicUrl + path, without('To'))],
    ['an empty parameter added', () => signed(publicUrl + path, without('ToZip'))],
    ['a parameter removed', () => signed(publicUrl + path, { ...parameters, ErrorCode: '1' })],
    ['a parameter changed', () => signed(publicUrl + path, { ...parameters, CallStatus: 'busy' })],
    ['a query added', () => ({ ...signed(publicUrl + path), path: `${path}?x=1` })],
    ['a query removed', () => signed(`${publicUrl}${path}?x=1`)],
    ['a query changed', () => ({ ...signed(`${publicUrl}${path}?x=1`), path: `${path}?x=2` })],
    [
      'parameters moved into the query',
      () => ({ ...signed(publicUrl + path), path: `${path}?${new URLSearchParams(parameters)}`, body: '' }),
    ],
    [
      'the id encoded otherwise',
      () => ({ ...signed(publicUrl + path), path: path.replace('call-', 'c%61ll-') }),
    ],
    ['signed without its body', () => signed(publicUrl + path, {})],
    [
      'JSON with a signature of the form',
      () => ({
        ...signed(publicUrl + path),
        headers: { ...signed(publicUrl + path).headers, 'Content-Type': 'application/json' },
      }),
    ],
    [
      'no content type',
      () => ({
        ...signed(publicUrl + path),
        headers: { 'X-Twilio-Signature': sign(publicUrl + path, parameters) },
      }),
    ],
    [
      'a call that does not exist',
      () => ({ method: 'POST', path: '/twilio/status/nobody/1', headers: form, body: 'x=1' }),
    ],
    [
      'an attempt that cannot exist',
      () => ({ method: 'POST', path: `${path}x`, headers: form, body: 'x=1' }),
    ],
  ])('%s', async (_, forged) => {
    const before = await callbackCount('forged');
    const answer = await api.send(forged());
    expect(answer).toMatchObject({ status: 403, json: problem('bad-signature', 403) });
    expect(await callbackCount('forged')).toBe(before + 1);
  });

  it.each([['GET'], ['PUT'], ['DELETE']])(
    '%s, signed as Twilio signs it: 405, we ask for POST',
    async (method) => {
      const answer = await api.send({
        method,
        path,
        headers: { 'X-Twilio-Signature': sign(publicUrl + path) },
      });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    },
  );

  it('more than 16 KiB: 413 before the body is read', async () => {
    const answer = await api.callback(path, { x: 'x'.repeat(16_384) });
    expect(answer).toMatchObject({ status: 413, json: problem('too-large', 413) });
  });

  it('after all forgeries: the workflow got no signal', async () => {
    const state = await context.bench.client.workflow.getHandle(path.split('/')[3] ?? '').query('state');
    expect(state).toMatchObject({ state: 'queued', attempts: [{ evidence: { updates: [] } }] });
  });
});
