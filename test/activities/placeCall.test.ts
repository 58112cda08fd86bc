import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/createActivities.js';
import { surelyNotSent } from '../../activities/twilio/twilioRestError.js';
import { callStarter } from '../../src/temporal/callStarter.js';
import type {
  FindUnclearCallResult,
  PlaceCallInput,
  PlaceCallResult,
} from '../../workflows/callActivities.js';
import { cut, json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

// An operator who pauses and unpauses an activity, or a worker that is lost, has Temporal execute it again.

const context = useCallBench({ absentAfterSeconds: 2 });

function activities() {
  const { settings } = context.bench;
  const starter = callStarter(context.bench.client, { ...settings, taskQueue: context.bench.taskQueue });
  return createActivities({ settings, store: context.store, callStarter: starter, emit: () => {} });
}

function execute<T>(
  activity: (input: PlaceCallInput & { answered: boolean }) => Promise<T>,
  input: PlaceCallInput,
): Promise<T> {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(activity, { ...input, answered: false }) as Promise<T>;
}

/** A local time in UTC, HH:MM. */
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);

function inputTo(to: string): PlaceCallInput {
  const { callbackWaitSeconds, pollIntervalSeconds, decideWithinSeconds, absentAfterSeconds } =
    context.bench.settings;
  return {
    callId: `call-${randomUUID()}`,
    attempt: 1,
    placement: 1,
    requestedAt: new Date().toISOString(),
    lookupSaysValid: false,
    plan: {
      to,
      from: '+15005550006',
      content: { twiml: '<Response/>' },
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
      urgent: false,
      priority: 3,
      fairnessKey: null,
      allowParallel: false,
      eligibilityUrl: null,
      notBefore: null,
      giveUpAt: null,
      notifyUrl: null,
      notifyOn: [],
      metadata: {},
      timeouts: { callbackWaitSeconds, pollIntervalSeconds, decideWithinSeconds, absentAfterSeconds },
    },
  };
}

