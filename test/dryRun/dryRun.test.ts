import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../activities/store/openStore.js';
import { useApi } from '../api/useApi.js';
import { accountSid } from '../support/callBench.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ rememberInvalidSeconds: 3600 });
const api = useApi(context);

const request = (more: object = {}) => ({ to: context.to, twiml: '<Response/>', ...more });
const dryRun = async (more: object = {}) => {
  const answer = await api.post('/calls?dryRun=true', request(more));
  expect(answer.status).toBe(200);
  return answer.json;
};

beforeEach(() => {
  Object.assign(context.bench.settings, {
    destinations: null,
    callingWindow: null,
    callsPerNumber: null,
    callsInFlight: null,
    contactsPerNumber: null,
    callsPerSecond: 1000,
    doNotCall: { eligibilityUrl: null, addOptOuts: false },
  });
});

async function sql(statement: string, parameters: string[] = []) {
  const db = await openDatabase({ databaseUrl: inject('databaseUrl') });
  await db.query(statement, parameters);
  await db.close();
}

/** A Twilio call to the number that is in flight. */
async function placed(to: string) {
  const call = await context.bench.start({ to, lookup: 'off' });
  const { attempts } = await call.until((s) => s.attempts[0]?.callSid != null);
  return { ...call, end: () => call.callback(1, attempts[0]?.callSid as string, 'completed') };
}

