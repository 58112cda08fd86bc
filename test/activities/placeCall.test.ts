import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/createActivities.js';
import { surelyNotSent } from '../../activities/twilioAnswer.js';
import { callStarter } from '../../src/temporal/callStarter.js';
import type { Dialled, DialOrder, Found } from '../../workflows/callActivities.js';
import { cut, json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

// An operator who pauses and unpauses an activity, or a worker that is lost, has Temporal execute it again.

const fates = useCallBench({ absentAfterSeconds: 2 });

function hands() {
  const { settings } = fates.bench;
  const starter = callStarter(fates.bench.client, fates.bench.taskQueue);
  return createActivities({ settings, store: fates.store, callStarter: starter, notice: () => {} });
}

function execute<T>(
  activity: (order: DialOrder & { answered: boolean }) => Promise<T>,
  order: DialOrder,
): Promise<T> {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(activity, { ...order, answered: false }) as Promise<T>;
}

/** A local time in UTC, HH:MM. */
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);

function orderTo(to: string): DialOrder {
  const { callbackWaitSeconds, pollIntervalSeconds, decideWithinSeconds, absentAfterSeconds } =
    fates.bench.settings;
  return {
    callId: `call-${randomUUID()}`,
    attempt: 1,
    round: 1,
    orderedAt: new Date().toISOString(),
    plan: {
      to,
      from: '+15005550006',
      hears: { twiml: '<Response/>' },
      ringTimeoutSeconds: 30,
      maxDurationSeconds: 60,
      machineDetection: 'off',
      lookup: 'off',
      retry: {
        maxAttempts: 1,
        retryOn: [],
        initialIntervalSeconds: 1,
        backoffCoefficient: 1,
        maximumIntervalSeconds: 1,
      },
      callingWindow: null,
      notBefore: null,
      giveUpAt: null,
      notifyUrl: null,
      notifyOn: [],
      metadata: {},
      waits: { callbackWaitSeconds, pollIntervalSeconds, decideWithinSeconds, absentAfterSeconds },
    },
  };
}

describe('the same order to dial is executed twice', () => {
  it('Twilio made the call the first time: the second says so, and sends nothing', async () => {
    const order = orderTo(fates.to);
    const first = await execute<Dialled>(hands().placeCall, order);
    expect(first).toMatchObject({ kind: 'created', sidFrom: 'created' });
    const second = await execute<Dialled>(hands().placeCall, order);
    expect(second).toMatchObject({
      kind: 'created',
      sidFrom: 'journal',
      callSid: fates.twilio.calls[0]?.sid,
    });
    expect(fates.twilio.creates).toHaveLength(1);
  });

  it('its answer was lost the first time: the second is unclear as well, and sends nothing', async () => {
    fates.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const order = orderTo(fates.to);
    for (let n = 0; n < 2; n++)
      expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({ kind: 'unclear' });
    expect(fates.twilio.creates).toHaveLength(1);
  });

  it('Twilio refused the first time: the second is refused too, and sends nothing', async () => {
    fates.twilio.answerCreate = () => twilioError(400, 21215, 'no');
    const order = orderTo(fates.to);
    for (let n = 0; n < 2; n++)
      expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({
        kind: 'refused',
        error: { code: 21215 },
      });
    expect(fates.twilio.creates).toHaveLength(1);
  });

  it('both at the same time: one sends', async () => {
    const order = orderTo(fates.to);
    const both = [hands(), hands()].map((one) => execute<Dialled>(one.placeCall, order));
    expect((await Promise.all(both)).filter(({ kind }) => kind === 'created').length).toBeGreaterThan(0);
    expect(fates.twilio.creates).toHaveLength(1);
  });
});

describe('the calling window', () => {
  it('has ended while the order waited for its turn: nothing is sent, and told when it opens again', async () => {
    const order = orderTo(fates.to);
    order.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
    const dialled = await execute<Dialled>(hands().placeCall, order);
    expect(dialled).toMatchObject({
      kind: 'not-yet',
      why: expect.stringContaining('the calling window to open'),
    });
    const { until } = dialled as { until: string };
    expect(until.slice(11, 16)).toBe(inHours(2));
    expect(Date.parse(until)).toBeGreaterThan(Date.now());
    expect(await fates.store.findDial(order)).toBeNull();
  });

  it('has ended since the create was sent: the second execution still says what became of it', async () => {
    const order = orderTo(fates.to);
    await execute<Dialled>(hands().placeCall, order);
    order.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
    expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({
      kind: 'created',
      sidFrom: 'journal',
    });
  });

  it('is open: dialled', async () => {
    const order = orderTo(fates.to);
    order.plan.callingWindow = { timeZone: 'UTC', start: inHours(-1), end: inHours(1) };
    expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({ kind: 'created' });
  });
});

