import { describe, expect, it } from 'vitest';
import { ownParameters, twilioParameters } from '../../activities/validation/twilioParameters.js';
import { startSimulator } from '../../src/simulator/api/startSimulator.js';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { useApi } from '../api/useApi.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const api = useApi(context);

/** Every parameter that a client may set, each right. */
const everything = {
  Method: 'GET',
  FallbackUrl: 'https://example.com/fallback',
  FallbackMethod: 'POST',
  SendDigits: 'ww1234#',
  Record: true,
  RecordingChannels: 'dual',
  RecordingTrack: 'both',
  RecordingStatusCallback: 'https://example.com/recording',
  RecordingStatusCallbackMethod: 'POST',
  RecordingStatusCallbackEvent: ['in-progress', 'completed'],
  Trim: 'do-not-trim',
  MachineDetectionTimeout: 20,
  MachineDetectionSpeechThreshold: 2000,
  MachineDetectionSpeechEndThreshold: 1000,
  MachineDetectionSilenceTimeout: 4000,
  AsyncAmd: 'true',
  AsyncAmdStatusCallback: 'https://example.com/amd',
  AsyncAmdStatusCallbackMethod: 'POST',
  SipAuthUsername: 'user',
  SipAuthPassword: 'secret',
  CallReason: 'Your delivery',
  CallToken: 'token',
  Byoc: `BY${'0'.repeat(32)}`,
};

async function created(request: object): Promise<URLSearchParams> {
  const { status, json } = await api.post('/calls', { to: context.to, lookup: 'off', ...request });
  expect(status).toBe(202);
  await expect.poll(() => context.twilio.creates.length, { timeout: 20_000 }).toBe(1);
  await api.post(`/calls/${json.callId}/cancel`, {});
  return context.twilio.creates[0] as URLSearchParams;
}

describe('the field twilio', () => {
  it("every parameter is sent with the create under Twilio's name, and the simulator takes it", async () => {
    expect(Object.keys(everything).sort()).toEqual(Object.keys(twilioParameters).sort());
    const form = await created({ url: 'https://example.com/twiml', twilio: everything });
    for (const [name, value] of Object.entries(everything))
      expect([name, form.getAll(name)]).toEqual([name, [value].flat().map(String)]);
    expect(form.get('StatusCallback')).toContain('/twilio/status/');
    const simulator = await startSimulator({ ...simulatorCredentials, speed: 10, callsPerSecond: 1000 });
    const { accountSid, authToken } = simulatorCredentials;
    form.set('To', '+15005551200');
    const answer = await fetch(`${simulator.url}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` },
      body: form,
    });
    expect([answer.status, await answer.text()]).toEqual([201, expect.any(String)]);
    await simulator.close();
  });

  it.each(Object.entries(ownParameters))(
    '%s, which ringtrue sets itself: 422 that says to %s',
    async (name, instead) => {
      const answer = await api.post('/calls', {
        to: context.to,
        twiml: '<Response/>',
        twilio: { [name]: 'x' },
      });
      expect(answer).toMatchObject({
        status: 422,
        json: {
          faults: [{ path: `twilio.${name}`, message: `is set by ringtrue; must be left out: ${instead}` }],
        },
      });
    },
  );

  it.each<[string, unknown, string]>([
    ['Nonsense', 'x', `is unknown; must be one of ${Object.keys(twilioParameters).join(', ')}`],
    ['sendDigits', '1', `is unknown; must be one of ${Object.keys(twilioParameters).join(', ')}`],
    ['SendDigits', 1, 'is 1; must be text'],
    ['Record', 'true', 'is "true"; must be true or false'],
    ['MachineDetectionTimeout', '20', 'is "20"; must be a whole number'],
    ['Method', 'PUT', 'is "PUT"; must be one of GET, POST'],
    ['FallbackUrl', 'example.com', 'is "example.com"; must be an absolute http(s) URL'],
    ['Byoc', 'BY1', 'is "BY1"; must be text like ^BY[0-9a-fA-F]{32}$'],
    ['RecordingStatusCallbackEvent', 'completed', 'is "completed"; must be a list of texts'],
    ['CallReason', 'a\0b', 'must be text without NUL and half surrogate pairs'],
  ])('%s is %j: 422', async (name, value, message) => {
    const answer = await api.post('/calls', {
      to: context.to,
      twiml: '<Response/>',
      twilio: { [name]: value },
    });
    expect(answer.status).toBe(422);
    expect(answer.json.faults).toContainEqual({
      path: `twilio.${name}`,
      message: expect.stringContaining(message),
    });
  });

  it('the API description has them, and refuses those that ringtrue sets', async () => {
    const { components } = (await api.get('/openapi.json')).json;
    const { properties, additionalProperties } = components.schemas.CallRequest.properties.twilio;
    expect(additionalProperties).toBe(false);
    expect(properties).toMatchObject({
      SendDigits: { type: 'string' },
      Record: { type: 'boolean' },
      Method: { enum: ['GET', 'POST'] },
      StatusCallback: { not: {} },
    });
  });

  it('batches: CSV columns twilio.NAME and defaults, merged by parameter', async () => {
    const defaults = { twiml: '<Response/>', lookup: 'off', twilio: { Record: true, CallReason: 'A' } };
    const query = new URLSearchParams({ defaults: JSON.stringify(defaults) });
    const answer = await api.send({
      method: 'POST',
      path: `/batches?${query}`,
      headers: { 'Content-Type': 'text/csv' },
      body: `to,twilio.callreason,twilio.MachineDetectionTimeout,twilio.RecordingStatusCallbackEvent\n${context.to},B,20,in-progress completed\n`,
    });
    expect(answer).toMatchObject({ status: 202, json: { total: 1 } });
    await expect.poll(() => context.twilio.creates.length, { timeout: 20_000 }).toBe(1);
    const [form] = context.twilio.creates;
    expect(Object.fromEntries(form as URLSearchParams)).toMatchObject({
      Record: 'true',
      CallReason: 'B',
      MachineDetectionTimeout: '20',
    });
    expect(form?.getAll('RecordingStatusCallbackEvent')).toEqual(['in-progress', 'completed']);
    await api.post(`/batches/${answer.json.batchId}/cancel`, {});
  });

  it('batches: a column of a parameter that ringtrue sets is unknown', async () => {
    const answer = await api.send({
      method: 'POST',
      path: '/batches',
      headers: { 'Content-Type': 'text/csv' },
      body: `to,twilio.Timeout\n${context.to},20\n`,
    });
    expect(answer).toMatchObject({ status: 422, json: { faults: [{ row: 0, path: 'twilio.Timeout' }] } });
  });

  it('ringtrue call --twilio: values as the parameters have them', async () => {
    const args = ['call', context.to, '--say', 'Hello', '--dry-run', '--json', '--twilio'];
    const process = new RingtrueProcess(
      [
        ...args,
        'SendDigits=12',
        'Record=true',
        'MachineDetectionTimeout=20',
        'RecordingStatusCallbackEvent=a,b',
      ],
      { RINGTRUE_API_URL: api.origin },
    );
    await process.ended;
    expect(JSON.parse(process.stdout).request.twilio).toEqual({
      SendDigits: '12',
      Record: true,
      MachineDetectionTimeout: 20,
      RecordingStatusCallbackEvent: ['a', 'b'],
    });
  });
});
