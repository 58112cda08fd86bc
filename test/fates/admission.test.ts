import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase } from '../../activities/store/openStore.js';
import { breakerRule } from '../../activities/store/placements/dialLimits.js';
import type { CallState } from '../../workflows/callOutcome.js';
import { accountSid, type CallHandle } from '../support/callBench.js';
import { created, json, lookupAnswer, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
let usual: typeof context.bench.settings;
let db: Database;

beforeAll(async () => {
  usual = { ...context.bench.settings };
  db = await openDatabase({ databaseUrl: inject('databaseUrl') });
});
beforeEach(() => void Object.assign(context.bench.settings, usual));
afterAll(() => db.close());

const end = { CallDuration: '7', SequenceNumber: '3' };
const waitsFor =
  (...texts: string[]) =>
  (state: CallState) =>
    state.state === 'waiting' && texts.some((text) => (state.waitingFor ?? '').includes(text));
const cancel = (call: CallHandle) => call.handle.executeUpdate('cancel', { args: [{}] });

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

async function answered(call: CallHandle): Promise<void> {
  await call.callback(1, await placed(call), 'completed', end);
  expect(await call.result()).toMatchObject({ outcome: 'answered' });
}

const addToDoNotCallList = () =>
  db.query(`insert into do_not_call (to_number, reason, source) values ($1, 'wants no calls', 'opt-out')`, [
    context.to,
  ]);

describe('the number is on the do-not-call list', () => {
  const reason = {
    code: 'do-not-call',
    source: 'policy',
    message: 'The number is on the do-not-call list (opt-out): wants no calls',
  };

  it('before the first attempt: canceled by policy, nothing dialed', async () => {
    await addToDoNotCallList();
    const call = await context.bench.start({ to: context.to });
    expect(await call.result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'policy',
      reachability: 'undetermined',
      reason,
      attempts: [],
    });
    expect(context.twilio.creates).toHaveLength(0);
  });

  it('since the first attempt: not dialed again, and the outcome of that attempt stays', async () => {
    const retry = { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 0, maximumIntervalSeconds: 0 };
    const call = await context.bench.start({ to: context.to, retry });
    const sid = await placed(call);
    await addToDoNotCallList();
    await call.callback(1, sid, 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', attempts: [{ number: 1 }] });
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('Twilio has shown in another call that there is no such number', () => {
  beforeEach(() => {
    context.bench.settings.rememberInvalidSeconds = 3600;
  });

  it('by refusing the create: the next call is refused with that evidence, whatever Lookup says', async () => {
    context.twilio.answerCreate = () => twilioError(400, 21211, 'Invalid To');
    const first = await context.bench.start({ to: context.to });
    expect(await first.result()).toMatchObject({ outcome: 'invalid-number', decidedBy: 'create' });
    const second = await context.bench.start({ to: context.to });
    expect(await second.result()).toMatchObject({
      outcome: 'invalid-number',
      decidedBy: 'create',
      reachability: 'invalid',
      reason: {
        code: '21211',
        source: 'twilio',
        message: expect.stringContaining(`in call ${first.callId}`),
      },
      attempts: [],
      lookup: { valid: true },
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('by Lookup: the next call is refused while Lookup is down, and dialed when Lookup says otherwise', async () => {
    context.twilio.answerLookup = (number) => json(200, lookupAnswer(number, { valid: false }));
    const first = await context.bench.start({ to: context.to });
    expect(await first.result()).toMatchObject({ outcome: 'invalid-number', decidedBy: 'lookup' });
    context.twilio.answerLookup = () => twilioError(404, 20404, 'not served here');
    const second = await context.bench.start({ to: context.to });
    expect(await second.result()).toMatchObject({
      outcome: 'invalid-number',
      decidedBy: 'lookup',
      reason: { source: 'lookup', message: expect.stringContaining(first.callId) },
    });
    context.twilio.answerLookup = context.defaults.answerLookup;
    await answered(await context.bench.start({ to: context.to }));
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('by Lookup, and the next call asks with lookup off: dialed', async () => {
    const possible = { valid: false, validation_errors: ['INVALID_BUT_POSSIBLE'] };
    context.twilio.answerLookup = (number) => json(200, lookupAnswer(number, possible));
    const first = await context.bench.start({ to: context.to });
    expect(await first.result()).toMatchObject({ outcome: 'invalid-number', decidedBy: 'lookup' });
    await answered(await context.bench.start({ to: context.to, lookup: 'off' }));
  });

  it('by refusing the create, and the next call asks with lookup off: refused with that evidence', async () => {
    context.twilio.answerCreate = () => twilioError(400, 21211, 'Invalid To');
    const first = await context.bench.start({ to: context.to, lookup: 'off' });
    expect(await first.result()).toMatchObject({ outcome: 'invalid-number', decidedBy: 'create' });
    const second = await context.bench.start({ to: context.to, lookup: 'off' });
    expect(await second.result()).toMatchObject({ outcome: 'invalid-number', reason: { code: '21211' } });
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('the call has to wait, says for what, and goes on by itself', () => {
  it('an operator has paused dialing: until it is resumed', async () => {
    await db.query(
      `insert into dialing_control (account_sid, paused_at, paused_reason) values ($1, clock_timestamp(), 'a fire drill')
       on conflict (account_sid) do update set paused_at = excluded.paused_at, paused_reason = excluded.paused_reason`,
      [accountSid],
    );
    const call = await context.bench.start({ to: context.to });
    const waiting = await call.until(waitsFor('dialing to be resumed: an operator paused it (a fire drill)'));
    // It may never come about.
    expect(waiting.attempts).toEqual([]);
    expect(await context.store.findCallState(call.callId)).toMatchObject({ state: 'waiting' });
    expect(context.twilio.creates).toHaveLength(0);
    await db.query('update dialing_control set paused_at = null where account_sid = $1', [accountSid]);
    await answered(call);
  });

  it('Twilio cannot be reached again and again: the circuit breaker opens, and closes when one call gets through', async () => {
    context.bench.settings.breaker = { ...breakerRule, latest: 2, least: 2, share: 1, openSeconds: 2 };
    context.bench.settings.absentAfterSeconds = 1;
    let fixed = false;
    context.twilio.answerCreate = ({ make }) =>
      fixed ? created(make()) : twilioError(500, 20500, 'Internal Server Error');
    const failing = [
      await context.bench.start({ to: context.to }),
      await context.bench.start({ to: `${context.to}1` }),
    ];
    await expect
      .poll(() => context.bench.events.find((n) => n.kind === 'breaker'), { timeout: 15_000 })
      .toMatchObject({
        change: 'opened',
        reason: expect.stringContaining('2 of the last 2 calls could not be placed; the last: '),
      });
    const createCount = context.twilio.creates.length;
    const call = await context.bench.start({ to: `${context.to}2` });
    await call.until(waitsFor('the circuit breaker to close (2 of the last 2 calls could not be placed'));
    expect(context.twilio.creates).toHaveLength(createCount);
    fixed = true;
    for (const one of [call, ...failing]) await answered(one);
    expect(context.bench.events.filter((n) => n.kind === 'breaker').at(-1)).toMatchObject({
      change: 'closed',
    });
    context.bench.settings.absentAfterSeconds = 300;
  });

  it.each<[string, number, number]>([
    ['the account is suspended', 401, 70051],
    ['the key lacks a permission', 403, 70051],
    ['the token has expired', 401, 20107],
    ['a code that nobody knows', 400, 99999],
  ])(
    '%s: calls wait, visibly, Twilio is asked now and then, and they go on once it is fixed',
    async (_, status, code) => {
      let fixed = false;
      context.twilio.answerCreate = ({ make }) =>
        fixed ? created(make()) : twilioError(status, code, 'Authorization Error');
      const calls = await Promise.all(
        ['1', '2', '3'].map((digit) => context.bench.start({ to: context.to + digit })),
      );
      for (const call of calls)
        await call.until(waitsFor(`${code} Authorization Error`, `${code}: Authorization Error`));
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect(context.twilio.creates.length).toBeLessThan(10);
      expect(context.bench.events).toContainEqual(
        expect.objectContaining({ kind: 'breaker', change: 'opened' }),
      );
      fixed = true;
      for (const call of calls) await answered(call);
    },
  );

  it('too many requests, with a code that nobody knows: placed again, and not rejected', async () => {
    let refusals = 2;
    context.twilio.answerCreate = ({ make }) =>
      refusals-- > 0 ? twilioError(429, 14107, 'Rate limit exceeded') : created(make());
    await answered(await context.bench.start({ to: context.to }));
    expect(context.twilio.creates).toHaveLength(3);
  });

  it('Twilio refuses every call alike: the first ones end, then dialing stops, and says how to fix it', async () => {
    context.twilio.answerCreate = () => twilioError(400, 21210, 'From is not verified');
    for (const digit of ['1', '2', '3', '4']) {
      const call = await context.bench.start({ to: context.to + digit });
      expect(await call.result()).toMatchObject({ outcome: 'rejected', errorCode: 21210 });
    }
    const later = await Promise.all(
      ['5', '6', '7'].map((digit) => context.bench.start({ to: context.to + digit })),
    );
    for (const call of later) await call.until(waitsFor('the same code: 21210 From is not verified'));
    // One of them tests, again and again, whether the account is fixed. None of them ends by that.
    const tested = context.twilio.creates.length;
    await expect.poll(() => context.twilio.creates.length, { timeout: 15_000 }).toBeGreaterThan(tested);
    for (const call of later) expect((await call.state()).outcome).toBeNull();
    expect(context.bench.events.findLast((event) => event.kind === 'breaker')).toMatchObject({
      change: 'opened',
      reason: expect.stringContaining('verify the caller id'),
    });
    context.twilio.answerCreate = context.defaults.answerCreate;
    for (const call of later) await answered(call);
  }, 60_000);

  it('no permission for one country: the first calls there end, later ones wait, and all others are placed', async () => {
    const isAllowed = ({ form }: { form: URLSearchParams }) => !form.get('To')?.startsWith('+49');
    context.twilio.answerCreate = (create) =>
      isAllowed(create) ? created(create.make()) : twilioError(400, 21215, 'Geo permission denied');
    const german = (digit: number) => `+4930${context.to.slice(-6)}${digit}`;
    for (const digit of [1, 2, 3, 4])
      expect(await (await context.bench.start({ to: german(digit) })).result()).toMatchObject({
        outcome: 'rejected',
        errorCode: 21215,
      });
    const held = [await context.bench.start({ to: german(5) }), await context.bench.start({ to: german(6) })];
    for (const call of held) await call.until(waitsFor('to +49', '21215'));
    await answered(await context.bench.start({ to: context.to }));
    for (const call of held) expect((await call.state()).outcome).toBeNull();
    context.twilio.answerCreate = context.defaults.answerCreate;
    for (const call of held) await answered(call);
  }, 60_000);

  it('another call to the number is in flight: until it ends, unless parallel calls are allowed', async () => {
    context.bench.settings.callsPerNumber = 1;
    const first = await context.bench.start({ to: context.to });
    const sid = await placed(first);
    const [second, third] = await Promise.all([
      context.bench.start({ to: context.to }),
      context.bench.start({ to: context.to }),
    ]);
    const text = `another call to this number to end (${first.callId})`;
    await Promise.all([second.until(waitsFor(text)), third.until(waitsFor(text))]);
    const parallel = await context.bench.start({ to: context.to, allowParallel: true });
    await answered(parallel);
    await cancel(third);
    expect(await third.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel', attempts: [] });
    expect(context.twilio.creates).toHaveLength(2);
    await first.callback(1, sid, 'completed', end);
    await answered(second);
  });

  it('the number was called as often as it may be: until exactly when the next call is allowed', async () => {
    context.bench.settings.contactsPerNumber = { count: 1, seconds: 5 };
    const first = await context.bench.start({ to: context.to });
    await answered(first);
    const soon = new Date(Date.now() + 1500).toISOString();
    const hasty = await context.bench.start({ to: context.to, giveUpAt: soon });
    const call = await context.bench.start({ to: context.to });
    const { nextAttemptAt } = await call.until(
      waitsFor('the contact limit: 1 calls to this number in 5 s; the next call is allowed at'),
    );
    expect(await hasty.result()).toMatchObject({ outcome: 'expired', attempts: [] });
    await placed(call);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(nextAttemptAt as string) - 50);
    await answered(call);
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('as many calls are in flight as may be: until one ends', async () => {
    context.bench.settings.callsInFlight = 1;
    const first = await context.bench.start({ to: context.to });
    const sid = await placed(first);
    const second = await context.bench.start({ to: `${context.to}1` });
    await second.until(waitsFor("one of the account's calls to end: 1 may be in flight at once"));
    await first.callback(1, sid, 'completed', end);
    await answered(second);
  });
});
