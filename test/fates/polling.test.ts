import { afterEach, describe, expect, it } from 'vitest';
import type { CallHandle } from '../support/callBench.js';
import { json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callbackWaitSeconds: 1, pollIntervalSeconds: 1 });

async function placed(call: CallHandle): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[0]?.callSid != null);
  return attempts[0]?.callSid as string;
}

async function polls(atLeast: number): Promise<void> {
  const fetches = () => context.twilio.requests.filter((r) => /^GET \/Calls\/CA\w+\.json$/.test(r)).length;
  while (fetches() < atLeast) await new Promise((resolve) => setTimeout(resolve, 25));
}

function answerFetchWith(over: Record<string, unknown>): void {
  Object.assign(context.twilio.calls[0] as object, over);
}

describe('Twilio is asked for no callbacks', () => {
  afterEach(() => {
    context.bench.settings.publicUrl = 'http://127.0.0.1:9';
  });

  it('no public URL: the create names no callback, and polling decides', async () => {
    context.bench.settings.publicUrl = null;
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    await polls(1);
    answerFetchWith({ status: 'busy' });
    const outcome = await call.result();
    expect(outcome).toMatchObject({ outcome: 'busy', decidedBy: 'poll' });
    expect(outcome.timeline.map(({ text }) => text)).toContain(
      'Twilio is polled, since it sends no callbacks',
    );
    expect([...(context.twilio.creates[0] as URLSearchParams).keys()].sort()).toEqual([
      'From',
      'TimeLimit',
      'Timeout',
      'To',
      'Twiml',
    ]);
  });
});

