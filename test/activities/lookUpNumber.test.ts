import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { noFurtherAccounts } from '../../activities/accounts/account.js';
import { twilioClients } from '../../activities/accounts/twilioClients.js';
import type { ActivityEvent } from '../../activities/deps/activityDeps.js';
import { lookUpNumber } from '../../activities/lookUpNumber.js';
import {
  cut,
  json,
  lookupAnswer,
  type ScriptedTwilio,
  startScriptedTwilio,
} from '../support/scriptedTwilio.js';

let twilio: ScriptedTwilio;
beforeAll(async () => {
  twilio = await startScriptedTwilio();
});
afterAll(() => twilio.close());
let events: ActivityEvent[] = [];
beforeEach(() => {
  events = [];
});

function lookUp() {
  const account = { accountSid: `AC${'1'.repeat(32)}`, username: 'u', password: 'p', baseUrl: twilio.url };
  const limits = { defaultFrom: null, callsPerSecond: 1, callsInFlight: null };
  return lookUpNumber({
    settings: { twilio: account, ...limits, accounts: noFurtherAccounts },
    twilio: twilioClients(),
    emit: (event) => void events.push(event),
  });
}

const to = '+15005550100';
const unavailable = (retryAfter?: string) =>
  json(
    503,
    { code: 20503, message: 'Service unavailable', status: 503 },
    retryAfter ? { 'retry-after': retryAfter } : {},
  );

/** Lookup gives these answers one after the other, then says that the number is invalid. */
function answers(...first: (() => Response)[]) {
  const times: number[] = [];
  twilio.answerLookup = (number) => {
    times.push(Date.now());
    const answer = first[times.length - 1];
    return answer ? answer() : json(200, lookupAnswer(number, { valid: false }));
  };
  return times;
}

it.each([
  ['answers 503 twice', [unavailable, unavailable]],
  ['cuts the connection twice', [cut, cut]],
  ['answers 429', [() => json(429, { code: 20429, message: 'Too many requests', status: 429 })]],
])('Lookup %s: asked again, and what it then says counts', async (_, first) => {
  answers(...first);
  expect(await lookUp()({ to, lookup: 'basic' })).toMatchObject({ answered: true, valid: false });
  expect(events).toEqual([{ kind: 'lookup', result: 'answered', why: null }]);
});

it('Lookup asks to wait two seconds: it is asked again after two seconds', async () => {
  const times = answers(() => unavailable('2'));
  expect(await lookUp()({ to, lookup: 'basic' })).toMatchObject({ answered: true });
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_900);
});

it('Lookup asks to wait longer than a call waits: the call goes on at once', async () => {
  const times = answers(() => unavailable('60'));
  expect(await lookUp()({ to, lookup: 'basic' })).toMatchObject({ answered: false, valid: null });
  expect(times).toHaveLength(1);
  expect(events).toMatchObject([{ kind: 'lookup', result: 'no-answer' }]);
});

it('Lookup stays away: the call goes on within seconds', async () => {
  const startedAt = Date.now();
  const times = answers(...Array.from({ length: 20 }, () => unavailable));
  expect(await lookUp()({ to, lookup: 'basic' })).toMatchObject({ answered: false });
  expect(times.length).toBeGreaterThanOrEqual(4);
  expect(Date.now() - startedAt).toBeLessThan(8_000);
});

it('Lookup refuses: not asked again, and the event says so', async () => {
  const times = answers(() => json(404, { code: 20404, message: 'No such resource', status: 404 }));
  expect(await lookUp()({ to, lookup: 'basic' })).toMatchObject({
    answered: false,
    errors: [{ code: 20404 }],
  });
  expect(times).toHaveLength(1);
  expect(events).toMatchObject([{ kind: 'lookup', result: 'refused' }]);
});

it('Lookup hangs for very many numbers: those beyond a bound go on without being asked', async () => {
  twilio.answerLookup = () => new Promise(() => {});
  const ask = lookUp();
  const under = Array.from({ length: 150 }, () => ask({ to, lookup: 'basic' }));
  const startedAt = Date.now();
  expect(await ask({ to, lookup: 'basic' })).toMatchObject({ answered: false });
  expect(Date.now() - startedAt).toBeLessThan(1_000);
  expect(events).toMatchObject([{ kind: 'lookup', result: 'skipped' }]);
  await Promise.all(under);
  expect(events).toHaveLength(151);
});

it.each([
  ['another spelling', { phone_number: '+525512345673' }, { phoneNumber: '+525512345673' }],
  ['the same spelling', {}, {}],
  ['another spelling of a number that is not valid', { phone_number: '+525512345673', valid: false }, {}],
])('Lookup has %s: %j', async (_, over, evidence) => {
  twilio.answerLookup = (number) => json(200, lookupAnswer(number, over));
  const { phoneNumber } = await lookUp()({ to, lookup: 'basic' });
  expect(phoneNumber === undefined ? {} : { phoneNumber }).toEqual(evidence);
});
