import { describe, expect, it } from 'vitest';
import { created, json, lookupAnswer, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callbackWaitSeconds: 30 });

const answered = {
  CallDuration: '7',
  SequenceNumber: '3',
  SipResponseCode: '200',
  Timestamp: 'Tue, 24 Nov 2026 10:00:07 +0000',
};

describe('a call that is answered', () => {
  it('callbacks come in order: each shows in the state, the last one decides', async () => {
    const call = await context.bench.start({ machineDetection: 'enable', metadata: { order: '42' } });
    const placed = await call.until((s) => s.state === 'queued');
    const sid = placed.attempts[0]?.callSid as string;
    await call.callback(1, sid, 'initiated', { SequenceNumber: '0' });
    await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
    await call.until((s) => s.state === 'ringing');
    await call.callback(1, sid, 'in-progress', {
      SequenceNumber: '2',
      Timestamp: 'Tue, 24 Nov 2026 10:00:00 +0000',
    });
    await call.until((s) => s.state === 'in-progress');
    await call.callback(1, sid, 'completed', { ...answered, AnsweredBy: 'human' });
    const outcome = await call.result();
    expect(outcome).toMatchObject({
      callId: call.callId,
      to: '+15005550100',
      from: '+15005550006',
      metadata: { order: '42' },
      outcome: 'answered',
      answeredBy: 'human',
      reachability: 'reachable',
      reason: null,
      decidedBy: 'webhook',
      callSid: sid,
      errorCode: null,
      sipResponseCode: 200,
      durationSeconds: 7,
    });
    expect(outcome.attempts).toHaveLength(1);
    expect(outcome.attempts[0]).toMatchObject({
      number: 1,
      callSid: sid,
      status: 'completed',
      outcome: 'answered',
      answeredAt: '2026-11-24T10:00:00.000Z',
      endedAt: '2026-11-24T10:00:07.000Z',
      evidence: { disagreed: false, create: { sidFrom: 'created' } },
    });
    expect(await context.store.findCallState(call.callId)).toMatchObject({
      state: 'done',
      outcome: { outcome: 'answered' },
    });
    expect((await call.state()).state).toBe('done');
  });

  it('the create request says what was asked: the events repeated, the times, the return address', async () => {
    const call = await context.bench.start({
      url: 'https://example.com/twiml',
      twiml: undefined,
      ringTimeoutSeconds: 20,
      maxDurationSeconds: 99,
      machineDetection: 'detectMessageEnd',
    });
    await call.until((s) => s.state === 'queued');
    const [form] = context.twilio.creates as [URLSearchParams];
    expect(form.getAll('StatusCallbackEvent')).toEqual(['initiated', 'ringing', 'answered', 'completed']);
    expect(Object.fromEntries(form)).toMatchObject({
      To: '+15005550100',
      From: '+15005550006',
      Url: 'https://example.com/twiml',
      Timeout: '20',
      TimeLimit: '99',
      MachineDetection: 'DetectMessageEnd',
      StatusCallbackMethod: 'POST',
    });
    expect(form.get('StatusCallback')).toMatch(
      new RegExp(`^http://127.0.0.1:9/twilio/status/${call.callId}/1#rc=`),
    );
    await call.callback(1, context.twilio.calls[0]?.sid as string, 'completed');
    await call.result();
  });

  it('callbacks come before the response to the create request: applied', async () => {
    context.twilio.answerCreate = async ({ make }) => {
      const made = make();
      await call.callback(1, made.sid, 'ringing', { SequenceNumber: '1' });
      await call.callback(1, made.sid, 'completed', answered);
      await call.callback(1, 'CAffffffffffffffffffffffffffffffff', 'busy', { SequenceNumber: '2' });
      return created(made);
    };
    const call = await context.bench.start({});
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      decidedBy: 'webhook',
      callSid: context.twilio.calls[0]?.sid,
    });
  });

  it('callbacks doubled and in the wrong order: same outcome, recorded once', async () => {
    const call = await context.bench.start({});
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    await call.callback(1, sid, 'in-progress', { SequenceNumber: '2' });
    await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
    await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
    await call.callback(1, sid, 'initiated', { SequenceNumber: '0' });
    const state = await call.until((s) => s.attempts[0]?.evidence.updates.length === 3);
    expect(state).toMatchObject({ state: 'in-progress', attempts: [{ status: 'in-progress' }] });
    await call.callback(1, sid, 'completed', answered);
    expect((await call.result()).attempts[0]?.evidence.updates.map((u) => u.status)).toEqual([
      'in-progress',
      'ringing',
      'initiated',
      'completed',
    ]);
  });

  it('more callbacks than anybody keeps: the final one counts all the same', async () => {
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    for (let n = 0; n < 60; n++) await call.callback(1, sid, 'ringing', { SequenceNumber: String(n) });
    await call.callback(1, sid, 'completed', answered);
    const outcome = await call.result();
    expect(outcome).toMatchObject({ outcome: 'answered' });
    expect(outcome.attempts[0]?.evidence.updates.length).toBeLessThan(60);
  });

  it('a callback of another call, of an attempt that has not begun, or no callback at all: changes nothing', async () => {
    const call = await context.bench.start({});
    const before = await call.until((s) => s.state === 'queued');
    const sid = before.attempts[0]?.callSid as string;
    await call.callback(1, 'CAffffffffffffffffffffffffffffffff', 'busy');
    await call.callback(2, sid, 'busy');
    await call.callback(0, sid, 'busy');
    for (const junk of [
      null,
      'busy',
      {},
      { attempt: 1 },
      { attempt: 1, params: null },
      { attempt: '__proto__', params: {} },
    ])
      await call.handle.signal('twilioStatus', junk);
    expect((await call.state()).attempts).toEqual(before.attempts);
    await call.callback(1, sid, 'no-answer', { SequenceNumber: '2', SipResponseCode: '487' });
    expect(await call.result()).toMatchObject({
      outcome: 'no-answer',
      reachability: 'reachable',
      reason: { source: 'sip', code: '487' },
    });
  });
});

