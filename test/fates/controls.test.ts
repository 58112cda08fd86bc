import { describe, expect, it } from 'vitest';
import type { CallHandle } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { cut, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();

const hour = 3600;
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const update = (call: CallHandle, name: string, input?: object) =>
  call.handle.executeUpdate<{ paused: boolean; nextAttemptAt: string | null }, [object | undefined]>(name, {
    args: [input],
  });
const refusal = (call: CallHandle, name: string, input?: object) =>
  update(call, name, input).then(
    () => null,
    (error) => error.cause ?? error,
  );
const skip = (call: CallHandle, seconds: number) => fastForward(context.bench.client, call.callId, seconds);

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

/** Each brings a call into one state in which it can be controlled. */
const states = {
  'waiting for notBefore': async () => {
    const call = await context.bench.start({ to: context.to, notBefore: inSeconds(hour), retry: 'thrice' });
    await call.until((s) => s.state === 'waiting');
    return call;
  },
  'held back by trouble with the account': async () => {
    context.twilio.answerCreate = () => twilioError(401, 20003, 'Authenticate');
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.state === 'waiting');
    return call;
  },
  ringing: async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    await call.callback(1, await placed(call), 'ringing', { SequenceNumber: '1' });
    await call.until((s) => s.state === 'ringing');
    return call;
  },
  'waiting to retry': async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    return call;
  },
};
type StateName = keyof typeof states;

describe('what is allowed when', () => {
  it.each<[StateName, 'allowed' | 'refused']>([
    ['waiting for notBefore', 'allowed'],
    ['held back by trouble with the account', 'refused'],
    ['ringing', 'refused'],
    ['waiting to retry', 'allowed'],
  ])('%s: can be paused, then resumed; to be rescheduled is %s', async (state, verdict) => {
    const call = await states[state]();
    expect(await refusal(call, 'resume')).toMatchObject({ type: 'NotPaused' });
    const at = inSeconds(2 * hour);
    if (verdict === 'allowed')
      expect(await update(call, 'reschedule', { at })).toMatchObject({ nextAttemptAt: at });
    else expect(await refusal(call, 'reschedule', { at })).toMatchObject({ type: 'NotWaitingForAttempt' });
    expect(await update(call, 'pause')).toMatchObject({ paused: true, pauseReason: null });
    expect(await update(call, 'resume')).toMatchObject({ paused: false });
    await update(call, 'cancel');
    await call.result();
    for (const name of ['pause', 'resume', 'reschedule'])
      expect((await refusal(call, name, { at })).message).toMatch(/already completed|over already/);
  });
});

