import { describe, expect, it } from 'vitest';
import { type CallHandle, startCallBench } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callbackWaitSeconds: 1, pollIntervalSeconds: 3600 });

async function placed(call: CallHandle): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[0]?.callSid != null);
  return attempts[0]?.callSid as string;
}

describe('Twilio never says how the call ended', () => {
  const creates = () => context.twilio.creates.length;

  it('a day in the queue, ring and talk limits, and the time to decide have passed: unknown, after Twilio was asked', async () => {
    const call = await context.bench.start({ to: context.to, retry: 'thrice', maxDurationSeconds: 60 });
    await placed(call);
    await fastForward(context.bench.client, call.callId, 26 * 3600);
    expect(await call.result()).toMatchObject({
      outcome: 'unknown',
      reachability: 'undetermined',
      endedBecause: { code: 'not-in-policy' },
      attempts: [{ number: 1, outcome: 'unknown', status: null }],
    });
    expect(creates()).toBe(1);
  });

  it.each([
    ['it rang', 'ringing', '1', 30 + 65 + 60 + 3600],
    ['it was answered', 'in-progress', '2', 60 + 3600],
  ])(
    '%s: unknown soon after its ring and talk limits, not a day later',
    async (_, status, SequenceNumber, seconds) => {
      const call = await context.bench.start({ to: context.to, maxDurationSeconds: 60 });
      const Timestamp = new Date().toUTCString();
      await call.callback(1, await placed(call), status, { SequenceNumber, Timestamp });
      await fastForward(context.bench.client, call.callId, seconds + 60);
      expect(await call.result()).toMatchObject({ outcome: 'unknown' });
    },
  );

  it('no worker ran until long after the last moment: Twilio is asked, and its answer counts', async () => {
    const { bench, store, twilio } = context;
    bench.settings.callbackWaitSeconds = 30;
    const call = await bench.start({
      to: context.to,
      retry: { maxAttempts: 2, retryOn: ['unknown'] },
      maxDurationSeconds: 60,
    });
    const sid = await placed(call);
    await bench.drain();
    Object.assign(twilio.calls[0] as object, { status: 'completed', duration: '5' });
    // It is over once a worker has taken up what is due.
    const forwarded = fastForward(bench.client, call.callId, 2 * 24 * 3600);
    const { settings, taskQueue } = bench;
    const later = await startCallBench({ store, twilioUrl: twilio.url, settings, taskQueue });
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid, decidedBy: 'poll' });
    expect(creates()).toBe(1);
    await forwarded;
    await later.stop();
  });
});
