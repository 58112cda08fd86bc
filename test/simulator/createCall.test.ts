import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFaults } from '../../src/simulator/numbers/faults.js';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { errorTexts } from '../../src/simulator/twilioErrors.js';
import { until } from './callbackReceiver.js';
import { fromNumber, type SimulatedTwilio, startSimulatedTwilio, twilioClient } from './simulatedTwilio.js';

let simulated: SimulatedTwilio;
beforeAll(async () => {
  simulated = await startSimulatedTwilio();
});
afterAll(() => simulated.close());

const { accountSid, authToken }: { accountSid: string; authToken: string } = simulatorCredentials;
const twiml = '<Response/>';

/** A create with exactly this form, and what came back. */
async function post(
  form: [string, string][],
  credentials = `${accountSid}:${authToken}`,
  account = accountSid,
) {
  const response = await fetch(`${simulated.url}/2010-04-01/Accounts/${account}/Calls.json`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** A good form with some parameters changed; null takes one away. */
function formWith(changes: Record<string, string | null>): [string, string][] {
  const form: Record<string, string | null> = {
    To: '+12025550143',
    From: fromNumber,
    Twiml: twiml,
    ...changes,
  };
  return Object.entries(form).filter((pair): pair is [string, string] => pair[1] !== null);
}

describe("an invalid create is refused with Twilio's code", () => {
  it.each<[string, Record<string, string | null>, number]>([
    ['no To', { To: null }, 21201],
    ['no From', { From: null }, 21213],
    ['To is no number', { To: 'abc' }, 21211],
    ['To lacks its plus', { To: '12025550143' }, 21211],
    ['To and From are the same', { To: fromNumber }, 21211],
    ['From is no number', { From: '123' }, 21212],
    ['From is the magic invalid one', { From: '+15005550001' }, 21212],
    ['From is not ours', { From: '+15006212100' }, 21210],
    ['neither Url nor Twiml nor ApplicationSid', { Twiml: null }, 21205],
    ['Url is no URL', { Twiml: null, Url: 'nonsense' }, 21205],
    ['Url is not http', { Twiml: null, Url: 'ftp://example.com/' }, 21205],
    ['ApplicationSid is none', { ApplicationSid: 'AP1' }, 21218],
    ['Twiml is too long', { Twiml: 'x'.repeat(4001) }, 32018],
    ['Method is neither GET nor POST', { Method: 'PUT' }, 21209],
    ['StatusCallbackMethod is neither GET nor POST', { StatusCallbackMethod: 'HEAD' }, 21209],
    ['Timeout is no number', { Timeout: 'soon' }, 21208],
    ['Timeout is above 600', { Timeout: '601' }, 21208],
    ['TimeLimit is no number', { TimeLimit: '1h' }, 20422],
    ['SendDigits has other signs', { SendDigits: '12x' }, 21206],
    ['SendDigits is too long', { SendDigits: '1'.repeat(33) }, 21206],
    ['StatusCallback is no URL', { StatusCallback: '/status' }, 21609],
    ['StatusCallback has an underscore in its host', { StatusCallback: 'http://my_host/status' }, 21609],
    ['StatusCallbackEvent is unknown', { StatusCallbackEvent: 'finished' }, 21626],
    ['MachineDetection is unknown', { MachineDetection: 'On' }, 21234],
    ['MachineDetectionTimeout is out of range', { MachineDetectionTimeout: '2' }, 21234],
    ['Byoc is none', { Byoc: 'BY1' }, 21300],
  ])('%s', async (_, changes, code) => {
    const { status, body } = await post(formWith(changes));
    expect(body).toEqual({
      code,
      message: expect.any(String),
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      status,
    });
    expect(status).toBe(400);
  });

  it.each<[string, Record<string, string>]>([
    ['a callback to loopback', { StatusCallback: 'http://127.0.0.1:9/status' }],
    ['a callback to a private host', { StatusCallback: 'http://api.internal:3000/status' }],
    ['a SIP destination', { To: 'sip:jo@example.com' }],
    ['a client destination', { To: 'client:jo', From: 'client:me' }],
    ['the longest Timeout', { Timeout: '600' }],
  ])('%s: accepted', async (_, changes) => {
    expect(await post(formWith(changes))).toMatchObject({ status: 201, body: { status: 'queued' } });
  });

  it.each<[string, Record<string, string>, string]>([
    ['a parameter nobody knows', { Color: 'red' }, '20001'],
    ['both Url and Twiml', { Url: 'http://127.0.0.1/twiml' }, '32019'],
  ])('%s: accepted with a warning among the Notifications', async (_, changes, code) => {
    const { body } = await post(formWith(changes));
    const notifications = await simulated.client.calls(String(body.sid)).notifications.list();
    expect(notifications.map(({ errorCode, log }) => [errorCode, log])).toEqual([[code, '1']]);
  });
});

describe('credentials', () => {
  it.each([
    ['wrong token', `${accountSid}:wrong`, accountSid, 401, 20003],
    ['unknown API key', 'SK1:secret', accountSid, 401, 20003],
    ['somebody else’s account in the path', `${accountSid}:${authToken}`, `AC${'1'.repeat(32)}`, 404, 20404],
  ])('%s: refused', async (_, credentials, account, status, code) => {
    const answer = await post(formWith({}), credentials, account);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('an API key: accepted like the auth token', async () => {
    const withKey = await startSimulatedTwilio({ apiKeys: [{ sid: 'SK1', secret: 's' }] });
    const url = `${withKey.url}/2010-04-01/Accounts/${accountSid}/Calls.json`;
    expect((await fetch(url, { headers: { Authorization: `Basic ${btoa('SK1:s')}` } })).status).toBe(200);
    await withKey.close();
  });
});

describe('numbers that Twilio refuses to dial', () => {
  it.each([
    ['+15005550001', 21217],
    ['+15005550002', 21214],
    ['+15005550003', 21215],
    ['+15005550004', 21216],
  ])('magic number %s: %d', async (to, code) => {
    await expect(simulated.createCall(to)).rejects.toMatchObject({ code, status: 400 });
  });

  it.each(Object.entries(errorTexts).map(([code, [httpStatus]]) => [Number(code), httpStatus]))(
    '+15006%d0: refused with this code as HTTP %d, and no call is made',
    async (code, status) => {
      const to = `+15006${code}0`;
      await expect(simulated.createCall(to)).rejects.toMatchObject({
        code,
        status,
        message: expect.any(String),
      });
      expect(await simulated.truth(to)).toMatchObject({ calls: [], requests: 1, made: 0 });
    },
  );

  it('last digit 9: the code of the number with HTTP status 403', async () => {
    await expect(simulated.createCall('+15006212119')).rejects.toMatchObject({ code: 21211, status: 403 });
  });

  it.each([20003, 10001, 10004])(
    'trouble with the account (%d) passes: refused twice, then dialed',
    async (code) => {
      const to = `+15006${code}2`;
      await expect(simulated.createCall(to)).rejects.toMatchObject({ code });
      await expect(simulated.createCall(to)).rejects.toMatchObject({ code });
      expect((await simulated.createCall(to)).status).toBe('queued');
      expect(await simulated.truth(to)).toMatchObject({ requests: 3, made: 1 });
      await expect(simulated.createCall(to, { from: '+15005550007' })).rejects.toMatchObject({ code });
    },
  );
});

/** How the SDK sees each fault; null: as a success. */
const seenAs: Record<string, Record<string, unknown> | null> = {
  '00': null,
  '01': { code: 'ECONNRESET' },
  '02': { code: 'ECONNRESET' },
  '03': { status: 500, code: 20500 },
  '04': { status: 500, code: 20500 },
  '05': { status: 502, message: expect.stringContaining('Failed') },
  '06': { status: 502, message: expect.stringContaining('Failed') },
  '07': { status: 503, code: 20503 },
  '08': { status: 503, code: 20503 },
  '09': { name: 'SyntaxError' },
  '10': { code: 'ECONNABORTED' },
  '11': { code: 'ECONNABORTED' },
  '12': { status: 429, code: 20429 },
  '13': { status: 429, code: 20429 },
  '14': { code: 'ECONNRESET' },
  '15': { code: 'ECONNABORTED' },
  '16': null,
  '17': { name: expect.any(String) },
  '18': { status: 504, message: expect.stringContaining('Failed') },
  '19': { status: 504, message: expect.stringContaining('Failed') },
  '20': { status: 400, code: 21211, type: expect.stringContaining('21211') },
};

describe('faults between client and Twilio while a call is created', () => {
  it.each(createFaults.map(({ digits, happens, effect }) => [digits, happens, effect] as const))(
    '%s: %s',
    async (digits, _, fault) => {
      const to = `+15009${digits}0000`;
      const impatient = twilioClient(simulated.url, 300);
      const create = impatient.calls.create({ to, from: fromNumber, twiml });
      const seen = seenAs[digits];
      if (seen === undefined) throw new Error(`Nothing is expected of create fault ${digits}.`);
      if (seen === null) expect((await create).status).toBe('queued');
      else await expect(create).rejects.toMatchObject(seen);
      if (fault?.calls === 'never') {
        expect(await simulated.truth(to)).toMatchObject({ requests: 1, made: 0, calls: [] });
      } else {
        expect(await simulated.waitUntilOver(to)).toMatchObject({ status: 'completed' });
        expect(await simulated.truth(to)).toMatchObject({ requests: 1, made: 1 });
        expect(await simulated.client.calls.list({ to })).toHaveLength(1);
      }
    },
  );

  it('the call appears late: it is in no list at first', async () => {
    const slow = await startSimulatedTwilio({ speed: 10 });
    const to = '+15009140000';
    await expect(slow.createCall(to)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await slow.client.calls.list({ to })).toEqual([]);
    await until(async () => (await slow.client.calls.list({ to })).length === 1);
    await slow.close();
  });

  it('429: has Retry-After', async () => {
    const form = formWith({ To: '+15009120000' });
    const response = await fetch(`${simulated.url}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` },
      body: new URLSearchParams(form),
    });
    expect([response.status, response.headers.get('Retry-After')]).toEqual([429, '1']);
  });

  it('a counted fault: twice 429, then the call is created', async () => {
    const to = '+15009130020';
    await expect(simulated.createCall(to)).rejects.toMatchObject({ status: 429 });
    await expect(simulated.createCall(to)).rejects.toMatchObject({ status: 429 });
    expect((await simulated.createCall(to)).status).toBe('queued');
  });

  it('the answer is lost: callbacks come all the same', async () => {
    const statusCallback = `${simulated.receiver.origin}/status?mark=lost`;
    await expect(simulated.createCall('+15009020000', { statusCallback })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await simulated.terminalCallbackOf('lost')).toMatchObject({ CallStatus: 'completed' });
  });
});
