import { beforeEach, expect, it } from 'vitest';
import { breakerRule } from '../../activities/store/placements/dialLimits.js';
import { startReceiver } from '../activities/notifyBench.js';
import { accountSid, type CallHandle } from '../support/callBench.js';
import { created, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
let receiver: Awaited<ReturnType<typeof startReceiver>>;

const answer = (body: object) => ({ status: 200, body: JSON.stringify(body) });

/** Somebody's server, which is asked about every call. */
beforeEach(async () => {
  receiver = await startReceiver(answer({ eligible: true }));
  context.bench.settings.doNotCall = { eligibilityUrl: receiver.origin, addOptOuts: false };
});

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

it('the eligibility URL says yes: asked once for each attempt, just before it, and dialed', async () => {
  const call = await context.bench.start({ to: context.to, retry: 'thrice', metadata: { order: '17' } });
  await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
  await call.until((s) => s.state === 'waiting-to-retry');
  expect(receiver.requests).toHaveLength(1);
  await call.handle.executeUpdate('retryNow', { args: [{}] });
  await call.callback(2, await placed(call, 2), 'completed', { SequenceNumber: '3' });
  expect(await call.result()).toMatchObject({ outcome: 'answered' });
  expect(receiver.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
    { type: 'call.eligibility', callId: call.callId, attempt: 1, to: context.to, metadata: { order: '17' } },
    { type: 'call.eligibility', callId: call.callId, attempt: 2, to: context.to },
  ]);
});

it('the eligibility URL says no: canceled by policy with its reason, nothing dialed', async () => {
  receiver.answer = answer({ eligible: false, reason: 'moved away' });
  const call = await context.bench.start({ to: context.to });
  expect(await call.result()).toMatchObject({
    outcome: 'canceled',
    decidedBy: 'policy',
    reason: { code: 'not-eligible', source: 'policy', message: expect.stringContaining('moved away') },
    attempts: [],
  });
  expect(context.twilio.creates).toHaveLength(0);
});

it('it says no since the first attempt: not dialed again, and the outcome of that attempt stays', async () => {
  const call = await context.bench.start({ to: context.to, retry: 'thrice' });
  await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
  await call.until((s) => s.state === 'waiting-to-retry');
  receiver.answer = answer({ eligible: false });
  await call.handle.executeUpdate('retryNow', { args: [{}] });
  expect(await call.result()).toMatchObject({ outcome: 'busy', attempts: [{ number: 1 }] });
  expect(context.twilio.creates).toHaveLength(1);
});

it('the number is on the do-not-call list: nobody is asked about it', async () => {
  await context.store.addToDoNotCall({
    to: context.to,
    reason: 'asked us not to',
    expiresAt: null,
    source: 'api',
  });
  const call = await context.bench.start({ to: context.to });
  expect(await call.result()).toMatchObject({ outcome: 'canceled', reason: { code: 'do-not-call' } });
  expect(receiver.requests).toHaveLength(0);
});

it('all dialing is paused: nobody is asked until it goes on', async () => {
  await context.store.pauseDialing({ accountSid, reason: 'a fire drill' });
  const call = await context.bench.start({ to: context.to });
  await call.until((s) => s.state === 'waiting' && (s.waitingFor ?? '').includes('a fire drill'));
  expect(receiver.requests).toHaveLength(0);
  await context.store.resumeDialing({ accountSid });
  await call.callback(1, await placed(call), 'completed', { SequenceNumber: '3' });
  await call.result();
  expect(receiver.requests).toHaveLength(1);
});

it('it gives no clear answer to any call: they wait at no cost, one now and then tests it, and all go on once it answers', async () => {
  receiver.answer = { status: 503 };
  const calls = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      context.bench.start({ to: `${context.to}${String(n).padStart(2, '0')}` }),
    ),
  );
  for (const call of calls) await call.until((s) => s.waitingFor?.includes('a clear answer') === true);
  const parked = async () => {
    const pending = await Promise.all(
      calls.map(async ({ handle }) => (await handle.describe()).raw.pendingActivities),
    );
    return pending.filter((some) => some?.some(({ activityType }) => activityType?.name === 'awaitDialing'))
      .length;
  };
  await expect.poll(parked, { timeout: 15_000 }).toBeGreaterThan(6);
  const before = receiver.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  // Twelve calls that tried again by themselves would have asked dozens of times.
  expect(receiver.requests.length - before).toBeLessThan(12);
  receiver.answer = answer({ eligible: true });
  for (const call of calls) {
    await call.callback(1, await placed(call), 'completed', { SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  }
}, 90_000);

it('it gives no clear answer: the call waits and says so, and is dialed once the answer is yes', async () => {
  receiver.answer = { status: 503 };
  const call = await context.bench.start({ to: context.to });
  await call.until(
    (s) => s.state === 'waiting' && (s.waitingFor ?? '').includes('a clear answer to whether the number'),
  );
  expect(context.twilio.creates).toHaveLength(0);
  receiver.answer = answer({ eligible: true });
  await call.callback(1, await placed(call), 'completed', { SequenceNumber: '3' });
  expect(await call.result()).toMatchObject({ outcome: 'answered' });
});

it('the circuit breaker is open: nobody is asked meanwhile; then one call is let through to try, and it closes', async () => {
  const { breaker } = context.bench.settings;
  context.bench.settings.breaker = { ...breakerRule, latest: 2, least: 2, share: 1, openSeconds: 2 };
  let mended = false;
  context.twilio.answerCreate = ({ make }) =>
    mended ? created(make()) : twilioError(401, 20003, 'Authenticate');
  const calls = [
    await context.bench.start({ to: context.to }),
    await context.bench.start({ to: `${context.to}1` }),
  ];
  const changes = () => context.bench.events.flatMap((n) => (n.kind === 'breaker' ? [n.change] : []));
  await expect.poll(changes, { timeout: 15_000 }).toEqual(['opened']);
  mended = true;
  for (const call of calls) {
    await call.callback(1, await placed(call), 'completed', { SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  }
  expect(changes()).toEqual(['opened', 'closed']);
  context.bench.settings.breaker = breaker;
});