describe('POST /calls?dryRun=true', () => {
  it('nothing stands in the way: the frozen request, now, and nothing is dialed, asked or started', async () => {
    const before = new Date().toISOString();
    const answer = await dryRun({ retry: 'thrice', metadata: { order: '1' } });
    expect(answer).toEqual({
      request: {
        ...request({ metadata: { order: '1' } }),
        from: '+15005550006',
        ringTimeoutSeconds: 30,
        maxDurationSeconds: 3600,
        machineDetection: 'off',
        lookup: 'basic',
        retry: context.bench.settings.policies().thrice,
        urgent: false,
        priority: 3,
        allowParallel: false,
      },
      earliestAttemptAt: expect.any(String),
      forbiddenBy: [],
      delayedBy: [],
      unchecked: [{ by: 'lookup', message: expect.any(String) }],
    });
    expect(answer.earliestAttemptAt >= before).toBe(true);
    expect(context.twilio.requests).toEqual([]);
    expect((await api.get(`/calls?to=${encodeURIComponent(context.to)}`)).json.calls).toEqual([]);
    // What it shows is a request.
    expect((await api.post('/calls?dryRun=true', answer.request)).json.request).toEqual(answer.request);
  });

  it('an Idempotency-Key stays free', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    expect((await api.post('/calls?dryRun=true', request(), key)).status).toBe(200);
    const started = await api.post('/calls', request({ notBefore: '2099-01-01T00:00:00Z' }), key);
    expect(started.status).toBe(202);
    await api.post(`/calls/${started.json.callId}/cancel`, {});
  });

  it.each<[string, string, object, string]>([
    ['a bad body', '/calls?dryRun=true', { priority: 9 }, 'priority'],
    ['a giveUpAt that has passed', '/calls?dryRun=true', { giveUpAt: '2020-01-01T00:00:00Z' }, 'giveUpAt'],
    [
      'a giveUpAt before notBefore',
      '/calls?dryRun=true',
      { notBefore: '2098-01-01T00:00:00Z', giveUpAt: '2097-01-01T00:00:00Z' },
      'giveUpAt',
    ],
    ['dryRun neither true nor false', '/calls?dryRun=yes', {}, 'dryRun'],
    ['a misspelled dryRun', '/calls?dryrun=true', {}, 'dryrun'],
  ])('%s: 422, and nothing is dialed', async (_, path, more, fault) => {
    expect(await api.post(path, request(more))).toMatchObject({
      status: 422,
      json: { faults: [{ path: fault }] },
    });
    expect(context.twilio.requests).toEqual([]);
  });

  it.each<[string, () => Promise<unknown> | unknown, object, object]>([
    [
      'the number is on the do-not-call list',
      () => context.store.addToDoNotCall({ to: context.to, reason: 'no', expiresAt: null, source: 'api' }),
      {},
      { by: 'do-not-call', message: 'The number is on the do-not-call list (api): no' },
    ],
    [
      'the destination is not allowed',
      () => Object.assign(context.bench.settings, { destinations: { countries: ['DE'], prefixes: [] } }),
      { to: '+12085551234' },
      { by: 'destination', message: expect.stringContaining('a number of US') },
    ],
    [
      'the number is remembered as invalid',
      () =>
        sql(
          `insert into invalid_numbers (to_number, source, code, message, call_id, seen_at)
           values ($1, 'twilio', '21211', 'no such number', 'call-1', clock_timestamp())`,
          [context.to],
        ),
      {},
      { by: 'known-invalid', message: expect.stringContaining('no such number') },
    ],
    [
      "the operator's window opens after giveUpAt",
      () =>
        Object.assign(context.bench.settings, {
          callingWindow: { timeZone: 'UTC', start: '08:00', end: '09:00' },
        }),
      { notBefore: '2099-01-01T12:00:00Z', giveUpAt: '2099-01-01T20:00:00Z' },
      { by: 'give-up-at', message: expect.any(String) },
    ],
  ])('%s: forbidden by that, no attempt', async (_, arrange, more, entry) => {
    await arrange();
    expect(await dryRun(more)).toMatchObject({ earliestAttemptAt: null, forbiddenBy: [entry] });
    expect(context.twilio.requests).toEqual([]);
  });

  it('Lookup said that the number is invalid: not forbidden, since Lookup is asked again; says what it said', async () => {
    await sql(
      `insert into invalid_numbers (to_number, source, code, message, call_id, seen_at)
       values ($1, 'lookup', 'TOO_SHORT', 'too short', 'call-1', clock_timestamp())`,
      [context.to],
    );
    expect(await dryRun()).toMatchObject({
      earliestAttemptAt: expect.any(String),
      forbiddenBy: [],
      unchecked: [{ by: 'lookup', message: expect.stringMatching(/, as it did on .* in call call-1$/) }],
    });
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.attempts[0]?.callSid != null);
    await call.handle.executeUpdate('cancel', { args: [{}] });
    await call.result();
  });

  it("the operator's calling window never opens for the number: forbidden by that", async () => {
    context.bench.settings.callingWindow = { start: '09:00', end: '09:01', blockedDates: [] };
    const answer = await dryRun({ to: '+88210123456' });
    expect(answer).toMatchObject({ earliestAttemptAt: null, forbiddenBy: [{ by: 'window-never-opens' }] });
  });

  it("notBefore and a calling window, the request's or the operator's: delayed until then", async () => {
    const notBefore = '2099-01-01T12:00:00Z';
    const window = { timeZone: 'UTC', start: '08:00', end: '09:00' };
    const opensAt = '2099-01-02T08:00:00.000Z';
    const both = {
      earliestAttemptAt: opensAt,
      forbiddenBy: [],
      delayedBy: [
        { by: 'not-before', until: '2099-01-01T12:00:00.000Z' },
        { by: 'calling-window', until: opensAt },
      ],
    };
    expect(await dryRun({ notBefore, callingWindow: window })).toMatchObject(both);
    context.bench.settings.callingWindow = window;
    expect(await dryRun({ notBefore })).toMatchObject(both);
    expect(await dryRun({ notBefore, urgent: true })).toMatchObject({ delayedBy: [{ by: 'not-before' }] });
  });

  it('an operator has paused dialing: delayed by that, until nobody knows when', async () => {
    await context.store.pauseDialing({ accountSid, reason: 'a fire drill' });
    expect(await dryRun()).toMatchObject({
      earliestAttemptAt: expect.any(String),
      delayedBy: [{ by: 'paused', message: expect.stringContaining('a fire drill'), until: null }],
    });
  });

  it('the circuit breaker is open: delayed by that', async () => {
    const set = `insert into dialing_control (account_sid, breaker_opened_at, breaker_open_until, breaker_reason)
      values ($1, clock_timestamp(), clock_timestamp() + interval '1 minute', '20003 the account is suspended')
      on conflict (account_sid) do update set breaker_opened_at = excluded.breaker_opened_at,
        breaker_open_until = excluded.breaker_open_until, breaker_reason = excluded.breaker_reason`;
    await sql(set, [accountSid]);
    const answer = await dryRun();
    await sql('delete from dialing_control where account_sid = $1', [accountSid]);
    expect(answer.delayedBy).toMatchObject([
      { by: 'breaker', message: expect.stringContaining('suspended') },
    ]);
  });

  it('limits of the number and the account: all of them are named at once, and none is used up', async () => {
    const call = await placed(context.to);
    Object.assign(context.bench.settings, {
      callsPerNumber: 1,
      callsInFlight: 1,
      contactsPerNumber: { count: 1, seconds: 3600 },
    });
    const answer = await dryRun();
    expect(answer.delayedBy).toMatchObject([
      { by: 'number-in-flight', message: expect.stringContaining(call.callId), until: null },
      { by: 'contact-limit', until: answer.earliestAttemptAt },
      { by: 'account-limit', until: null },
    ]);
    expect(await dryRun({ allowParallel: true })).toMatchObject({
      delayedBy: [{ by: 'contact-limit' }, { by: 'account-limit' }],
    });
    await call.end();
    await call.result();
    expect((await dryRun()).delayedBy).toMatchObject([{ by: 'contact-limit' }]);
  });

  it('an eligibility URL: it is not asked, and the answer says so', async () => {
    const eligibilityUrl = 'http://127.0.0.1:9/eligible';
    const unchecked = [{ by: 'lookup' }, { by: 'eligibility' }];
    expect(await dryRun({ eligibilityUrl })).toMatchObject({ delayedBy: [], unchecked });
    context.bench.settings.doNotCall = { eligibilityUrl, addOptOuts: false };
    expect(await dryRun()).toMatchObject({ delayedBy: [], unchecked });
    expect(await dryRun({ lookup: 'off' })).toMatchObject({ unchecked: [{ by: 'eligibility' }] });
  });
});

