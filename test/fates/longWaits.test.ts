import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase } from '../../activities/store/openStore.js';
import { accountSid, type CallHandle, startCallBench } from '../support/callBench.js';
import { changedWorkflow } from '../support/changedWorkflow.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callbackWaitSeconds: 30 });
let db: Database;
beforeAll(async () => {
  db = await openDatabase({ databaseUrl: inject('databaseUrl') });
});
afterAll(() => db.close());

const pause = () => context.store.pauseDialing({ accountSid, reason: 'a fire drill' });
const resume = () => context.store.resumeDialing({ accountSid });

async function eventCount({ handle }: CallHandle): Promise<number> {
  return Number((await handle.describe()).historyLength);
}

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

describe('dialing is paused', () => {
  it('a call waits: its history does not grow, and it goes on soon after dialing is resumed', async () => {
    await pause();
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.waitingFor?.includes('a fire drill') ?? false);
    // Polls that were under way before the pause may still take it up, and find dialing paused again.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const before = await eventCount(call);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await eventCount(call)).toBe(before);
    expect(context.twilio.creates).toHaveLength(0);
    await resume();
    const sid = await placed(call);
    await call.callback(1, sid, 'completed', { SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  });

  it('a waiting call is canceled: at once', async () => {
    await pause();
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.waitingFor?.includes('a fire drill') ?? false);
    await call.handle.executeUpdate('cancel', { args: [{ reason: 'no need' }] });
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      endedBecause: { code: 'canceled', message: 'Canceled: no need' },
    });
    await resume();
  });

  it('giveUpAt passes: the call is over, and never dialed', async () => {
    await pause();
    const giveUpAt = new Date(Date.now() + 3000).toISOString();
    const call = await context.bench.start({ to: context.to, giveUpAt });
    expect(await call.result()).toMatchObject({ outcome: 'expired', endedBecause: { code: 'give-up-at' } });
    expect(context.twilio.creates).toHaveLength(0);
    await resume();
  });
});

it('a waiting call has a long history: it goes on in a new run, with its attempts, its timeline and its pause', async () => {
  const { store, twilio } = context;
  const bench = await startCallBench({
    store,
    twilioUrl: twilio.url,
    settings: { ...context.bench.settings, callsPerNumber: 1 },
    workflowBundle: await changedWorkflow([
      '!workflowInfo().continueAsNewSuggested',
      'workflowInfo().historyLength < 60',
      'steps/continueIfLong.ts',
    ]),
  });
  const retry = { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 0, maximumIntervalSeconds: 0 };
  const call = await bench.start({ to: context.to, retry, metadata: { order: '17' } }, undefined, {
    requestedBy: 'ann',
  });
  const first = await placed(call);
  const { startedAt } = await call.state();
  await call.handle.executeUpdate('pause', { args: [{ by: 'bob' }] });
  await call.handle.executeUpdate('resume', { args: [{ by: 'cem' }] });
  // Claimed by another call, as soon as the first attempt is over.
  const other = await bench.start({ to: context.to, allowParallel: true });
  const otherSid = await placed(other);
  await call.callback(1, first, 'busy', { SequenceNumber: '2' });
  const firstRun = (await call.handle.describe()).runId;
  await expect.poll(async () => (await call.handle.describe()).runId, { timeout: 25_000 }).not.toBe(firstRun);
  await call.handle.executeUpdate('pause', { args: [{ reason: 'wait' }] });
  await other.callback(1, otherSid, 'completed', { SequenceNumber: '3' });
  await other.result();
  expect(await call.until((s) => s.paused)).toMatchObject({
    startedAt,
    metadata: { order: '17' },
    attempts: [{ number: 1, outcome: 'busy', callSid: first }],
  });
  await call.handle.executeUpdate('resume', { args: [{}] });
  await call.callback(2, await placed(call, 2), 'completed', { SequenceNumber: '3' });
  const result = await call.result();
  expect(result).toMatchObject({
    startedAt,
    outcome: 'answered',
    attempts: [{ outcome: 'busy' }, { outcome: 'answered' }],
    requestedBy: 'ann',
    controls: [
      { control: 'pause', by: 'bob' },
      { control: 'resume', by: 'cem' },
      { control: 'pause', by: null },
      { control: 'resume', by: null },
    ],
  });
  expect(result.timeline[0]?.text).toMatch(/^Lookup/);
  await bench.stop();
}, 60_000);
