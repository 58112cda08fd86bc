import { beforeEach, expect, it } from 'vitest';
import { startReceiver } from '../activities/notifyBench.js';
import type { CallHandle } from '../support/callBench.js';
import { endCallsAutomatically } from '../support/endCallsAutomatically.js';
import { json, lookupAnswer } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

/** More than the SDK's default of activities at once. */
const many = 110;
const context = useCallBench({ callbackWaitSeconds: 1, pollIntervalSeconds: 1 });
let usual: typeof context.bench.settings;
beforeEach(() => {
  usual ??= { ...context.bench.settings };
  Object.assign(context.bench.settings, usual);
});

/** The tests that fill every slot start some hundred calls, on whatever machine. */
const patience = 120_000;
const slowly = { timeout: 60_000 };
/** A hanging answer holds a slot for ten seconds. Usually one more call takes less than one. */
const promptSeconds = 10;

const never = () => new Promise<never>(() => {});

/** Calls to as many different numbers. */
function startMany(request: Record<string, unknown>): Promise<CallHandle[]> {
  return Promise.all(
    Array.from({ length: many }, (_, n) =>
      context.bench.start({ to: `${context.to.slice(0, 8)}${1000 + n}`, ...request }),
    ),
  );
}

/** How long it takes from the request of one more call to its outcome, in seconds. */
async function secondsOfOneMore(request: Record<string, unknown> = {}): Promise<number> {
  const startedAt = Date.now();
  const call = await context.bench.start({ to: context.to, ...request });
  expect(await call.result()).toMatchObject({ outcome: 'answered' });
  return (Date.now() - startedAt) / 1000;
}

async function terminate(calls: CallHandle[]): Promise<void> {
  await Promise.all(calls.map(({ handle }) => handle.terminate().catch(() => {})));
}

it('Lookup answers 503 for a moment: waited out, and the number that it knows to be invalid is not dialed', async () => {
  let answers = 0;
  context.twilio.answerLookup = (number) =>
    ++answers <= 2
      ? json(
          503,
          { code: 20503, message: 'Service unavailable', status: 503 },
          answers === 1 ? { 'retry-after': '1' } : {},
        )
      : json(200, lookupAnswer(number, { valid: false, validation_errors: ['TOO_SHORT'] }));
  const call = await context.bench.start({ to: context.to });
  expect(await call.result()).toMatchObject({ outcome: 'invalid-number', attempts: [] });
  expect(context.twilio.creates).toHaveLength(0);
});

it('Lookup is not served: the call goes on at once, and an event says why', async () => {
  context.twilio.answerLookup = () => json(404, { code: 20404, message: 'No such resource', status: 404 });
  endCallsAutomatically(context);
  expect(await secondsOfOneMore()).toBeLessThan(3);
  expect(context.bench.events).toContainEqual({
    kind: 'lookup',
    result: 'refused',
    why: expect.stringContaining('No such resource'),
  });
});

it('Twilio refuses reads and takes creates: an event says so, until a read works', async () => {
  context.twilio.answerFetch = () => json(403, { code: 20008, message: 'Test credentials', status: 403 });
  const call = await context.bench.start({ to: context.to });
  const refused = { kind: 'reads-refused', code: 20008, message: 'Test credentials' };
  await expect.poll(() => context.bench.events, { timeout: 10_000 }).toContainEqual(refused);
  context.bench.events.length = 0;
  context.twilio.answerFetch = (found) => json(200, { ...found, status: 'completed', duration: '3' });
  expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'poll' });
  expect(context.bench.events).toContainEqual({ kind: 'reads-ok' });
});

it('an answered call of whose document Twilio noted a fault: the fault is in its record', async () => {
  endCallsAutomatically(context);
  const entry = { error_code: '12100', log: '0', message_text: 'Msg=Document+parse+failure&ErrorCode=12100' };
  context.twilio.notifications = [entry, entry];
  const call = await context.bench.start({ to: context.to });
  const { attempts } = await call.result();
  expect(attempts[0]?.evidence.notifications).toEqual([{ code: 12100, message: 'Document parse failure' }]);
  expect((await context.store.findCallState(call.callId))?.outcome?.attempts).toEqual(attempts);
});

it('the notifications of an answered call cannot be read: recorded without them, soon', async () => {
  endCallsAutomatically(context);
  context.twilio.notifications = new Proxy([], {
    get: () => {
      throw new Error('no notifications today');
    },
  });
  expect(await secondsOfOneMore()).toBeLessThan(4);
});

it(
  'a receiver takes connections and says nothing: other calls and other receivers are served as promptly as ever',
  async () => {
    const silent = await startReceiver({ status: null });
    const other = await startReceiver();
    endCallsAutomatically(context);
    const calls = await startMany({ notifyUrl: silent.origin });
    await Promise.all(calls.map((call) => call.result()));
    await expect.poll(() => silent.requests.length, slowly).toBeGreaterThanOrEqual(50);
    expect(await secondsOfOneMore({ notifyUrl: other.origin })).toBeLessThan(promptSeconds);
    await expect.poll(() => other.requests.length, { timeout: promptSeconds * 1000 }).toBe(2);
    expect(context.bench.events).toContainEqual({
      kind: 'notified',
      type: 'attempt.ended',
      result: 'postponed',
    });
  },
  patience,
);

it(
  'Lookup hangs: calls that do not ask it are placed promptly, and those that do go on without it',
  async () => {
    let waiting = 0;
    context.twilio.answerLookup = () => {
      waiting++;
      return never();
    };
    endCallsAutomatically(context);
    const calls = await startMany({});
    await expect.poll(() => waiting, slowly).toBeGreaterThanOrEqual(100);
    expect(await secondsOfOneMore({ lookup: 'off' })).toBeLessThan(promptSeconds);
    const outcomes = await Promise.all(calls.map((call) => call.result()));
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['answered']));
    expect(outcomes.filter(({ lookup }) => lookup?.answered === false).length).toBeGreaterThanOrEqual(100);
  },
  patience,
);

it(
  'Twilio hangs when it is read: calls are placed, and callbacks recorded, promptly',
  async () => {
    context.twilio.answerFetch = never;
    const calls = await startMany({});
    const reads = () => context.twilio.requests.filter((one) => /^GET \/Calls\/CA/.test(one)).length;
    await expect.poll(reads, slowly).toBeGreaterThanOrEqual(100);
    endCallsAutomatically(context);
    expect(await secondsOfOneMore()).toBeLessThan(promptSeconds);
    await terminate(calls);
  },
  patience,
);

it(
  'an eligibility host hangs: calls that another host allows, or that ask none, are placed promptly',
  async () => {
    const silent = await startReceiver({ status: null });
    const other = await startReceiver({ status: 204, body: '' });
    endCallsAutomatically(context);
    const calls = await startMany({ eligibilityUrl: silent.origin });
    // After some of them, only one call now and then asks it.
    await expect.poll(() => silent.requests.length, slowly).toBeGreaterThanOrEqual(20);
    expect(await secondsOfOneMore({ eligibilityUrl: other.origin })).toBeLessThan(promptSeconds);
    expect(await secondsOfOneMore({ to: context.to.replace(/.$/, '5') })).toBeLessThan(promptSeconds);
    await terminate(calls);
  },
  patience,
);