describe('a call that fails', () => {
  it("the callback tells no error code: it is read off the call's notifications", async () => {
    context.twilio.notifications = [
      { error_code: '15003', log: '1', message_text: 'callback answered 503' },
      { error_code: '32016', log: '0', message_text: 'no response from carriers' },
    ];
    const call = await context.bench.start({});
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'failed', {
      SequenceNumber: '1',
      SipResponseCode: '503',
    });
    expect(await call.result()).toMatchObject({
      outcome: 'failed',
      errorCode: 32016,
      sipResponseCode: 503,
      reason: { source: 'twilio', code: '32016' },
      reachability: 'undetermined',
    });
  });

  it('Twilio notes the error a moment after the end: waited for', async () => {
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'failed', { SequenceNumber: '1' });
    while (!context.twilio.requests.some((r) => r.includes('Notifications')))
      await new Promise((resolve) => setTimeout(resolve, 20));
    context.twilio.notifications = [{ error_code: '13224', log: '0', message_text: 'no carrier' }];
    expect(await call.result()).toMatchObject({
      outcome: 'failed',
      errorCode: 13224,
      reachability: 'unreachable',
    });
  });

  it('Twilio notes no error, and the number is due again in a second: asked once, and dialed when it is due', async () => {
    const retry = {
      maxAttempts: 2,
      retryOn: ['failed'],
      initialIntervalSeconds: 1,
      maximumIntervalSeconds: 1,
      backoffCoefficient: 1,
    };
    const call = await context.bench.start({ to: context.to, retry });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'failed', { SequenceNumber: '1' });
    const again = await call.until((s) => s.attempts[1]?.callSid != null);
    expect(context.twilio.requests.filter((r) => r.includes('Notifications'))).toHaveLength(1);
    await call.callback(2, again.attempts[1]?.callSid as string, 'completed');
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ outcome: 'failed', errorCode: null }, { outcome: 'answered' }],
    });
  });

  it('the callback with the SIP code comes while the reason is searched for: the record is of one piece', async () => {
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    await call.callback(1, sid, 'failed', { SequenceNumber: '2' });
    await call.until((s) => s.waitingFor?.includes('notifications') ?? false);
    await call.callback(1, sid, 'failed', { SequenceNumber: '2', SipResponseCode: '480' });
    expect(await call.result()).toMatchObject({
      outcome: 'no-answer',
      sipResponseCode: 480,
      reason: { code: '480' },
      attempts: [{ outcome: 'no-answer', sipResponseCode: 480 }],
    });
  });

  it.each([
    [21211, 'invalid-number', 'invalid'],
    [21215, 'rejected', 'undetermined'],
    [21214, 'rejected', 'unreachable'],
  ])(
    'Twilio refuses the create with %i: %s, dialed once, decided by the create',
    async (code, outcome, reachability) => {
      context.twilio.answerCreate = () => twilioError(400, code, 'no');
      const call = await context.bench.start({ retry: 'thrice' });
      expect(await call.result()).toMatchObject({
        outcome,
        reachability,
        decidedBy: 'create',
        errorCode: code,
        callSid: null,
        reason: { source: 'twilio', code: String(code), message: 'no' },
        attempts: [{ number: 1, callSid: null, status: null, outcome }],
      });
      expect(context.twilio.creates).toHaveLength(1);
    },
  );
});