describe('the worker has another Twilio account by now', () => {
  it('Twilio does not know the call: it says so, waits, and has its outcome from the right account', async () => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    const { twilio } = context.bench.settings;
    const usual = twilio.accountSid;
    const { answerFetch } = context.twilio;
    twilio.accountSid = `AC${'9'.repeat(32)}`;
    context.twilio.answerFetch = () => twilioError(404, 20404, 'not found');
    try {
      await call.until((s) => s.waitingFor?.includes(`TWILIO_ACCOUNT_SID=${usual}`) === true);
    } finally {
      twilio.accountSid = usual;
      context.twilio.answerFetch = answerFetch;
    }
    answerFetchWith({ status: 'busy' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', decidedBy: 'poll' });
  });
});

describe('no callback comes', () => {
  it('Twilio is asked through ringing and talking until its status is final: decided by poll', async () => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    answerFetchWith({ status: 'ringing' });
    await polls(1);
    answerFetchWith({ status: 'in-progress' });
    await polls(2);
    answerFetchWith({
      status: 'completed',
      duration: '12',
      start_time: 'Tue, 24 Nov 2026 10:00:00 +0000',
      end_time: 'Tue, 24 Nov 2026 10:00:12 +0000',
      answered_by: 'machine_start',
    });
    const outcome = await call.result();
    expect(outcome).toMatchObject({
      outcome: 'answered',
      decidedBy: 'poll',
      answeredBy: 'machine',
      durationSeconds: 12,
      sipResponseCode: null,
      reachability: 'reachable',
      attempts: [{ answeredAt: '2026-11-24T10:00:00.000Z', endedAt: '2026-11-24T10:00:12.000Z' }],
    });
    const events = (await call.handle.fetchHistory()).events ?? [];
    expect(
      events.filter((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'pollCall'),
    ).toHaveLength(1);
    expect(events.length).toBeLessThan(45);
  });

  it('an earlier poll saw it ring, the last one says no-answer: the number is reachable', async () => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    answerFetchWith({ status: 'ringing' });
    await polls(1);
    answerFetchWith({ status: 'no-answer', duration: '' });
    expect(await call.result()).toMatchObject({
      outcome: 'no-answer',
      decidedBy: 'poll',
      reachability: 'reachable',
      durationSeconds: null,
    });
  });

  it('failed: the error code comes from the notifications', async () => {
    context.twilio.notifications = [{ error_code: '13224', log: '1', message_text: 'no carrier' }];
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    answerFetchWith({ status: 'failed' });
    expect(await call.result()).toMatchObject({
      outcome: 'failed',
      decidedBy: 'poll',
      errorCode: 13224,
      sipResponseCode: null,
      reachability: 'unreachable',
    });
  });

  it('an application is called: decided by polling, since Twilio sends its callbacks elsewhere', async () => {
    const call = await context.bench.start({
      to: context.to,
      twiml: undefined,
      applicationSid: `AP${'0'.repeat(32)}`,
    });
    await placed(call);
    expect(context.twilio.creates[0]?.has('StatusCallback')).toBe(false);
    answerFetchWith({ status: 'busy' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', decidedBy: 'poll' });
  });

  it.each([
    ['404 just after the create', () => twilioError(404, 20404, 'not found')],
    ['429', () => twilioError(429, 20429, 'slow down', { 'retry-after': '1' })],
    ['500', () => twilioError(500, 20500, 'internal')],
    ['HTML of a proxy', () => new Response('<html>', { status: 502 })],
    ['an answer that breaks off', () => new Response('{"sid":', { status: 200 })],
    ['the credentials refused', () => twilioError(401, 20003, 'Authenticate')],
    [
      'a status word that Twilio never used before',
      () => json(200, { ...context.twilio.calls[0], status: 'teleporting' }),
    ],
    ['no status at all', () => json(200, { ...context.twilio.calls[0], status: null })],
  ])('the first answers are %s: no verdict, asked again', async (_, answer) => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    context.twilio.answerFetch = answer;
    await polls(2);
    expect(await call.state()).toMatchObject({ outcome: null });
    answerFetchWith({ status: 'completed', duration: '1' });
    context.twilio.answerFetch = context.defaults.answerFetch;
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'poll' });
  });

  it('a callback comes while Twilio is being asked: it decides at once', async () => {
    const call = await context.bench.start({ to: context.to });
    const sid = await placed(call);
    let onFetch = () => {};
    const inTheMiddle = new Promise<void>((resolve) => (onFetch = resolve));
    context.twilio.answerFetch = async (found) => {
      onFetch();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return json(200, { ...found, status: 'in-progress' });
    };
    await inTheMiddle;
    await call.callback(1, sid, 'busy', { SequenceNumber: '2', SipResponseCode: '486' });
    expect(await call.result()).toMatchObject({
      outcome: 'busy',
      decidedBy: 'webhook',
      sipResponseCode: 486,
    });
  });
});

describe('Twilio takes creates, and refuses to be read', () => {
  it.each([
    [403, 20008, 'Resource not accessible with Test Account Credentials'],
    [401, 70051, 'Authorization Failed'],
  ])(
    'HTTP %i, %i: the call says so, and its outcome is read once the account is fixed',
    async (status, code, text) => {
      context.twilio.answerFetch = () => twilioError(status, code, text);
      const call = await context.bench.start({ to: context.to });
      const sid = await placed(call);
      const waiting = await call.until((s) => s.waitingFor?.includes('cannot be read until') ?? false);
      expect(waiting.waitingFor).toContain(`${code}: ${text}`);
      await polls(3);
      context.twilio.answerFetch = context.defaults.answerFetch;
      answerFetchWith({ status: 'completed', duration: '7' });
      const result = await call.result();
      expect(result).toMatchObject({ outcome: 'answered', callSid: sid, decidedBy: 'poll' });
      expect(result.timeline.filter((entry) => entry.text.includes('cannot be read'))).toHaveLength(1);
    },
  );

  it('a cancel is refused like a read: the call says so, and is ended once the account is fixed', async () => {
    context.twilio.answerFetch = () => twilioError(401, 20003, 'Authenticate');
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    await call.handle.executeUpdate('cancel', { args: [{}] });
    await call.until((s) => s.waitingFor?.includes('cannot be read until') ?? false);
    context.twilio.answerFetch = context.defaults.answerFetch;
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'poll' });
  });
});
