import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it, vi } from 'vitest';
import { createActivities } from '../../activities/createActivities.js';
import { surelyNotSent } from '../../activities/twilio/twilioRestError.js';
import { completePolicy } from '../../activities/validation/retryPolicySchema.js';
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
  activity: (input: PlaceCallInput & { answered: boolean; isLast: boolean }) => Promise<T>,
  input: PlaceCallInput,
): Promise<T> {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(activity, { ...input, answered: false, isLast: false }) as Promise<T>;
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
      retry: completePolicy({ maxAttempts: 1 }),
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

describe('a placement is executed twice', () => {
  it('Twilio made the call: the second execution returns it, and sends nothing', async () => {
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

  it("Twilio's answer was lost: the second execution is unclear too, and sends nothing", async () => {
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

  it('Twilio refused: the second execution is refused too, and sends nothing', async () => {
    context.twilio.answerCreate = () => twilioError(400, 21215, 'no');
    const input = inputTo(context.to);
    for (let n = 0; n < 2; n++)
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
        kind: 'refused',
        error: { code: 21215 },
      });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('both executions run at the same time: one sends', async () => {
    const input = inputTo(context.to);
    const both = [activities(), activities()].map((one) => execute<PlaceCallResult>(one.placeCall, input));
    expect((await Promise.all(both)).filter(({ kind }) => kind === 'created').length).toBeGreaterThan(0);
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('the calling window', () => {
  it('the window closed while the placement waited in the queue: nothing is sent, and the result says when it opens', async () => {
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

  it('the window closed after the create request: a second execution still returns its result', async () => {
    const input = inputTo(context.to);
    await execute<PlaceCallResult>(activities().placeCall, input);
    input.plan.callingWindow = { timeZone: 'UTC', start: inHours(2), end: inHours(3) };
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
      kind: 'created',
      sidFrom: 'journal',
    });
  });

  it('the window is open: dialed', async () => {
    const input = inputTo(context.to);
    input.plan.callingWindow = { timeZone: 'UTC', start: inHours(-1), end: inHours(1) };
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'created' });
  });
});

describe('there is no claim in the journal', () => {
  /** Searches until the result is certain, as Temporal does. */
  async function search(input: PlaceCallInput): Promise<FindUnclearCallResult> {
    for (;;) {
      try {
        return await execute<FindUnclearCallResult>(activities().findUnclearCall, input);
      } catch (error) {
        if (!String(error).includes('no trace at Twilio')) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  it('a worker was frozen before its claim: the search lasts the whole silence, and the worker sends nothing', async () => {
    const input = inputTo(context.to);
    await expect(execute(activities().findUnclearCall, input)).rejects.toThrow(
      'no trace at Twilio after 0 s',
    );
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'unclear' });
    expect(await search(input)).toEqual({ kind: 'absent' });
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'not-sent' });
    expect(context.twilio.creates).toHaveLength(0);
    expect(await execute<PlaceCallResult>(activities().placeCall, { ...input, placement: 2 })).toMatchObject({
      kind: 'created',
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it("the database lost it when it failed over: the call is found in Twilio's list", async () => {
    const input = inputTo(context.to);
    const { claimPlacement, settlePlacement } = context.store;
    context.store.claimPlacement = async () => ({
      claimed: true,
      sendAt: new Date().toISOString(),
      waitSeconds: 0,
    });
    context.store.settlePlacement = async () => ({ breakerChange: null, isSameFault: false });
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    try {
      await execute<PlaceCallResult>(activities().placeCall, input);
    } finally {
      Object.assign(context.store, { claimPlacement, settlePlacement });
    }
    expect(await context.store.findPlacement(input)).toBeNull();
    const callSid = context.twilio.calls[0]?.sid;
    expect(await search(input)).toEqual({ kind: 'found', callSid, sidFrom: 'list' });
    expect(await context.store.findPlacement(input)).toMatchObject({ result: 'created', callSid });
  });

  it('a worker claims at the same moment: it sends, or the placement is blocked, and never both', async () => {
    for (let time = 0; time < 10; time++) {
      context.twilio.answerCreate = () => cut();
      const input = inputTo(`${context.to}${time}`);
      const before = context.twilio.creates.length;
      const [, placed] = await Promise.all([
        execute(activities().findUnclearCall, input).catch(() => {}),
        execute<PlaceCallResult>(activities().placeCall, input),
      ]);
      expect(placed.kind).toBe('unclear');
      expect(context.twilio.creates.length - before).toBeLessThanOrEqual(1);
      expect(await search(input)).toEqual({ kind: 'absent' });
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
        kind: 'not-sent',
      });
    }
  }, 60_000);
});

describe('an unclear placement is searched for', () => {
  /** A placement whose call Twilio made, and whose answer was lost. */
  async function lostAnswer(input: PlaceCallInput): Promise<string> {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'unclear' });
    return context.twilio.calls[0]?.sid as string;
  }
  const find = (input: PlaceCallInput) => execute<FindUnclearCallResult>(activities().findUnclearCall, input);

  it.each([
    ['a minute behind', -60],
    ['an hour behind', -3600],
  ])('the clock of the database is now %s: the call is found', async (_, setBackSeconds) => {
    const input = inputTo(context.to);
    const callSid = await lostAnswer(input);
    const { blockPlacement } = context.store;
    context.store.blockPlacement = async (key) => {
      const entry = await blockPlacement.call(context.store, key);
      return { ...entry, ageSeconds: entry.ageSeconds + setBackSeconds };
    };
    try {
      expect(await find(input)).toEqual({ kind: 'found', callSid, sidFrom: 'list' });
    } finally {
      context.store.blockPlacement = blockPlacement;
    }
  });

  it('the worker has another Twilio account by now: waits, and names both accounts', async () => {
    const input = inputTo(context.to);
    const callSid = await lostAnswer(input);
    const { twilio } = context.bench.settings;
    const usual = twilio.accountSid;
    twilio.accountSid = `AC${'9'.repeat(32)}`;
    try {
      const searched = find(input);
      await expect(searched).rejects.toThrow(`run a worker with TWILIO_ACCOUNT_SID=${usual}`);
      await expect(searched).rejects.toThrow(twilio.accountSid);
      expect(await context.store.findPlacement(input)).toMatchObject({ result: null });
    } finally {
      twilio.accountSid = usual;
    }
    expect(await find(input)).toEqual({ kind: 'found', callSid, sidFrom: 'list' });
  });

  it('another call between the numbers has an unclear placement too: its call is not taken', async () => {
    const [first, second] = [inputTo(context.to), inputTo(context.to)];
    context.twilio.answerCreate = () => cut();
    await execute<PlaceCallResult>(activities().placeCall, first);
    // Only a claim that is older than the longest search is abandoned.
    await context.store.settlePlacement({ ...first, result: 'abandoned', callSid: null });
    const callSid = await lostAnswer(second);
    await expect(find(first)).rejects.toThrow('1 calls at Twilio could be this one');
    await context.store.settlePlacement({ ...second, result: 'created', callSid });
    await expect(find(first)).rejects.toThrow('no trace at Twilio');
  });

  it('another call between the numbers wants to dial: it waits, and abandons the claim only after the longest search', async () => {
    const first = inputTo(context.to);
    context.twilio.answerCreate = () => cut();
    await execute<PlaceCallResult>(activities().placeCall, first);
    const { claimPlacement } = context.store;
    let abandonedAfterSeconds = 0;
    context.store.claimPlacement = (claim) => {
      ({ abandonedAfterSeconds } = claim);
      return claimPlacement(claim);
    };
    try {
      expect(await execute<PlaceCallResult>(activities().placeCall, inputTo(context.to))).toMatchObject({
        kind: 'not-yet',
        hindrance: { by: 'pair-in-progress', callId: first.callId },
      });
    } finally {
      context.store.claimPlacement = claimPlacement;
    }
    expect(abandonedAfterSeconds).toBeGreaterThan(24 * 3600 + first.plan.timeouts.decideWithinSeconds);
  });
});

describe('giveUpAt', () => {
  it("it has passed by the database's clock: not yet, since the call decides by Temporal's", async () => {
    const input = inputTo(context.to);
    input.plan.giveUpAt = new Date(Date.now() - 1000).toISOString();
    expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({ kind: 'not-yet' });
    expect(context.twilio.creates).toHaveLength(0);
  });
});

describe('the claim tells another time of the database than before', () => {
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);
  async function placedAnHourLater(input: PlaceCallInput) {
    const { claimPlacement } = context.store;
    context.store.claimPlacement = async (request) => {
      const claim = await claimPlacement(request);
      return claim.claimed ? { ...claim, sendAt: inMinutes(60).toISOString() } : claim;
    };
    try {
      return await execute<PlaceCallResult>(activities().placeCall, input);
    } finally {
      Object.assign(context.store, { claimPlacement });
    }
  }

  it('the calling window is closed by then: not sent', async () => {
    const input = inputTo(context.to);
    const time = (at: Date) => at.toISOString().slice(11, 16);
    input.plan.callingWindow = { timeZone: 'Etc/UTC', start: time(inMinutes(-30)), end: time(inMinutes(30)) };
    expect(await placedAnHourLater(input)).toEqual({
      kind: 'not-sent',
      why: 'the calling window closed before it could dial',
      retryAfterSeconds: 0,
    });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('giveUpAt has passed by then: not sent', async () => {
    const input = inputTo(context.to);
    input.plan.giveUpAt = inMinutes(30).toISOString();
    expect(await placedAnHourLater(input)).toMatchObject({ kind: 'not-sent', retryAfterSeconds: 0 });
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
  ])('%s at %s: certainly not sent is %s', (code, syscall, surely) => {
    const error = Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
    expect(surelyNotSent(error)).toBe(surely);
    expect(surelyNotSent(Object.assign(new Error(error.message, { cause: error }), { code }))).toBe(surely);
  });
});

describe('a claimed placement waits for its send time', () => {
  it('giveUpAt passes: not sent', async () => {
    const { settings } = context.bench;
    const usual = settings.callsPerSecond;
    settings.callsPerSecond = 0.5;
    try {
      await execute<PlaceCallResult>(activities().placeCall, inputTo(context.to));
      const input = inputTo(`${context.to}9`);
      input.plan.giveUpAt = new Date(Date.now() + 800).toISOString();
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toEqual({
        kind: 'not-sent',
        why: `giveUpAt passed before it could dial: ${input.plan.giveUpAt}`,
        retryAfterSeconds: 0,
      });
      expect(await context.store.findPlacement(input)).toMatchObject({ result: 'not-sent' });
      expect(context.twilio.creates).toHaveLength(1);
    } finally {
      settings.callsPerSecond = usual;
    }
  });

  it('the calling window closes: not sent', async () => {
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
        why: 'the calling window closed before it could dial',
      });
    } finally {
      context.store.claimPlacement = claimPlacement;
    }
    expect(await context.store.findPlacement(input)).toMatchObject({ result: 'not-sent' });
    expect(context.twilio.creates).toHaveLength(0);
  });
});

describe('a worker is frozen between its claim and the create request', () => {
  it('it goes on after it evaluated the calling window: nothing is sent', async () => {
    const input = inputTo(context.to);
    const window = { start: inHours(-1), end: inHours(1) };
    const { claimPlacement } = context.store;
    const clock = vi.spyOn(Date, 'now');
    context.store.claimPlacement = async (claim) => {
      const claimed = await claimPlacement(claim);
      const realNow = performance.timeOrigin + performance.now();
      // The last evaluation of the window reads files when the number decides about the time zone.
      input.plan.callingWindow = {
        ...window,
        get timeZone() {
          clock.mockImplementation(() => realNow + 13_000);
          return 'UTC';
        },
      };
      return claimed;
    };
    try {
      expect(await execute<PlaceCallResult>(activities().placeCall, input)).toMatchObject({
        kind: 'not-sent',
        why: 'the worker took too long before it could dial',
      });
    } finally {
      clock.mockRestore();
      context.store.claimPlacement = claimPlacement;
    }
    expect(context.twilio.creates).toHaveLength(0);
  });
});

describe("Twilio's clock and ours differ", () => {
  it.each([
    ['an hour ahead', 3600],
    ['an hour behind', -3600],
  ])('%s: the call of the lost answer is found, and an older one is not', async (_, aheadSeconds) => {
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
