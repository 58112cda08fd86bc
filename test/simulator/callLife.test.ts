import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { allEvents, type SimulatedTwilio, startSimulatedTwilio } from './simulatedTwilio.js';

let simulated: SimulatedTwilio;
beforeAll(async () => {
  simulated = await startSimulatedTwilio();
});
afterAll(() => simulated.close());

/** Callbacks travel separately, so they are put in the order in which they fired. */
const fired = (mark: string) =>
  simulated
    .callbacksOf(mark)
    .sort((a, b) => Number(a.params.SequenceNumber) - Number(b.params.SequenceNumber));
const statuses = (mark: string) => fired(mark).map(({ params }) => params.CallStatus);

describe('final status and SIP code are the digits of the number', () => {
  it.each([
    ['1200', 'completed', '200', true],
    ['1000', 'completed', undefined, true],
    ['2486', 'busy', '486', true],
    ['2487', 'busy', '487', true],
    ['2600', 'busy', '600', true],
    ['2603', 'busy', '603', true],
    ['2000', 'busy', undefined, true],
    ['3487', 'no-answer', '487', true],
    ['3480', 'no-answer', '480', true],
    ['3408', 'no-answer', '408', true],
    ['3603', 'no-answer', '603', true],
    ['4487', 'no-answer', '487', false],
    ['4404', 'no-answer', '404', false],
    ['5400', 'failed', '400', false],
    ['5403', 'failed', '403', false],
    ['5404', 'failed', '404', false],
    ['5408', 'failed', '408', false],
    ['5410', 'failed', '410', false],
    ['5480', 'failed', '480', false],
    ['5484', 'failed', '484', false],
    ['5488', 'failed', '488', false],
    ['5500', 'failed', '500', false],
    ['5502', 'failed', '502', false],
    ['5503', 'failed', '503', false],
    ['5504', 'failed', '504', false],
    ['5603', 'failed', '603', false],
    ['5604', 'failed', '604', false],
    ['5606', 'failed', '606', false],
    ['5607', 'failed', '607', false],
    ['5608', 'failed', '608', false],
    ['6480', 'failed', '480', true],
    ['7487', 'canceled', '487', true],
  ])('+1500555%s: ends %s with SIP %s', async (digits, status, sip, rings) => {
    const call = await simulated.createCall(`+1500555${digits}`);
    expect(call.status).toBe('queued');
    const terminal = await simulated.terminalCallbackOf(call.mark);
    expect(terminal.CallStatus).toBe(status);
    expect(terminal.SipResponseCode).toBe(sip);
    expect(statuses(call.mark).includes('ringing')).toBe(rings);
    const read = await simulated.client.calls(call.sid).fetch();
    expect(read.status).toBe(status);
    expect(read.duration).toBe(status === 'completed' ? '2' : null);
    expect(terminal).toMatchObject(
      status === 'completed' ? { CallDuration: '2', Duration: '1' } : { CallDuration: '0', Duration: '0' },
    );
  });
});

describe('machine detection', () => {
  it.each([
    ['+15005558001', 'Enable', 'human'],
    ['+15005558002', 'Enable', 'machine_start'],
    ['+15005558002', 'DetectMessageEnd', 'machine_end_beep'],
    ['+15005558003', 'DetectMessageEnd', 'machine_end_beep'],
    ['+15005558003', 'Enable', 'machine_start'],
    ['+15005558004', 'DetectMessageEnd', 'machine_end_silence'],
    ['+15005558005', 'DetectMessageEnd', 'machine_end_other'],
    ['+15005558006', 'Enable', 'fax'],
    ['+15005558007', 'Enable', 'unknown'],
    ['+15005558002', undefined, undefined],
  ])('%s with MachineDetection %s: AnsweredBy %s', async (to, machineDetection, verdict) => {
    const call = await simulated.createCall(to, machineDetection ? { machineDetection } : {});
    expect((await simulated.terminalCallbackOf(call.mark)).AnsweredBy).toBe(verdict);
    expect((await simulated.client.calls(call.sid).fetch()).answeredBy).toBe(verdict ?? null);
  });

  it('SendDigits is given too: machine detection is off', async () => {
    const call = await simulated.createCall('+15005558002', {
      machineDetection: 'Enable',
      sendDigits: '1w2',
    });
    expect((await simulated.terminalCallbackOf(call.mark)).AnsweredBy).toBeUndefined();
  });
});