describe('POST /batches?dryRun=true', () => {
  const defaults = { twiml: '<Response/>', notBefore: '2099-01-01T00:00:00Z' };
  const counted = {
    total: 4,
    faultyRows: 2,
    totalFaults: 2,
    faults: [
      { row: 3, path: 'to' },
      { row: 4, path: 'to' },
    ],
    forbidden: 1,
    delayed: 1,
    forbiddenBy: [{ by: 'do-not-call', calls: 1, message: expect.stringContaining('no') }],
    delayedBy: [{ by: 'not-before', calls: 2 }],
    unchecked: [{ by: 'lookup' }],
  };
  async function numbers() {
    const listed = `+16${context.to.slice(3)}`;
    await context.store.addToDoNotCall({ to: listed, reason: 'no', expiresAt: null, source: 'api' });
    return [listed, context.to, '12', '+19005551234'];
  }
  const batches = async () => (await api.get('/batches?limit=200')).json.batches.length;

  it('JSON: counts per rule, and names faulty rows; nothing is stored or started, and the key stays free', async () => {
    const before = await batches();
    const calls = (await numbers()).map((to) => ({ to }));
    const key = { 'Idempotency-Key': randomUUID() };
    expect(await api.post('/batches?dryRun=true', { defaults, calls }, key)).toMatchObject({
      status: 200,
      json: counted,
    });
    expect(await batches()).toBe(before);
    const [, right] = calls;
    const started = await api.post('/batches', { defaults, paused: true, calls: [right] }, key);
    expect(started.status).toBe(202);
  });

  it('CSV: the same', async () => {
    const query = new URLSearchParams({ defaults: JSON.stringify(defaults), dryRun: 'true' });
    const answer = await api.send({
      method: 'POST',
      path: `/batches?${query}`,
      headers: { 'Content-Type': 'text/csv' },
      body: `to\n${(await numbers()).join('\n')}\n`,
    });
    expect(answer).toMatchObject({ status: 200, json: counted });
  });

  it('JSON with an unknown query parameter: 422, since it may be a misspelled dryRun', async () => {
    const answer = await api.post('/batches?dry=true', { defaults, calls: [{ to: context.to }] });
    expect(answer).toMatchObject({ status: 422, json: { faults: [{ path: 'dry' }] } });
  });

  it('a header that cannot be read: 422 as without dryRun', async () => {
    const answer = await api.send({
      method: 'POST',
      path: '/batches?dryRun=true',
      headers: { 'Content-Type': 'text/csv' },
      body: 'number\n+15005550001\n',
    });
    expect(answer).toMatchObject({
      status: 422,
      json: {
        faults: [
          { row: 0, path: 'number' },
          { row: 0, path: 'to' },
        ],
      },
    });
  });
});