describe('a worker is frozen before it begins to execute an order, and thaws when others have gone on', () => {
  it('it was found that nothing had been sent: it sends nothing', async () => {
    const order = orderTo(fates.to);
    expect(await execute<Found>(hands().findCall, order)).toEqual({ kind: 'absent' });
    expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({ kind: 'not-sent' });
    expect(await execute<Dialled>(hands().placeCall, { ...order, round: 2 })).toMatchObject({
      kind: 'created',
    });
    expect(fates.twilio.creates).toHaveLength(1);
  });

  it('it claims at the same moment as they look: one of the two holds', async () => {
    for (let time = 0; time < 10; time++) {
      fates.twilio.answerCreate = () => cut();
      const order = orderTo(`${fates.to}${time}`);
      const before = fates.twilio.creates.length;
      const [found] = await Promise.all([
        execute<Found>(hands().findCall, order).catch((error: Error) => error.message),
        execute<Dialled>(hands().placeCall, order),
      ]);
      const sent = fates.twilio.creates.length - before;
      expect(sent === 0).toBe((found as Found).kind === 'absent');
    }
  });
});

describe("the worker's clock is ahead", () => {
  it('the time of the order seems over: not yet, and the call decides by its own clock', async () => {
    const order = orderTo(fates.to);
    order.plan.giveUpAt = new Date(Date.now() - 1000).toISOString();
    expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({ kind: 'not-yet' });
    expect(fates.twilio.creates).toHaveLength(0);
  });
});

describe('the network fails', () => {
  it.each([
    ['EHOSTUNREACH', 'connect', true],
    ['ENETUNREACH', 'connect', true],
    ['ECONNREFUSED', 'connect', true],
    ['ENOTFOUND', 'getaddrinfo', true],
    ['EHOSTUNREACH', 'write', false],
    ['ENETDOWN', 'read', false],
    ['ECONNRESET', 'read', false],
    ['ETIMEDOUT', 'connect', false],
  ])('%s at %s: surely not sent is %s', (code, syscall, surely) => {
    const error = Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
    expect(surelyNotSent(error)).toBe(surely);
    expect(surelyNotSent(Object.assign(new Error(error.message, { cause: error }), { code }))).toBe(surely);
  });
});

describe('an order waits here for its slot of calls per second', () => {
  it('its time is over by then: nothing is sent, and it says so', async () => {
    const { settings } = fates.bench;
    const usual = settings.callsPerSecond;
    settings.callsPerSecond = 0.5;
    try {
      await execute<Dialled>(hands().placeCall, orderTo(fates.to));
      const order = orderTo(`${fates.to}9`);
      order.plan.giveUpAt = new Date(Date.now() + 800).toISOString();
      expect(await execute<Dialled>(hands().placeCall, order)).toEqual({
        kind: 'not-sent',
        why: `its time was over before it could dial: ${order.plan.giveUpAt}`,
        retryAfterSeconds: 0,
      });
      expect(await fates.store.findDial(order)).toMatchObject({ result: 'not-sent' });
      expect(fates.twilio.creates).toHaveLength(1);
    } finally {
      settings.callsPerSecond = usual;
    }
  });

  it('its calling window closes meanwhile: nothing is sent, and it says so', async () => {
    const order = orderTo(fates.to);
    const { claimDial } = fates.store;
    fates.store.claimDial = async (claim) => {
      const claimed = await claimDial(claim);
      order.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
      return claimed;
    };
    try {
      expect(await execute<Dialled>(hands().placeCall, order)).toMatchObject({
        kind: 'not-sent',
        why: 'its calling window closed before it could dial',
      });
    } finally {
      fates.store.claimDial = claimDial;
    }
    expect(await fates.store.findDial(order)).toMatchObject({ result: 'not-sent' });
    expect(fates.twilio.creates).toHaveLength(0);
  });
});

describe("Twilio's clock and ours differ", () => {
  it.each([
    ['an hour ahead', 3600],
    ['an hour behind', -3600],
  ])('%s: the call whose create was lost is found, an older one is not', async (_, aheadSeconds) => {
    const twilioTime = (secondsAgo: number) =>
      new Date(Date.now() + (aheadSeconds - secondsAgo) * 1000).toUTCString();
    fates.twilio.answerList = (calls) => json(200, { calls, next_page_uri: null }, { date: twilioTime(0) });
    fates.twilio.answerCreate = ({ make }) => {
      make().date_created = twilioTime(600);
      make().date_created = twilioTime(0);
      return cut();
    };
    const order = orderTo(fates.to);
    await execute<Dialled>(hands().placeCall, order);
    const found = await execute<Found>(hands().findCall, order);
    expect(found).toMatchObject({ kind: 'found', sidFrom: 'list', callSid: fates.twilio.calls[0]?.sid });
  });
});