describe('the same order to dial is executed twice', () => {
  it('Twilio made the call the first time: the second says so, and sends nothing', async () => {
    const input = inputTo(context.to);
    const first = await execute<PlaceCallResult>(activities().placeCall, input);
    expect(first).toMatchObject({ kind: 'created', sidFrom: 'created' });
    const second = await execute<PlaceCallResult>(activities().placeCall, input);
    expect(second).toMatchObject({
      kind: 'created',
      sidFrom: 'journal',
      callSid: context.twilio.calls[0]?.sid,
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('its answer was lost the first time: the second is unclear as well, and sends nothing', async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const input = inputTo(context.to);
    for (let n = 0; n < 2; n++)
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
        kind: 'unclear',
      });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('Twilio refused the first time: the second is refused too, and sends nothing', async () => {
    context.twilio.answerCreate = () => twilioError(400, 21215, 'no');
    const input = inputTo(context.to);
    for (let n = 0; n < 2; n++)
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
        kind: 'refused',
        error: { code: 21215 },
      });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('both at the same time: one sends', async () => {
    const input = inputTo(context.to);
    const both = [activities(), activities()].map((one) => execute<PlaceCallResult>(one.placeCall, input));
    expect((await Promise.all(both)).filter(({ kind }) => kind === 'created').length).toBeGreaterThan(0);
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('the calling window', () => {
  it('has ended while the order waited for its turn: nothing is sent, and told when it opens again', async () => {
    const input = inputTo(context.to);
    input.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
    const result = await execute<PlaceCallResult>(activities().placeCall, input);
    expect(result).toMatchObject({
      kind: 'not-yet',
      hindrance: { by: 'calling-window', until: expect.any(String) },
    });
    const { until } = (result as unknown as { hindrance: { until: string } }).hindrance;
    expect(until.slice(11, 16)).toBe(inHours(2));
    expect(Date.parse(until)).toBeGreaterThan(Date.now());
    expect(await context.store.findPlacement(input)).toBeNull();
  });

  it('has ended since the create was sent: the second execution still says what became of it', async () => {
    const input = inputTo(context.to);
    await execute<PlaceCallResult>(activities().placeCall, input);
    input.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
      kind: 'created',
      sidFrom: 'journal',
    });
  });

  it('is open: dialed', async () => {
    const input = inputTo(context.to);
    input.plan.callingWindow = { timeZone: 'UTC', start: inHours(-1), end: inHours(1) };
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'created' });
  });
});

describe('a worker is frozen before it begins to execute an order, and thaws when others have gone on', () => {
  it('it was found that nothing had been sent: it sends nothing', async () => {
    const input = inputTo(context.to);
    expect(await execute<FindUnclearCallResult>(activities().findUnclearCall, input)).toEqual({
      kind: 'absent',
    });
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'not-sent' });
    expect(await execute<PlaceCallResult>(activities().placeCall, { ...input, placement: 2 })).toMatchObject({
      kind: 'created',
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('it claims at the same moment as they look: one of the two holds', async () => {
    for (let time = 0; time < 10; time++) {
      context.twilio.answerCreate = () => cut();
      const input = inputTo(`${context.to}${time}`);
      const before = context.twilio.creates.length;
      const [found] = await Promise.all([
        execute<FindUnclearCallResult>(activities().findUnclearCall, input).catch(
          (error: Error) => error.message,
        ),
        execute<PlaceCallResult>(activities().placeCall, input),
      ]);
      const sent = context.twilio.creates.length - before;
      expect(sent === 0).toBe((found as FindUnclearCallResult).kind === 'absent');
    }
  });
});

describe("the worker's clock is ahead", () => {
  it('the time of the order seems over: not yet, and the call decides by its own clock', async () => {
    const input = inputTo(context.to);
    input.plan.giveUpAt = new Date(Date.now() - 1000).toISOString();
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'not-yet' });
    expect(context.twilio.creates).toHaveLength(0);
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
    const { settings } = context.bench;
    const usual = settings.callsPerSecond;
    settings.callsPerSecond = 0.5;
    try {
      await execute<PlaceCallResult>(activities().placeCall, inputTo(context.to));
      const input = inputTo(`${context.to}9`);
      input.plan.giveUpAt = new Date(Date.now() + 800).toISOString();
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toEqual({
        kind: 'not-sent',
        why: `its time was over before it could dial: ${input.plan.giveUpAt}`,
        retryAfterSeconds: 0,
      });
      expect(await context.store.findPlacement(input)).toMatchObject({ result: 'not-sent' });
      expect(context.twilio.creates).toHaveLength(1);
    } finally {
      settings.callsPerSecond = usual;
    }
  });

  it('its calling window closes meanwhile: nothing is sent, and it says so', async () => {
    const input = inputTo(context.to);
    const { claimPlacement } = context.store;
    context.store.claimPlacement = async (claim) => {
      const claimed = await claimPlacement(claim);
      input.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
      return claimed;
    };
    try {
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
        kind: 'not-sent',
        why: 'its calling window closed before it could dial',
      });
    } finally {
      context.store.claimPlacement = claimPlacement;
    }
    expect(await context.store.findPlacement(input)).toMatchObject({ result: 'not-sent' });
    expect(context.twilio.creates).toHaveLength(0);
  });
});

describe("Twilio's clock and ours differ", () => {
  it.each([
    ['an hour ahead', 3600],
    ['an hour behind', -3600],
  ])('%s: the call whose create was lost is found, an older one is not', async (_, aheadSeconds) => {
    const twilioTime = (secondsAgo: number) =>
      new Date(Date.now() + (aheadSeconds - secondsAgo) * 1000).toUTCString();
    context.twilio.answerList = (calls) => json(200, { calls, next_page_uri: null }, { date: twilioTime(0) });
    context.twilio.answerCreate = ({ make }) => {
      make().date_created = twilioTime(600);
      make().date_created = twilioTime(0);
      return cut();
    };
    const input = inputTo(context.to);
    await execute<PlaceCallResult>(activities().placeCall, input);
    const found = await execute<FindUnclearCallResult>(activities().findUnclearCall, input);
    expect(found).toMatchObject({ kind: 'found', sidFrom: 'list', callSid: context.twilio.calls[0]?.sid });
  });
});
