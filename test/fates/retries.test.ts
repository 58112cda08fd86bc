import { describe, expect, it } from 'vitest';
import type { CallHandle } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { created } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();

const cancel = (call: CallHandle, reason?: string) =>
  call.handle.executeUpdate('cancel', { args: [{ reason }] });
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error) => error.cause?.type ?? error.message,
  );

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

describe('the retry policy', () => {
  it('callback says busy: dials again after an hour, each attempt with a return address of its own', async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    const first = await placed(call);
    await call.callback(1, first, 'busy', { SequenceNumber: '2' });
    const waiting = await call.until((s) => s.state === 'waiting-to-retry');
    expect(Date.parse(waiting.nextAttemptAt as string)).toBeGreaterThan(Date.now() + 3_500_000);
    expect(await context.store.findCallState(call.callId)).toMatchObject({
      state: 'waiting-to-retry',
      attempts: [{ number: 1, outcome: 'busy' }],
    });
    expect(context.twilio.creates).toHaveLength(1);
    await fastForward(context.bench.client, call.callId, 3600);
    const second = await placed(call, 2);
    expect(second).not.toBe(first);
    expect(context.twilio.creates[1]?.get('StatusCallback')).toContain(`/${call.callId}/2#`);
    await call.callback(1, second, 'busy', { SequenceNumber: '2' });
    await call.callback(2, second, 'completed', { SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      callSid: second,
      attempts: [
        { number: 1, outcome: 'busy', callSid: first },
        { number: 2, outcome: 'answered', callSid: second },
      ],
    });
  });

  it('never answered: stops after the last attempt', async () => {
    const retry = {
      maxAttempts: 3,
      retryOn: ['no-answer'],
      initialIntervalSeconds: 1,
      maximumIntervalSeconds: 1,
      backoffCoefficient: 1,
    };
    const call = await context.bench.start({ to: context.to, retry });
    for (const attempt of [1, 2, 3])
      await call.callback(attempt, await placed(call, attempt), 'no-answer', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({
      outcome: 'no-answer',
      attempts: [{ number: 1 }, { number: 2 }, { number: 3 }],
    });
    expect(context.twilio.creates).toHaveLength(3);
  });

  it('dial again now, while waiting: at once', async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    expect(await refusal(call.handle.executeUpdate('retryNow'))).toBe('NotWaitingToRetry');
    await call.callback(1, await placed(call), 'failed', { SequenceNumber: '1', ErrorCode: '32016' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await call.handle.executeUpdate('retryNow', { args: [{}] });
    await call.callback(2, await placed(call, 2), 'completed');
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ outcome: 'failed', errorCode: 32016 }, { outcome: 'answered' }],
    });
  });

  it('retry now while a late update about the last attempt is being settled: dials at once', async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    const sid = await placed(call);
    await call.callback(1, sid, 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await call.callback(1, sid, 'failed', { SequenceNumber: '3' });
    await call.until((s) => s.waitingFor?.includes('notifications') ?? false);
    await call.handle.executeUpdate('retryNow', { args: [{}] });
    await call.callback(2, await placed(call, 2), 'completed');
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ outcome: 'failed' }, { outcome: 'answered' }],
    });
  });

  it('dial again now, asked twice: one attempt at once, and the next one after its wait', async () => {
    const { saveAttempt } = context.store;
    context.store.saveAttempt = () => Promise.reject(new Error('the store is away'));
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    // It is due at the first one, and waits for the store at the second.
    for (let time = 1; time <= 2; time++) await call.handle.executeUpdate('retryNow', { args: [{}] });
    context.store.saveAttempt = saveAttempt;
    await call.callback(2, await placed(call, 2), 'busy', { SequenceNumber: '2' });
    const waiting = await call.until(
      (s) => s.attempts[1]?.outcome === 'busy' && s.state === 'waiting-to-retry',
    );
    expect(Date.parse(waiting.nextAttemptAt as string)).toBeGreaterThan(Date.now() + 3_500_000);
    await cancel(call);
    await call.result();
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('a late callback while waiting brings the SIP code: kept, and not dialed twice for it', async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    const sid = await placed(call);
    await call.callback(1, sid, 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await call.callback(1, sid, 'busy', { SequenceNumber: '2', SipResponseCode: '486' });
    await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
    const state = await call.until((s) => s.attempts[0]?.evidence.updates.length === 3);
    expect(state.state).toBe('waiting-to-retry');
    await cancel(call);
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'cancel',
      reachability: 'reachable',
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('the next attempt would come after giveUpAt: the last outcome stays', async () => {
    const call = await context.bench.start({
      to: context.to,
      retry: 'thrice',
      giveUpAt: new Date(Date.now() + 60_000).toISOString(),
    });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({
      outcome: 'busy',
      decidedBy: 'webhook',
      attempts: [{ number: 1 }],
    });
  });

  it('giveUpAt has passed before the first attempt: expired, nothing dialed', async () => {
    const call = await context.bench.start({ to: context.to, giveUpAt: '2026-01-01T00:00:00Z' });
    expect(await call.result()).toMatchObject({
      outcome: 'expired',
      decidedBy: 'policy',
      attempts: [],
      reason: { source: 'policy' },
    });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('notBefore: waits until then', async () => {
    const notBefore = new Date(Date.now() + 3_600_000).toISOString();
    const call = await context.bench.start({ to: context.to, notBefore });
    const waiting = await call.until((s) => s.state === 'waiting');
    expect(waiting.nextAttemptAt).toBe(notBefore);
    const listed = async () => (await context.store.findCallState(call.callId))?.state;
    await expect.poll(listed, { timeout: 10_000 }).toBe('waiting');
    await fastForward(context.bench.client, call.callId, 3601);
    await call.callback(1, await placed(call), 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  });
});

describe('cancel', () => {
  it('while waiting: canceled at once, Twilio never had a call', async () => {
    const call = await context.bench.start({ to: context.to, notBefore: '2099-01-01T00:00:00Z' });
    await call.until((s) => s.state === 'waiting');
    await cancel(call, 'order withdrawn');
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'cancel',
      attempts: [],
      reason: { message: 'order withdrawn' },
    });
    expect(await refusal(cancel(call))).toMatch(/completed|CallIsOver/);
  });

  it.each(['queued', 'ringing'])('while %s: stopped at Twilio, and Twilio says canceled', async (status) => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    Object.assign(context.twilio.calls[0] as object, { status });
    await cancel(call);
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'poll',
      attempts: [{ status: 'canceled' }],
    });
    expect(context.twilio.requests.filter((r) => r.startsWith('POST /Calls/'))).toHaveLength(1);
  });

  it('while talking: hung up; it was answered', async () => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    Object.assign(context.twilio.calls[0] as object, { status: 'in-progress' });
    let requested = '';
    context.twilio.answerUpdate = (found, status) => {
      requested = status;
      return context.defaults.answerUpdate(found, status);
    };
    await cancel(call);
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'poll' });
    expect(requested).toBe('completed');
  });

  it('Twilio does not say that it is over: not reported as done, until the callback says so', async () => {
    const call = await context.bench.start({ to: context.to });
    const sid = await placed(call);
    context.twilio.answerUpdate = (found) => created(found);
    await cancel(call);
    while (context.twilio.requests.filter((r) => r.startsWith('POST /Calls/')).length < 2)
      await new Promise((r) => setTimeout(r, 50));
    expect(await call.state()).toMatchObject({ outcome: null });
    await call.callback(1, sid, 'canceled', { SequenceNumber: '2', SipResponseCode: '487' });
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'webhook' });
  });

  it('Lookup has not answered yet: nothing is dialed', async () => {
    let answer = () => {};
    let onLookup = () => {};
    const lookupRequest = new Promise<void>((resolve) => (onLookup = resolve));
    context.twilio.answerLookup = async (number, fields) => {
      onLookup();
      await new Promise<void>((resolve) => (answer = resolve));
      return context.defaults.answerLookup(number, fields);
    };
    const call = await context.bench.start({ to: context.to });
    await lookupRequest;
    await cancel(call);
    // A faster answer lets the call be placed at once.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    answer();
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel', attempts: [] });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('races with the create: the call that comes of it is ended', async () => {
    let answer = () => {};
    context.twilio.answerCreate = async ({ make }) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return created(make());
    };
    const call = await context.bench.start({ to: context.to });
    while (context.twilio.creates.length === 0) await new Promise((r) => setTimeout(r, 20));
    await cancel(call);
    expect(await call.state()).toMatchObject({ outcome: null });
    answer();
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'poll',
      attempts: [{ status: 'canceled' }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('while waiting to retry: no further attempt', async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await cancel(call);
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'cancel',
      attempts: [{ outcome: 'busy' }],
    });
  });

  it('a Temporal cancellation does the same', async () => {
    const call = await context.bench.start({ to: context.to });
    await placed(call);
    await call.handle.cancel();
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'poll' });
    expect((await call.handle.describe()).status.name).toBe('COMPLETED');
  });

  it('asked twice, and the terminal callback comes in between: one outcome, as Twilio says', async () => {
    const call = await context.bench.start({ to: context.to });
    const sid = await placed(call);
    context.twilio.answerUpdate = async (found) => {
      await call.callback(1, sid, 'completed', { SequenceNumber: '3', CallDuration: '2' });
      return created(Object.assign(found, { status: 'completed' }));
    };
    await cancel(call);
    await refusal(cancel(call));
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  });
});
