import twilio from 'twilio';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { numbers, startSimulator, type TestSimulator } from '../../src/testing/startSimulator.js';

const to = '+4930901820';
const from = '+15005550006';
let simulator: TestSimulator;
let client: twilio.Twilio;

beforeAll(async () => {
  simulator = await startSimulator();
  client = twilio(simulator.accountSid, simulator.authToken);
  client.api.baseUrl = simulator.url;
  client.lookups.baseUrl = simulator.url;
});
afterAll(() => simulator.stop());

const place = () => client.calls.create({ to, from, twiml: '<Response/>' });
const ended = () => expect.poll(() => simulator.calls(to)[0]?.status, { timeout: 5000 });

it('a number that behaves like another one: so does its call, until it is reset', async () => {
  simulator.behave(to, 'busy');
  const { sid } = await place();
  await ended().toBe('busy');
  expect(simulator.calls()).toMatchObject([{ sid, to, from, sipResponseCode: 486 }]);
  simulator.behave(to, '+15005553487');
  await place();
  await ended().toBe('no-answer');
  simulator.behave(to, 'refused');
  await expect(place()).rejects.toMatchObject({ code: 21216 });
  simulator.behave(to, 'invalid');
  expect(await client.lookups.v2.phoneNumbers(to).fetch()).toMatchObject({ valid: false });
  simulator.reset();
  await place();
  await ended().toBe('completed');
  expect(simulator.calls(to)).toHaveLength(1);
});

it('a behavior that does not exist: refused, with those that do', () => {
  expect(() => simulator.behave(to, 'buzy' as 'busy')).toThrow('one of human, machine, busy, ');
  expect(Object.values(numbers).every((number) => number.startsWith('+1500'))).toBe(true);
});

it('the variables of ringtrue: those of this simulator', () => {
  expect(simulator.env).toEqual({
    TWILIO_BASE_URL: simulator.url,
    TWILIO_ACCOUNT_SID: simulator.accountSid,
    TWILIO_AUTH_TOKEN: simulator.authToken,
  });
});