describe('calls with a course of their own', () => {
  it('hung up at once: completed with duration 0', async () => {
    const call = await simulated.createCall('+15005558101');
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({
      CallStatus: 'completed',
      CallDuration: '0',
    });
  });

  it('talks for a day: TimeLimit ends it as completed, with Notification 32015', async () => {
    const call = await simulated.createCall('+15005558102', { timeLimit: 7 });
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({
      CallStatus: 'completed',
      CallDuration: '7',
    });
    const [notification] = await simulated.client.calls(call.sid).notifications.list();
    expect(notification).toMatchObject({ errorCode: '32015', log: '1' });
  });

  it('rings without end: Timeout ends it as no-answer with SIP 487', async () => {
    const call = await simulated.createCall('+15005558103', { timeout: 5 });
    const terminal = await simulated.terminalCallbackOf(call.mark);
    expect(terminal).toMatchObject({ CallStatus: 'no-answer', SipResponseCode: '487' });
  });

  it('rings longer than Timeout allows: never answered', async () => {
    const call = await simulated.createCall('+15005558104', { timeout: 5 });
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({ CallStatus: 'no-answer' });
  });

  it('rings long, but within Timeout: answered', async () => {
    const call = await simulated.createCall('+15005558104', { timeout: 60 });
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({ CallStatus: 'completed' });
  });

  it('waits long in the queue: answered in the end', async () => {
    const call = await simulated.createCall('+15005558105');
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({ CallStatus: 'completed' });
  });

  it('expires in the queue: canceled, with a callback', async () => {
    const call = await simulated.createCall('+15005558106');
    expect((await simulated.terminalCallbackOf(call.mark)).CallStatus).toBe('canceled');
    expect(statuses(call.mark)).toEqual(['canceled']);
    const { startTime, status } = await simulated.client.calls(call.sid).fetch();
    expect({ startTime, status }).toEqual({ startTime: null, status: 'canceled' });
  });

  it('expires silently in the queue: canceled, without a callback', async () => {
    const call = await simulated.createCall('+15005558107');
    expect(await simulated.waitUntilOver('+15005558107')).toMatchObject({
      status: 'canceled',
      callbacksSent: 0,
    });
    expect((await simulated.client.calls(call.sid).fetch()).status).toBe('canceled');
    expect(statuses(call.mark)).toEqual([]);
  });

  it('no ringing signal: answered all the same', async () => {
    const call = await simulated.createCall('+15005558108');
    await simulated.terminalCallbackOf(call.mark);
    expect(statuses(call.mark)).toEqual(['initiated', 'in-progress', 'completed']);
  });

  it('any other number: a human answers', async () => {
    const call = await simulated.createCall('+442071838750', { machineDetection: 'Enable' });
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({
      CallStatus: 'completed',
      SipResponseCode: '200',
      AnsweredBy: 'human',
    });
  });
});

