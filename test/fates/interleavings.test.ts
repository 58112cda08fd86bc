import { describe, expect, it, vi } from 'vitest';
import { type CallHandle, startCallBench } from '../support/callBench.js';
import { changedWorkflow } from '../support/changedWorkflow.js';
import { created, cut, json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ absentAfterSeconds: 1, callbackWaitSeconds: 30 });
const retry = {
  maxAttempts: 2,
  retryOn: ['busy', 'no-answer', 'failed', 'unknown'],
  initialIntervalSeconds: 0,
  maximumIntervalSeconds: 0,
};
const answered = { SequenceNumber: '3', CallDuration: '7' };
const cancel = (call: CallHandle) => call.handle.executeUpdate('cancel', { args: [{}] });

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

/** Holds every create after the first until it is let go. */
function holdSecondCreate(answer: () => Response): { begun: () => boolean; letGo: () => void } {
  let begun = false;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let creates = 0;
  context.twilio.answerCreate = async ({ make }) => {
    if (creates++ === 0) return created(make());
    begun = true;
    await held;
    return answer();
  };
  return { begun: () => begun, letGo };
}

describe('a late callback says that the last attempt was answered, and the next one is not placed', () => {
  it('since somebody cancels: the call is answered', async () => {
    const second = holdSecondCreate(() => twilioError(429, 20429, 'too many requests'));
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry });
    const sid = await placed(call);
    await call.callback(1, sid, 'no-answer', { SequenceNumber: '2' });
    await vi.waitFor(() => expect(second.begun()).toBe(true), { timeout: 10_000 });
    await call.callback(1, sid, 'completed', answered);
    await cancel(call);
    second.letGo();
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      decidedBy: 'webhook',
      attempts: [{ outcome: 'answered' }],
    });
  });

  it('since the number is on the do-not-call list by now: the call is answered', async () => {
    const call = await context.bench.start({
      to: context.to,
      lookup: 'off',
      retry: { ...retry, initialIntervalSeconds: 2, maximumIntervalSeconds: 2 },
    });
    const sid = await placed(call);
    await context.store.addToDoNotCall({ to: context.to, reason: 'no', source: 'api', expiresAt: null });
    await call.callback(1, sid, 'no-answer', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry');
    await call.callback(1, sid, 'completed', answered);
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ outcome: 'answered' }] });
  });
});

it('a callback of an earlier attempt comes while the current one is unclear: the proof of the current one is kept', async () => {
  const { store, twilio } = context;
  const bench = await startCallBench({
    store,
    twilioUrl: twilio.url,
    settings: { ...context.bench.settings, decideWithinSeconds: 1, absentAfterSeconds: 300 },
    workflowBundle: await changedWorkflow([
      'const maxQueueSeconds = 24 * 3600;',
      'const maxQueueSeconds = 1;',
      'rules/twilioStatus.ts',
    ]),
  });
  let creates = 0;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  twilio.answerCreate = async ({ make }) => {
    make();
    if (creates++ === 0) make();
    else await held;
    return cut();
  };
  const call = await bench.start({ to: context.to, lookup: 'off', retry });
  await call.until((s) => s.attempts[0]?.outcome === 'unknown');
  await vi.waitFor(() => expect(twilio.creates).toHaveLength(2), { timeout: 10_000 });
  const [second, first] = twilio.calls.map(({ sid }) => sid) as [string, string];
  await call.callback(2, second, 'ringing', { SequenceNumber: '1' });
  await call.callback(1, first, 'completed', answered);
  letGo();
  expect(await placed(call, 2)).toBe(second);
  await call.callback(2, second, 'completed', answered);
  expect(await call.result()).toMatchObject({
    outcome: 'answered',
    attempts: [
      { callSid: first, outcome: 'answered' },
      { callSid: second, outcome: 'answered' },
    ],
  });
  expect(twilio.creates).toHaveLength(2);
  await bench.stop();
});

it('a call of which nobody knew is canceled while it rings, and is busy then: what Twilio says counts', async () => {
  const { store, twilio } = context;
  const bench = await startCallBench({
    store,
    twilioUrl: twilio.url,
    settings: { ...context.bench.settings, decideWithinSeconds: 1, pollIntervalSeconds: 1 },
    workflowBundle: await changedWorkflow([
      'const maxQueueSeconds = 24 * 3600;',
      'const maxQueueSeconds = 1;',
      'rules/twilioStatus.ts',
    ]),
  });
  twilio.answerCreate = ({ make }) => {
    make();
    make();
    return cut();
  };
  twilio.answerUpdate = (found) => json(200, found);
  const wait = { initialIntervalSeconds: 3600, maximumIntervalSeconds: 3600 };
  const call = await bench.start({ to: context.to, lookup: 'off', retry: { ...retry, ...wait } });
  await call.until((s) => s.attempts[0]?.outcome === 'unknown');
  const { sid } = twilio.calls[0] as { sid: string };
  await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
  await call.until((s) => s.state === 'ringing');
  await cancel(call);
  await call.callback(1, sid, 'busy', { SequenceNumber: '2' });
  expect(await call.result()).toMatchObject({
    outcome: 'busy',
    decidedBy: 'webhook',
    callSid: sid,
    endedBecause: { code: 'canceled' },
  });
  await bench.stop();
});

it('a failed attempt without a code: the retry is due from its end, not from the end of the search for the code', async () => {
  const call = await context.bench.start({
    to: context.to,
    lookup: 'off',
    retry: { ...retry, initialIntervalSeconds: 8, maximumIntervalSeconds: 8 },
  });
  const sid = await placed(call);
  const endedAt = Date.now();
  await call.callback(1, sid, 'failed', { SequenceNumber: '1' });
  const { nextAttemptAt } = await call.until((s) => s.nextAttemptAt !== null);
  expect(Date.parse(nextAttemptAt as string) - endedAt).toBeLessThan(9_500);
  await cancel(call);
  await call.result();
});

it('a failed attempt is canceled while it waits to retry: the code that Twilio noted meanwhile is in the outcome', async () => {
  const wait = { initialIntervalSeconds: 2, maximumIntervalSeconds: 2 };
  const call = await context.bench.start({ to: context.to, lookup: 'off', retry: { ...retry, ...wait } });
  await call.handle.executeUpdate('pause', { args: [{}] });
  await call.handle.executeUpdate('resume', { args: [{}] });
  await call.callback(1, await placed(call), 'failed', { SequenceNumber: '1' });
  await call.until((s) => s.state === 'waiting-to-retry');
  await call.handle.executeUpdate('pause', { args: [{}] });
  context.twilio.notifications = [{ error_code: '13224', log: '0', message_text: 'no carrier can deliver' }];
  await cancel(call);
  expect(await call.result()).toMatchObject({
    outcome: 'canceled',
    errorCode: 13224,
    attempts: [{ outcome: 'failed', errorCode: 13224 }],
  });
});
