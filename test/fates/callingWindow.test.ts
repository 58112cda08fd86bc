import { randomUUID } from 'node:crypto';
import { DateTime } from 'luxon';
import { describe, expect, it, vi } from 'vitest';
import { type CallHandle, callHandle, startCallBench } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { useCallBench } from '../support/useCallBench.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The minute that the windows below are laid around. */
const startedAtMs = Math.floor(Date.now() / minute) * minute;
const at = (later: number) => new Date(startedAtMs + later).toISOString();
const clock = (later: number) => at(later).slice(11, 16);
const date = (later: number) => at(later).slice(0, 10);
const hours = (from: number, to: number) => ({ start: clock(from), end: clock(to) });
const utc = { timeZone: 'Etc/UTC' };
const allDay = { ...utc, start: '00:00', end: '24:00' };

/** The operator's window is shut now, and opens in five hours. */
const context = useCallBench({ callingWindow: { ...utc, ...hours(5 * hour, 6 * hour) } });

async function waitsUntil(call: CallHandle, moment: string): Promise<void> {
  const waiting = await call.until((s) => s.state === 'waiting' && s.nextAttemptAt === moment, moment);
  expect(waiting.waitingFor).toContain('the calling window to open in');
}

/** Moves the clock of the call to this moment. `ahead`: by how much it was moved before; comes back as it is now. */
async function skipTo(call: CallHandle, moment: string, ahead = 0): Promise<number> {
  const seconds = Math.ceil((Date.parse(moment) - Date.now() - ahead) / 1000) + 1;
  await fastForward(context.bench.client, call.callId, seconds);
  return ahead + seconds * 1000;
}

/** By the clock of the call: within the minute after this moment its phone rang, and not before. */
async function rangAt(call: CallHandle, moment: string, attempt = 1): Promise<void> {
  await expect.poll(() => context.twilio.creates.length, { timeout: 10_000 }).toBe(attempt);
  const { events } = await call.handle.fetchHistory();
  const placements = events?.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'placeCall',
  );
  const placedAtMs = placements?.map(({ eventTime }) => Number(eventTime?.seconds) * 1000);
  expect(placedAtMs?.at(-1)).toBeGreaterThanOrEqual(Date.parse(moment));
  expect(placedAtMs?.at(-1)).toBeLessThan(Date.parse(moment) + minute);
}

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((state) => state.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

async function ringsNow(call: CallHandle): Promise<void> {
  await call.callback(1, await placed(call), 'completed', { SequenceNumber: '3' });
  expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ number: 1 }] });
  expect(context.twilio.creates).toHaveLength(1);
}

describe('an attempt outside the calling window is moved, not failed', () => {
  it('between two ranges: moved to the second one', async () => {
    const ranges = [hours(-3 * hour, -hour), hours(2 * hour, 3 * hour)];
    const call = await context.bench.start({ to: context.to, callingWindow: { ...utc, ranges } });
    await waitsUntil(call, at(2 * hour));
    expect(context.twilio.creates).toHaveLength(0);
    await skipTo(call, at(2 * hour));
    await rangAt(call, at(2 * hour));
    await ringsNow(call);
  });

  it('on a blocked date: moved to the first day that is none', async () => {
    const blockedDates = [date(0), date(day)];
    const call = await context.bench.start({ to: context.to, callingWindow: { ...allDay, blockedDates } });
    const opens = new Date(date(2 * day)).toISOString();
    await waitsUntil(call, opens);
    await skipTo(call, opens);
    await rangAt(call, opens);
  });

  it('the retry is due after the window has shut: moved to the next day', async () => {
    const call = await context.bench.start({
      to: context.to,
      retry: 'thrice',
      callingWindow: { ...utc, ...hours(-hour, 30 * minute) },
    });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    await call.until((state) => state.state === 'waiting-to-retry');
    await fastForward(context.bench.client, call.callId, 3601);
    await waitsUntil(call, at(day - hour));
    expect(context.twilio.creates).toHaveLength(1);
    await skipTo(call, at(day - hour), 3_601_000);
    await rangAt(call, at(day - hour), 2);
    await call.callback(2, await placed(call, 2), 'completed', { SequenceNumber: '3' });
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{}, { number: 2 }] });
  });

  it("the zone's clock has other rules when the attempt is due: looked at again, and moved again", async () => {
    const answers = [at(hour), at(3 * hour)];
    const bench = await startCallBench({
      store: context.store,
      twilioUrl: context.twilio.url,
      activities: {
        findAllowedTime: async ({ from }) => ({ opensAt: answers.shift() ?? from, timeZones: ['Etc/UTC'] }),
      },
    });
    try {
      const callingWindow = { ...utc, ...hours(hour, 5 * hour) };
      const call = await bench.start({ to: context.to, callingWindow });
      await waitsUntil(call, at(hour));
      const ahead = await skipTo(call, at(hour));
      await waitsUntil(call, at(3 * hour));
      expect(context.twilio.creates).toHaveLength(0);
      await skipTo(call, at(3 * hour), ahead);
      await rangAt(call, at(3 * hour));
    } finally {
      await bench.stop();
    }
  });

  it('asked to dial again now, outside the window: waits for it all the same', async () => {
    const call = await context.bench.start({
      to: context.to,
      retry: 'thrice',
      callingWindow: { ...utc, ...hours(-hour, 30 * minute) },
    });
    await call.callback(1, await placed(call), 'busy', { SequenceNumber: '2' });
    await call.until((state) => state.state === 'waiting-to-retry');
    await fastForward(context.bench.client, call.callId, 2400);
    await call.handle.executeUpdate('retryNow');
    await waitsUntil(call, at(day - hour));
    await call.handle.executeUpdate('cancel');
    expect(await call.result()).toMatchObject({ outcome: 'canceled' });
  });

  it('giveUpAt comes before it opens: expired at once, nothing dialed', async () => {
    const callingWindow = { ...utc, ...hours(2 * hour, 3 * hour) };
    const call = await context.bench.start({ to: context.to, callingWindow, giveUpAt: at(hour) });
    expect(await call.result()).toMatchObject({
      outcome: 'expired',
      decidedBy: 'policy',
      reason: { code: 'give-up-at' },
      attempts: [],
    });
  });

  it.each([
    [
      'its only day is blocked for more than a year',
      { ...allDay, days: [1], blockedDates: mondays(58) },
      '+15005550100',
      'does not open within 400 days in Etc/UTC',
    ],
    [
      'nobody knows the zone of the number',
      hours(-hour, hour),
      '+870773123456',
      'No time zone is known for the number',
    ],
  ])('%s: expired at once, and the reason says so', async (_, callingWindow, to, message) => {
    const call = await context.bench.start({ to, callingWindow });
    expect(await call.result()).toMatchObject({
      outcome: 'expired',
      decidedBy: 'policy',
      reason: { code: 'calling-window', source: 'policy', message: expect.stringContaining(message) },
      attempts: [],
    });
    expect(context.twilio.creates).toHaveLength(0);
  });
});