describe('a failed call has a Notification', () => {
  it.each([
    ['+15007132240', '13224', '404'],
    ['+15007132250', '13225', '403'],
    ['+15007132270', '13227', '403'],
    ['+15007320160', '32016', '504'],
    ['+15007320170', '32017', '608'],
    ['+15007100040', '10004', undefined],
  ])('%s: failed, Notification %s', async (to, code, sip) => {
    const call = await simulated.createCall(to);
    const terminal = await simulated.terminalCallbackOf(call.mark);
    expect([terminal.CallStatus, terminal.SipResponseCode]).toEqual(['failed', sip]);
    const notifications = await simulated.client.calls(call.sid).notifications.list({ log: 0 });
    expect(notifications.map(({ errorCode }) => errorCode)).toEqual([code]);
    expect(notifications[0]?.messageDate).toBeInstanceOf(Date);
  });

  it('late Notification: can be read only some time after the end', async () => {
    const slow = await startSimulatedTwilio({ speed: 10 });
    const call = await slow.createCall('+15007132241');
    await slow.terminalCallbackOf(call.mark);
    const list = () => slow.client.calls(call.sid).notifications.list();
    expect(await list()).toEqual([]);
    await expect.poll(async () => (await list()).length).toBe(1);
    await slow.close();
  });
});

