import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberRows } from '../../src/simulator/numbers/numbers.js';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { startPrism, type ValidatingProxy } from './prism.js';
import {
  allEvents,
  fromNumber,
  type SimulatedTwilio,
  startSimulatedTwilio,
  twilioClient,
} from './simulatedTwilio.js';

const callPaths =
  /^\/2010-04-01\/Accounts\/\{AccountSid\}\/Calls(\.json|\/\{Sid\}\.json|\/\{CallSid\}\/(Events|Notifications)\.json)$/;
const accountPaths =
  /^\/2010-04-01\/Accounts\/(\{Sid\}|\{AccountSid\}\/(IncomingPhoneNumbers|OutgoingCallerIds))\.json$/;
const countryPaths = /^\/v1\/DialingPermissions\/Countries(\/\{IsoCode\})?$/;
const lookupPath = /^\/v2\/PhoneNumbers\/\{PhoneNumber\}$/;

let simulated: SimulatedTwilio;
let calls: ValidatingProxy;
let lookups: ValidatingProxy;
beforeAll(async () => {
  simulated = await startSimulatedTwilio({ unconfirmed: { eventsAfterSeconds: 0 } });
  [calls, lookups] = await Promise.all([
    startPrism('api_v2010', callPaths, simulated.url),
    startPrism('lookups_v2', lookupPath, simulated.url),
  ]);
});
afterAll(async () => {
  await Promise.all([calls.close(), lookups.close()]);
  await simulated.close();
});

/** The SDK, with Twilio's official description between it and the simulator. */
function client(proxies: { calls?: ValidatingProxy; lookups?: ValidatingProxy } = {}) {
  const held = twilioClient((proxies.calls ?? calls).origin);
  held.lookups.baseUrl = (proxies.lookups ?? lookups).origin;
  return held;
}

const everything = {
  from: fromNumber,
  twiml: '<Response/>',
  statusCallback: 'http://127.0.0.1:9/status/call-1/1#rc=5&rp=all',
  statusCallbackMethod: 'POST',
  statusCallbackEvent: allEvents,
  timeout: 30,
  timeLimit: 3600,
  machineDetection: 'Enable',
  record: true,
};

describe("Twilio's official description holds for what the SDK sends and the simulator answers", () => {
  it.each([
    '+15005551200',
    '+15005552486',
    '+15005553487',
    '+15005555404',
    '+15005557487',
    '+15005558002',
    '+15005558106',
    '+15007132240',
  ])('a call to %s: create, fetch at each status, list, notifications, events, delete', async (to) => {
    const held = client();
    const { sid, status } = await held.calls.create({ to, ...everything });
    expect(status).toBe('queued');
    const seen = new Set<string>();
    await expect
      .poll(async () => {
        const read = await held.calls(sid).fetch();
        seen.add(read.status);
        return ['completed', 'busy', 'no-answer', 'failed', 'canceled'].includes(read.status);
      })
      .toBe(true);
    const today = new Date();
    const listed = await held.calls.list({
      to,
      from: fromNumber,
      startTimeAfter: today,
      pageSize: 1,
      limit: 3,
    });
    expect(listed.length).toBe(to === '+15005558106' ? 0 : 1);
    expect((await held.calls.list({ to, status: 'ringing' })).length).toBe(0);
    const notifications = await held.calls(sid).notifications.list({ log: 0 });
    if (to === '+15007132240') expect(notifications[0]?.errorCode).toBe('13224');
    expect((await held.calls(sid).events.list()).length).toBeGreaterThan(0);
    expect(await held.calls(sid).remove()).toBe(true);
  });

  it('paging, and an update that hangs up', async () => {
    const held = client();
    for (let n = 0; n < 3; n++) await held.calls.create({ to: '+15005558102', ...everything });
    const page = await held.calls.page({ to: '+15005558102', pageSize: 2 });
    const next = await page.nextPage();
    const [last] = next?.instances ?? [];
    if (!last) throw new Error('The second page is empty.');
    await expect.poll(async () => (await held.calls(last.sid).fetch()).status).toBe('in-progress');
    const ended = await held.calls(last.sid).update({ status: 'completed' });
    expect(ended.status).toBe('completed');
  });

  it.each([
    ['+12025550143', undefined],
    ['+12025550143', 'line_type_intelligence,line_status'],
    ['+12025550143', 'caller_name,sim_swap,reassigned_number'],
    ['+15008100000', 'line_status'],
    ['+15008612300', 'line_type_intelligence,line_status'],
    ['+15008016070', 'line_type_intelligence,line_status'],
    ...numberRows.map(({ example }) => [example, 'line_type_intelligence'] as [string, string]),
  ])('Lookup of %s with Fields %s', async (number, fields) => {
    const found = await client()
      .lookups.v2.phoneNumbers(number)
      .fetch(fields ? { fields } : {});
    expect(found.phoneNumber).toBe(number);
  });
});