describe('urgent', () => {
  it.each([
    [
      'outside its own window, on a blocked date',
      { ...utc, ...hours(2 * hour, 3 * hour), blockedDates: [date(0)] },
    ],
    ["outside the operator's window", undefined],
  ])('%s: rings at once', async (_, callingWindow) => {
    const call = await context.bench.start({
      to: context.to,
      urgent: true,
      ...(callingWindow && { callingWindow }),
    });
    await ringsNow(call);
  });
});

describe("the operator's window", () => {
  it('the request names none: moved to when that opens', async () => {
    const call = await context.bench.start({ to: context.to });
    await waitsUntil(call, at(5 * hour));
    await skipTo(call, at(5 * hour));
    await rangAt(call, at(5 * hour));
    await ringsNow(call);
  });

  it('the request names its own: that one counts alone', async () => {
    const call = await context.bench.start({ to: context.to, callingWindow: allDay });
    await ringsNow(call);
  });
});

describe('the clocks change while a call waits', () => {
  const timeZone = 'America/New_York';

  it.each([
    ['forward over its start: rings when the skip is over', 'forward', { start: '02:30', end: '05:00' }, 0],
    ['back after it had shut: rings when it opens again', 'back', { start: '00:30', end: '01:30' }, 0],
    ['back before it opens: rings an hour later', 'back', { start: '02:00', end: '03:00' }, hour],
  ] as const)('%s', async (_, direction, window, later) => {
    const shift = nextShift(timeZone, direction);
    const opens = new Date(shift + later).toISOString();
    // The call begins twenty minutes before, by a clock that is moved there.
    const callId = `call-${randomUUID()}`;
    const begins = shift - 20 * minute;
    const handle = await context.bench.client.workflow.start('outboundCall', {
      taskQueue: context.bench.taskQueue,
      workflowId: callId,
      startDelay: begins - Date.now(),
      args: [{ to: context.to, twiml: '<Response/>', callingWindow: { timeZone, ...window } }],
    });
    const call = callHandle(context.bench.client, callId, handle);
    const ahead = await skipTo(call, new Date(begins).toISOString());
    await waitsUntil(call, opens);
    await skipTo(call, opens, ahead);
    await rangAt(call, opens);
  });
});

it('no worker can compute when the window opens, and somebody cancels: canceled at once', async () => {
  const { store, twilio } = context;
  const findAllowedTime = () => Promise.reject(new Error('the data of the time zones are missing'));
  const bench = await startCallBench({
    store,
    twilioUrl: twilio.url,
    activities: { findAllowedTime: findAllowedTime },
  });
  const callingWindow = { ...utc, ...hours(hour, 2 * hour) };
  const call = await bench.start({ to: context.to, lookup: 'off', callingWindow });
  await vi.waitFor(async () => {
    const { raw } = await call.handle.describe();
    expect(raw.pendingActivities?.map(({ activityType }) => activityType?.name)).toEqual(['findAllowedTime']);
  });
  await call.handle.executeUpdate('cancel', { args: [{ reason: 'no longer needed' }] });
  expect(await call.result()).toMatchObject({ outcome: 'canceled', attempts: [] });
  await bench.stop();
});

/** The next hour with which the clocks of a zone are put forward or back. */
function nextShift(zone: string, direction: 'forward' | 'back'): number {
  for (let hours = DateTime.fromMillis(startedAtMs, { zone }).startOf('hour'); ; ) {
    const next = hours.plus({ hours: 1 });
    if (direction === 'forward' ? next.offset > hours.offset : next.offset < hours.offset)
      return next.toMillis();
    hours = next;
  }
}

function mondays(count: number): string[] {
  const first = Array.from({ length: 7 }, (_, days) => days * day).find(
    (later) => new Date(startedAtMs + later).getUTCDay() === 1,
  ) as number;
  return Array.from({ length: count }, (_, weeks) => date(first + weeks * 7 * day));
}