describe('status callbacks', () => {
  it('every event subscribed: four signed requests, numbered in order', async () => {
    const call = await simulated.createCall('+12025550143');
    await simulated.terminalCallbackOf(call.mark);
    const callbacks = fired(call.mark);
    expect(statuses(call.mark)).toEqual(['initiated', 'ringing', 'in-progress', 'completed']);
    expect(callbacks.map(({ params }) => params.SequenceNumber)).toEqual(['0', '1', '2', '3']);
    for (const { method, headers, url, params } of callbacks) {
      const signature = headers['x-twilio-signature'] as string;
      const signed = `${simulated.receiver.origin}${url}`;
      expect(validateRequest(simulatorCredentials.authToken, signature, signed, params)).toBe(true);
      expect(validateRequest('another token', signature, signed, params)).toBe(false);
      expect(method).toBe('POST');
      expect(headers['user-agent']).toBe('TwilioProxy/1.1');
      expect(headers['content-type']).toBe('application/x-www-form-urlencoded; charset=utf-8');
      expect(headers['i-twilio-idempotency-token']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('terminal callback: carries what Twilio documents', async () => {
    const call = await simulated.createCall('+5511987654321', { record: true });
    const { Timestamp, RecordingSid, RecordingUrl, ...params } = await simulated.terminalCallbackOf(
      call.mark,
    );
    expect(Timestamp).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
    expect(RecordingUrl).toContain(RecordingSid);
    expect(params).toEqual({
      CallSid: call.sid,
      AccountSid: simulatorCredentials.accountSid,
      ApiVersion: '2010-04-01',
      Direction: 'outbound-api',
      CallStatus: 'completed',
      CallbackSource: 'call-progress-events',
      SequenceNumber: '3',
      ...{ To: '+5511987654321', ToCity: 'São Paulo', ToState: '', ToZip: '', ToCountry: 'BR' },
      ...{
        Called: '+5511987654321',
        CalledCity: 'São Paulo',
        CalledState: '',
        CalledZip: '',
        CalledCountry: 'BR',
      },
      ...{ From: '+15005550006', FromCity: '', FromState: '', FromZip: '', FromCountry: 'US' },
      ...{ Caller: '+15005550006', CallerCity: '', CallerState: '', CallerZip: '', CallerCountry: 'US' },
      CallDuration: '2',
      Duration: '1',
      SipResponseCode: '200',
      RecordingDuration: '2',
    });
  });

  it.each([
    [undefined, ['completed'], ['0']],
    [['completed'], ['completed'], ['0']],
    [
      ['answered', 'completed'],
      ['in-progress', 'completed'],
      ['0', '1'],
    ],
    [
      ['ringing', 'completed'],
      ['ringing', 'completed'],
      ['0', '1'],
    ],
  ])('only %s subscribed: %s sent, numbered %s', async (statusCallbackEvent, statuses, numbers) => {
    const call = await simulated.client.calls.create({
      to: '+12025550143',
      from: '+15005550006',
      twiml: '<Response/>',
      statusCallback: `${simulated.receiver.origin}/status?mark=only-${statusCallbackEvent}`,
      ...(statusCallbackEvent && { statusCallbackEvent }),
    });
    await simulated.terminalCallbackOf(`only-${statusCallbackEvent}`);
    const mine = fired(`only-${statusCallbackEvent}`).filter(({ params }) => params.CallSid === call.sid);
    expect(mine.map(({ params }) => params.CallStatus)).toEqual(statuses);
    expect(mine.map(({ params }) => params.SequenceNumber)).toEqual(numbers);
  });

  it('not answered: the completed event carries the final status', async () => {
    const call = await simulated.createCall('+15005552486', { statusCallbackEvent: ['completed'] });
    expect(await simulated.terminalCallbackOf(call.mark)).toMatchObject({
      CallStatus: 'busy',
      SequenceNumber: '0',
    });
  });

  it('StatusCallbackMethod GET: parameters come in the query, which is signed', async () => {
    const call = await simulated.createCall('+12025550143', { statusCallbackMethod: 'GET' });
    await simulated.terminalCallbackOf(call.mark);
    for (const { method, url, headers } of simulated.callbacksOf(call.mark)) {
      expect(method).toBe('GET');
      const signature = headers['x-twilio-signature'] as string;
      const signed = `${simulated.receiver.origin}${url}`;
      expect(validateRequest(simulatorCredentials.authToken, signature, signed, {})).toBe(true);
    }
  });

  it('user and password in the URL: sent as Basic auth, and not signed', async () => {
    const statusCallback = `${simulated.receiver.origin.replace('//', '//me:pass@')}/status?mark=basic`;
    await simulated.createCall('+12025550143', { statusCallback });
    const params = await simulated.terminalCallbackOf('basic');
    const [first] = simulated
      .callbacksOf('basic')
      .filter((one) => one.params.CallStatus === params.CallStatus);
    expect(first?.headers.authorization).toBe(`Basic ${btoa('me:pass')}`);
    const signature = first?.headers['x-twilio-signature'] as string;
    const signed = `${simulated.receiver.origin}/status?mark=basic`;
    expect(validateRequest(simulatorCredentials.authToken, signature, signed, params)).toBe(true);
  });

  it('events joined into one string: 201 and a call without callbacks, Notification 21626', async () => {
    const call = await simulated.createCall('+12025550177', { statusCallbackEvent: [allEvents.join(' ')] });
    expect(await simulated.waitUntilOver('+12025550177')).toMatchObject({
      status: 'completed',
      callbacksSent: 0,
    });
    const notifications = await simulated.client.calls(call.sid).notifications.list();
    expect(notifications.map(({ errorCode, log }) => [errorCode, log])).toEqual([['21626', '1']]);
  });

  it('ApplicationSid given: callbacks of the request are ignored', async () => {
    const applicationSid = `AP${'0'.repeat(32)}`;
    const { client, receiver } = simulated;
    await client.calls.create({
      to: '+12025550178',
      from: '+15005550006',
      applicationSid,
      statusCallback: `${receiver.origin}/status?mark=app`,
      statusCallbackEvent: allEvents,
    });
    expect(await simulated.waitUntilOver('+12025550178')).toMatchObject({
      status: 'completed',
      callbacksSent: 0,
    });
  });
});

describe('calls per second', () => {
  it('more calls than the rate limit: all are accepted, and wait in the queue', async () => {
    const narrow = await startSimulatedTwilio({ callsPerSecond: 0.1 });
    const waits: number[] = [];
    for (let n = 0; n < 3; n++) waits.push(Number((await narrow.createCall('+12025550143')).queueTime));
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThan(0);
    expect(waits[2]).toBeGreaterThan(waits[1] ?? Number.NaN);
    await narrow.waitUntilOver('+12025550143');
    const { calls } = await narrow.truth('+12025550143');
    const begun = calls.reverse().map(({ startedAt }) => Date.parse(startedAt ?? ''));
    expect(begun).toEqual([...begun].sort((a, b) => a - b));
    expect(new Set(begun).size).toBe(3);
    await narrow.close();
  });
});