it('what can be read about the account: itself, its numbers, its caller ids, its dialing permissions', async () => {
  const callerIds = ['+12025550143', '+12025550144'];
  const trial = await startSimulatedTwilio({
    account: { type: 'Trial', callerIds, phoneNumbers: [fromNumber], closedCountries: ['DE'] },
  });
  const [account, countries] = await Promise.all([
    startPrism('api_v2010', accountPaths, trial.url),
    startPrism('voice_v1', countryPaths, trial.url),
  ]);
  const held = twilioClient(account.origin);
  held.voice.baseUrl = countries.origin;
  expect(await held.api.v2010.accounts(simulatorCredentials.accountSid).fetch()).toMatchObject({
    type: 'Trial',
    status: 'active',
  });
  const numbersOf = (list: { phoneNumber: string }[]) => list.map(({ phoneNumber }) => phoneNumber);
  expect(numbersOf(await held.incomingPhoneNumbers.list())).toEqual([fromNumber]);
  expect(numbersOf(await held.incomingPhoneNumbers.list({ phoneNumber: '+12025550199' }))).toEqual([]);
  expect(numbersOf(await held.outgoingCallerIds.list({ pageSize: 1 }))).toEqual(callerIds);
  const { countries: permissions } = held.voice.v1.dialingPermissions;
  expect(await permissions('DE').fetch()).toMatchObject({ isoCode: 'DE', lowRiskNumbersEnabled: false });
  const northAmerican = await permissions.list({ countryCode: '+1' });
  expect(northAmerican.map(({ isoCode }) => isoCode)).toEqual(expect.arrayContaining(['US', 'CA']));
  const create = (to: string, from = fromNumber) =>
    trial.client.calls.create({ to, from, twiml: '<Response/>' });
  await expect(create('+12025550143')).resolves.toMatchObject({ status: 'queued' });
  await expect(create('+12025550199')).rejects.toMatchObject({ code: 21219 });
  await expect(create('+12025550143', '+12025550199')).rejects.toMatchObject({ code: 21210 });
  await Promise.all([account.close(), countries.close(), trial.close()]);
});

describe('the check can fail', () => {
  /** Passes everything on to the simulator, and changes what comes back. */
  async function startMeddler(meddle: (body: string) => string): Promise<{ origin: string; server: Server }> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { authorization = '', 'content-type': type = '' } = request.headers;
      const answer = await fetch(`${simulated.url}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { Authorization: authorization, ...(type && { 'Content-Type': type }) },
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      const body = meddle(await answer.text());
      response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  }

  it.each<[string, (body: string) => string, boolean]>([
    ['nothing is changed', (body) => body, true],
    ['a status that does not exist', (body) => body.replace('"queued"', '"initiated"'), false],
    ['queue_time is a number', (body) => body.replace('"queue_time":"0"', '"queue_time":0'), false],
    ['the SID is too short', (body) => body.replace(/"sid":"CA../, '"sid":"CA'), false],
  ])('create answer, %s', async (_, meddle, passes) => {
    const { origin, server } = await startMeddler(meddle);
    const proxy = await startPrism('api_v2010', callPaths, origin);
    const creating = client({ calls: proxy }).calls.create({ to: '+12025550143', ...everything });
    if (passes) expect((await creating).status).toBe('queued');
    else await expect(creating).rejects.toMatchObject({ status: 500 });
    await proxy.close();
    server.close();
  });

  it('Lookup answer, valid is a word', async () => {
    const { origin, server } = await startMeddler((body) => body.replace('"valid":true', '"valid":"yes"'));
    const proxy = await startPrism('lookups_v2', lookupPath, origin);
    const asking = client({ lookups: proxy }).lookups.v2.phoneNumbers('+12025550143').fetch();
    await expect(asking).rejects.toMatchObject({ status: 500 });
    await proxy.close();
    server.close();
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['Timeout is no number', { Timeout: 'soon' }, 'Basic', 422],
    ['StatusCallback is no URL', { StatusCallback: 'not a url' }, 'Basic', 422],
    ['a SID of another kind', { Byoc: 'CA1' }, 'Basic', 422],
    ['no credentials', {}, 'None', 401],
  ])('create request, %s', async (_, changes, scheme, status) => {
    const { accountSid, authToken } = simulatorCredentials;
    const response = await fetch(`${calls.origin}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
      method: 'POST',
      headers: scheme === 'Basic' ? { Authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` } : {},
      body: new URLSearchParams({ To: '+12025550143', From: fromNumber, Twiml: '<Response/>', ...changes }),
    });
    expect(response.status).toBe(status);
  });
});