describe('what Lookup says', () => {
  it('not a valid number: nothing is dialed', async () => {
    context.twilio.answerLookup = (number) =>
      json(200, lookupAnswer(number, { valid: false, validation_errors: ['TOO_SHORT'] }));
    const call = await context.bench.start({});
    expect(await call.result()).toMatchObject({
      outcome: 'invalid-number',
      reachability: 'invalid',
      decidedBy: 'lookup',
      attempts: [],
      callSid: null,
      reason: { source: 'lookup', code: 'TOO_SHORT' },
    });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it.each([
    ['is down', () => json(503, {})],
    ['refuses', () => twilioError(401, 20003, 'Authenticate')],
    [
      'does not know the line',
      (n: string) => json(200, lookupAnswer(n, { line_status: { status: null, error_code: 60612 } })),
    ],
  ])('it %s: the call goes on, and the evidence says so', async (_, answerLookup) => {
    context.twilio.answerLookup = answerLookup;
    const call = await context.bench.start({ lookup: 'lineStatus' });
    await call.until((s) => s.state === 'queued');
    await call.callback(1, context.twilio.calls[0]?.sid as string, 'completed', answered);
    const outcome = await call.result();
    expect(outcome.outcome).toBe('answered');
    expect(outcome.lookup?.errors).toHaveLength(1);
  });

  it('it never answers: the call goes on without it', async () => {
    context.twilio.answerLookup = () => new Promise(() => {});
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', answered);
    expect((await call.result()).lookup).toMatchObject({ answered: false, errors: [{ package: 'lookup' }] });
  });

  it('off: Lookup is not asked', async () => {
    const call = await context.bench.start({ lookup: 'off' });
    await call.until((s) => s.state === 'queued');
    expect(context.twilio.requests.filter((r) => r.includes('PhoneNumbers'))).toEqual([]);
    await call.callback(1, context.twilio.calls[0]?.sid as string, 'completed', answered);
    expect((await call.result()).lookup).toBeNull();
  });
});

it('an invalid request, from any SDK: the workflow fails at once and names every fault', async () => {
  const call = await context.bench.start({ to: '0049', ringTimeoutSeconds: 1, retry: 'nope', wrong: true });
  const failure = await call.result().catch((error) => error.cause);
  expect(failure).toMatchObject({ type: 'InvalidCallRequest', nonRetryable: true });
  for (const field of ['to', 'ringTimeoutSeconds', 'retry', 'wrong'])
    expect(failure.message).toContain(field);
  expect(context.twilio.requests).toEqual([]);
});