describe('pause', () => {
  it('paused, then moved and resumed: nothing dialed before, and no history written while it waits', async () => {
    const call = await states['waiting for notBefore']();
    const { nextAttemptAt } = await call.state();
    await update(call, 'pause', { reason: 'the line is being repaired' });
    await update(call, 'pause', { reason: 'another one' });
    const held = {
      state: 'waiting',
      paused: true,
      pauseReason: 'the line is being repaired',
      waitingFor: 'somebody to resume the call (paused: the line is being repaired)',
    };
    expect(await call.state()).toMatchObject({ ...held, nextAttemptAt });
    await skip(call, hour + 1);
    expect(await call.until((s) => s.nextAttemptAt === null)).toMatchObject(held);
    const length = async () => (await call.handle.describe()).historyLength;
    const before = await length();
    await skip(call, 18 * hour);
    expect(await length()).toBeLessThan(before + 3);
    const at = inSeconds(20 * hour);
    expect(await update(call, 'reschedule', { at })).toMatchObject({ paused: true, nextAttemptAt: at });
    await update(call, 'resume');
    expect(await call.state()).toMatchObject({ paused: false, pauseReason: null, nextAttemptAt: at });
    expect(context.twilio.creates).toHaveLength(0);
    await skip(call, hour);
    await call.callback(1, await placed(call), 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ number: 1 }] });
  });

  it('paused while it rings: followed to its end, and dialed again only when resumed', async () => {
    const call = await states.ringing();
    const sid = await placed(call);
    await update(call, 'pause');
    expect((await call.state()).waitingFor).toContain(sid);
    await call.callback(1, sid, 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    expect(await refusal(call, 'retryNow')).toMatchObject({ type: 'CallIsPaused' });
    await skip(call, hour + 1);
    await call.until((s) => s.state === 'waiting');
    expect(context.twilio.creates).toHaveLength(1);
    await update(call, 'resume');
    await call.callback(2, await placed(call, 2), 'completed');
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ number: 1 }, { number: 2 }],
    });
  });

  it('paused while the account is in trouble: mended, and still not dialed until resumed', async () => {
    const call = await states['held back by trouble with the account']();
    await update(call, 'pause');
    context.twilio.answerCreate = context.defaults.answerCreate;
    const { length } = context.twilio.creates;
    await skip(call, 600);
    await call.until((s) => s.waitingFor === 'somebody to resume the call (paused)');
    expect(context.twilio.creates.length).toBeLessThanOrEqual(length + 1);
    await update(call, 'resume');
    await call.callback(1, await placed(call), 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ number: 1 }] });
  });

  it('resumed after the calling window has closed: not dialed before it opens again', async () => {
    context.twilio.answerCreate = () => twilioError(401, 20003, 'Authenticate');
    const clock = (seconds: number) => inSeconds(seconds).slice(11, 16);
    const callingWindow = { timeZone: 'UTC', start: clock(-hour), end: clock(hour) };
    const call = await context.bench.start({ to: context.to, callingWindow });
    await call.until((s) => s.state === 'waiting');
    await update(call, 'pause');
    await skip(call, 2 * hour);
    const tried = context.twilio.creates.length;
    await update(call, 'resume');
    const waiting = await call.until((s) => s.waitingFor?.includes('the calling window') ?? false);
    expect(waiting.nextAttemptAt?.slice(11, 16)).toBe(callingWindow.start);
    expect(context.twilio.creates).toHaveLength(tried);
    await update(call, 'cancel');
    expect(await call.result()).toMatchObject({ outcome: 'canceled', attempts: [] });
  });

  it('paused while it is unclear whether Twilio made the call: sought, found and followed all the same', async () => {
    let hidden = true;
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    context.twilio.answerList = (calls) => context.defaults.answerList(hidden ? [] : calls);
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.waitingFor?.includes('unclear') ?? false);
    await update(call, 'pause');
    expect((await call.state()).waitingFor).toContain('a trace of the call at Twilio');
    hidden = false;
    await call.callback(1, await placed(call), 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it.each(['cancel', 'a Temporal cancellation'])('%s while paused: canceled at once', async (what) => {
    const call = await states['waiting for notBefore']();
    await update(call, 'pause');
    await skip(call, hour + 1);
    await call.until((s) => s.nextAttemptAt === null);
    await (what === 'cancel' ? update(call, 'cancel') : call.handle.cancel());
    expect(await call.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel', attempts: [] });
  });

  it('giveUpAt passes while paused before the first attempt: expired', async () => {
    const call = await context.bench.start({
      to: context.to,
      notBefore: inSeconds(60),
      giveUpAt: inSeconds(10 * 24 * hour),
    });
    await call.until((s) => s.state === 'waiting');
    await update(call, 'pause');
    const { historyLength } = await call.handle.describe();
    await skip(call, 11 * 24 * hour);
    expect(await call.result()).toMatchObject({ outcome: 'expired', decidedBy: 'policy', attempts: [] });
    expect((await call.handle.describe()).historyLength).toBeLessThan(historyLength + 50);
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('a reason of any length, and a giveUpAt: the call waits, and goes on', async () => {
    const call = await context.bench.start({
      to: context.to,
      notBefore: inSeconds(1),
      giveUpAt: inSeconds(hour),
    });
    await call.handle.executeUpdate('pause', { args: [{ reason: 'x'.repeat(2000) }] });
    await call.until((s) => s.state === 'waiting' && s.waitingFor?.includes('xxx') === true);
    await update(call, 'resume');
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy' });
  });

  it('giveUpAt passes while paused after an attempt: the last outcome stays', async () => {
    const call = await context.bench.start({
      to: context.to,
      retry: 'thrice',
      giveUpAt: inSeconds(2 * hour),
    });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await update(call, 'pause');
    await skip(call, 3 * hour);
    expect(await call.result()).toMatchObject({ outcome: 'busy', attempts: [{ number: 1 }] });
  });
});

describe('reschedule', () => {
  it.each<[StateName, string, number]>([
    ['waiting for notBefore', 'earlier', hour / 2],
    ['waiting for notBefore', 'later', 3 * hour],
    ['waiting to retry', 'earlier', hour / 2],
    ['waiting to retry', 'later', 3 * hour],
  ])('%s, moved to %s: dialed then', async (state, _, seconds) => {
    const call = await states[state]();
    const next = (await call.state()).attempts.length + 1;
    const at = inSeconds(seconds);
    await update(call, 'reschedule', { at });
    await skip(call, seconds - 60);
    expect(await call.state()).toMatchObject({ nextAttemptAt: at });
    expect(context.twilio.creates).toHaveLength(next - 1);
    await skip(call, 61);
    await call.callback(next, await placed(call, next), 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  });

  it.each<[StateName]>([['waiting for notBefore'], ['waiting to retry']])(
    '%s, moved to a time that is past: dialed now',
    async (state) => {
      const call = await states[state]();
      const next = (await call.state()).attempts.length + 1;
      await update(call, 'reschedule', { at: '2026-01-31t09:00:00+01:00' });
      await call.callback(next, await placed(call, next), 'completed');
      expect(await call.result()).toMatchObject({ outcome: 'answered' });
    },
  );

  it('moved, then dialed again now after all: at once, and the attempt after that is due as the policy says', async () => {
    const call = await states['waiting to retry']();
    await update(call, 'reschedule', { at: inSeconds(48 * hour) });
    await update(call, 'retryNow');
    await call.callback(2, await placed(call, 2), 'busy', { SequenceNumber: '2' });
    const { nextAttemptAt } = await call.until((s) => s.state === 'waiting-to-retry');
    expect(Date.parse(nextAttemptAt as string)).toBeLessThan(Date.now() + 2 * hour * 1000);
    await update(call, 'cancel');
    expect(await call.result()).toMatchObject({ outcome: 'canceled', attempts: [{}, {}] });
  });

  it('moved to where the calling window is shut: waits for it to open', async () => {
    const clock = (seconds: number) => inSeconds(seconds).slice(11, 16);
    const callingWindow = { timeZone: 'UTC', start: clock(2 * hour), end: clock(4 * hour) };
    const call = await context.bench.start({ to: context.to, callingWindow });
    const opens = (await call.until((s) => s.state === 'waiting')).nextAttemptAt as string;
    await update(call, 'reschedule', { at: inSeconds(60) });
    expect(await call.until((s) => s.waitingFor?.includes('the calling window') ?? false)).toMatchObject({
      nextAttemptAt: opens,
    });
    const inside = inSeconds(3 * hour);
    await update(call, 'reschedule', { at: inside });
    expect(await call.until((s) => s.waitingFor?.includes('was rescheduled to') ?? false)).toMatchObject({
      nextAttemptAt: inside,
    });
    await update(call, 'cancel');
    await call.result();
    expect(context.twilio.creates).toHaveLength(0);
  });

  it.each<[string, object | undefined, string, RegExp]>([
    [
      'after giveUpAt',
      { at: '2099-01-01T00:00:01Z' },
      'AfterGiveUpAt',
      /gives up at 2099.*choose an earlier/,
    ],
    ['to a time without an offset', { at: '2027-01-31T09:00:00' }, 'InvalidTime', /is "2027.*must be/],
    ['to a day that does not exist', { at: '2027-02-30T09:00:00Z' }, 'InvalidTime', /must be an RFC 3339/],
    ['to a number', { at: 1 }, 'InvalidTime', /at is 1; must be/],
    ['to nothing', undefined, 'InvalidTime', /at is undefined; must be/],
  ])('moved %s: refused, nothing changes', async (_, input, type, message) => {
    const call = await context.bench.start({
      to: context.to,
      notBefore: inSeconds(hour),
      giveUpAt: '2099-01-01T00:00:00Z',
    });
    const { nextAttemptAt } = await call.until((s) => s.state === 'waiting');
    expect(await refusal(call, 'reschedule', input)).toMatchObject({
      type,
      message: expect.stringMatching(message),
    });
    expect(await call.state()).toMatchObject({ nextAttemptAt });
    await update(call, 'cancel');
    await call.result();
  });
});

it('canceled by signal, then through Temporal: the reason and the name of the signal', async () => {
  const call = await context.bench.start({ to: context.to, notBefore: inSeconds(hour) }, undefined, {
    requestedBy: 'ann',
  });
  await call.until((s) => s.state === 'waiting');
  await call.handle.signal('cancel', { reason: 'moved', by: 'bob' });
  await call.handle.cancel();
  expect(await call.result()).toMatchObject({
    outcome: 'canceled',
    endedBecause: { code: 'canceled', message: 'Canceled: moved' },
    requestedBy: 'ann',
    controls: [{ control: 'cancel', by: 'bob' }],
  });
});
