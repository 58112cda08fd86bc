import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './callbackReceiver.js';
import { type SimulatedTwilio, startSimulatedTwilio } from './simulatedTwilio.js';

let simulated: SimulatedTwilio;
beforeAll(async () => {
  simulated = await startSimulatedTwilio();
});
afterAll(() => simulated.close());

/** A call that stays in this state long enough to be changed. */
async function callThatIs(state: string, to = { queued: '+15005558105', ringing: '+15005558104' }[state]) {
  const call = await simulated.createCall(to ?? '+15005558102', { timeout: 600 });
  await until(async () => (await simulated.client.calls(call.sid).fetch()).status === state);
  return call;
}
const statuses = (mark: string) => simulated.callbacksOf(mark).map(({ params }) => params.CallStatus);

describe('ending a call', () => {
  it.each(['canceled', 'completed'] as const)(
    'Status=%s while queued: canceled, no callback at all',
    async (status) => {
      const { sid, mark } = await callThatIs('queued');
      expect((await simulated.client.calls(sid).update({ status })).status).toBe('canceled');
      const { calls } = await simulated.truth('+15005558105');
      expect(calls.find((call) => call.sid === sid)).toMatchObject({ status: 'canceled', callbacksSent: 0 });
      expect(statuses(mark)).toEqual([]);
    },
  );

  it.each(['canceled', 'completed'] as const)(
    'Status=%s while ringing: canceled with SIP 487',
    async (status) => {
      const { sid, mark } = await callThatIs('ringing');
      expect((await simulated.client.calls(sid).update({ status })).status).toBe('canceled');
      expect(await simulated.terminalCallbackOf(mark)).toMatchObject({
        CallStatus: 'canceled',
        SipResponseCode: '487',
      });
    },
  );

  it('Status=canceled while in-progress: no effect', async () => {
    const { sid } = await callThatIs('in-progress');
    expect((await simulated.client.calls(sid).update({ status: 'canceled' })).status).toBe('in-progress');
    await simulated.client.calls(sid).update({ status: 'completed' });
  });

  it('Status=completed while in-progress: hung up, completed', async () => {
    const { sid, mark } = await callThatIs('in-progress');
    expect((await simulated.client.calls(sid).update({ status: 'completed' })).status).toBe('completed');
    expect(await simulated.terminalCallbackOf(mark)).toMatchObject({
      CallStatus: 'completed',
      SipResponseCode: '200',
    });
  });

  it('the call is over: refused with 21220', async () => {
    const { sid } = await simulated.createCall('+15005552486');
    await simulated.waitUntilOver('+15005552486');
    const updating = simulated.client.calls(sid).update({ status: 'completed' });
    await expect(updating).rejects.toMatchObject({ status: 400, code: 21220 });
  });

  it('option updateOfEndedCall ignored: an update of a call that is over has no effect', async () => {
    const other = await startSimulatedTwilio({ unconfirmed: { updateOfEndedCall: 'ignored' } });
    const { sid } = await other.createCall('+15005552486');
    await other.waitUntilOver('+15005552486');
    expect((await other.client.calls(sid).update({ status: 'canceled' })).status).toBe('busy');
    await other.close();
  });
});

describe('changing a call', () => {
  it('TimeLimit shortened while in-progress: ends at the new limit', async () => {
    const { sid, mark } = await callThatIs('in-progress');
    await simulated.client.calls(sid).update({ timeLimit: 9 });
    const { CallDuration } = await simulated.terminalCallbackOf(mark);
    expect(Number(CallDuration)).toBeGreaterThanOrEqual(9);
  });

  it('StatusCallback changed: later events go there', async () => {
    const { sid } = await callThatIs('in-progress');
    const statusCallback = `${simulated.receiver.origin}/status?mark=moved`;
    await simulated.client.calls(sid).update({ statusCallback, statusCallbackMethod: 'GET' });
    await simulated.client.calls(sid).update({ status: 'completed' });
    await until(() => statuses('moved').length === 1);
    expect(simulated.callbacksOf('moved')[0]).toMatchObject({
      method: 'GET',
      params: { CallStatus: 'completed' },
    });
  });

  it.each([
    ['Status is neither', { status: 'busy' }, 20422],
    ['StatusCallback is no URL', { statusCallback: 'nowhere' }, 21609],
    ['StatusCallbackMethod is unknown', { statusCallbackMethod: 'PUT' }, 21209],
    ['TimeLimit is 0', { timeLimit: 0 }, 20422],
    ['redirected before it is answered', { twiml: '<Response/>' }, 21220],
  ])('%s: refused with %j', async (_, changes, code) => {
    const { sid } = await callThatIs('ringing');
    await expect(simulated.client.calls(sid).update(changes as object)).rejects.toMatchObject({ code });
    await simulated.client.calls(sid).update({ status: 'canceled' });
  });
});

describe('deleting a call', () => {
  it('not over yet: refused with 20009', async () => {
    const { sid } = await callThatIs('ringing');
    await expect(simulated.client.calls(sid).remove()).rejects.toMatchObject({ code: 20009 });
    await simulated.client.calls(sid).update({ status: 'canceled' });
  });

  it('over: gone', async () => {
    const { sid } = await simulated.createCall('+15005553487');
    await simulated.waitUntilOver('+15005553487');
    expect(await simulated.client.calls(sid).remove()).toBe(true);
    await expect(simulated.client.calls(sid).fetch()).rejects.toMatchObject({ code: 20404 });
  });
});
