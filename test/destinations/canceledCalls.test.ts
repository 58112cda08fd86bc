import { beforeEach, expect, it } from 'vitest';
import { json, lookupAnswer } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();

beforeEach(() => {
  context.bench.settings.destinations = { countries: ['US'], prefixes: ['+49'] };
});

const canceled = (to: string, message: string) => ({
  to,
  outcome: 'canceled',
  decidedBy: 'policy',
  reachability: 'undetermined',
  reason: { code: 'destination', source: 'policy', message: expect.stringContaining(message) },
  endedBecause: { code: 'destination', message: expect.stringContaining(message) },
  attempts: [],
  lookup: null,
});

it.each([
  ['a country that is not allowed', '+442079460123', 'a number of GB'],
  ['a premium-rate number', '+19005551234', 'premium-rate'],
  ['an emergency number', '+49112', 'emergency'],
])('a Temporal client asks for %s: canceled by policy before any Lookup', async (_, to, message) => {
  const call = await context.bench.start({
    to,
    lookup: 'lineStatus',
    callingWindow: { start: '00:00', end: '00:01' },
  });
  const outcome = await call.result();
  expect(outcome).toMatchObject(canceled(to, message));
  expect(outcome.timeline.map(({ text }) => text)).toContainEqual(expect.stringContaining('not dialed'));
  expect(context.twilio.requests).toEqual([]);
});

it('Lookup spells the number as one of a country that is not allowed: canceled by policy, nothing dialed', async () => {
  const spelled = '+442079460124';
  context.twilio.answerLookup = (number) => json(200, lookupAnswer(number, { phone_number: spelled }));
  const call = await context.bench.start({
    to: '+4930123458',
    callingWindow: { start: '00:00', end: '00:01' },
  });
  expect(await call.result()).toMatchObject({
    ...canceled(spelled, 'a number of GB'),
    requestedTo: '+4930123458',
    lookup: { valid: true, phoneNumber: spelled },
  });
  expect(context.twilio.creates).toEqual([]);
});

it('the setting changes while the call waits: canceled by policy at the gate, nothing dialed', async () => {
  const notBefore = new Date(Date.now() + 2_000).toISOString();
  const call = await context.bench.start({ to: '+4930123456', notBefore, lookup: 'off' });
  await call.until((s) => s.state === 'waiting');
  context.bench.settings.destinations = { countries: ['US'], prefixes: [] };
  expect(await call.result()).toMatchObject(canceled('+4930123456', 'a number of DE'));
  expect(context.twilio.creates).toHaveLength(0);
});

it('a destination that is allowed: dialed', async () => {
  const call = await context.bench.start({ to: '+4930123457' });
  const { attempts } = await call.until((s) => s.attempts[0]?.callSid != null);
  await call.callback(1, attempts[0]?.callSid as string, 'completed', { SequenceNumber: '3' });
  expect(await call.result()).toMatchObject({ outcome: 'answered' });
});
