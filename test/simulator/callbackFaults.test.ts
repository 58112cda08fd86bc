import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryRulesOf } from '../../src/simulator/calls/connectionOverrides.js';
import { callbackFaults } from '../../src/simulator/numbers/faults.js';
import { startReceiver, until } from './callbackReceiver.js';
import { type SimulatedTwilio, startSimulatedTwilio } from './simulatedTwilio.js';

let simulated: SimulatedTwilio;
beforeAll(async () => {
  simulated = await startSimulatedTwilio();
});
afterAll(() => simulated.close());

/** What arrives, in order of arrival, of initiated, ringing, in-progress, completed (0 1 2 3). */
const arrivals: Record<string, string> = {
  none: '0123',
  'all-lost': '',
  'last-lost': '012',
  'first-lost': '123',
  doubled: '00112233',
  reversed: '3210',
  'last-late': '0123',
  early: '0123',
  'only-last': '3',
  straggler: '0132',
};
/** Where the order of arrival is the fault; elsewhere requests that travel separately may overtake each other. */
const orderMatters = ['reversed', 'straggler', 'last-late'];

describe('faults of status callbacks', () => {
  it.each(callbackFaults.map(({ digits, happens, effect }) => [digits, happens, effect] as const))(
    '%s: %s',
    async (digits, _, fault) => {
      const to = `+1500900${digits}000`;
      const call = await simulated.createCall(to);
      const expected = arrivals[fault] ?? 'unheard of';
      await simulated.waitUntilOver(to);
      await until(() => simulated.callbacksOf(call.mark).length >= expected.length);
      const numbers = simulated.callbacksOf(call.mark).map(({ params }) => params.SequenceNumber ?? '?');
      if (!orderMatters.includes(fault)) numbers.sort();
      expect(numbers.join('')).toBe(expected);
    },
  );

  it('early: all callbacks arrive before the answer to the create, which still says queued', async () => {
    const slow = await startSimulatedTwilio({ speed: 5 });
    const call = await slow.createCall('+15009007000');
    expect(slow.callbacksOf(call.mark)).toHaveLength(4);
    expect(call.status).toBe('queued');
    await slow.close();
  });

  it('late terminal callback: the Call resource shows the end first', async () => {
    const slow = await startSimulatedTwilio({ speed: 10 });
    const call = await slow.createCall('+15009006000');
    await slow.waitUntilOver('+15009006000');
    expect(slow.callbacksOf(call.mark).map(({ params }) => params.CallStatus)).not.toContain('completed');
    await slow.terminalCallbackOf(call.mark);
    await slow.close();
  });

  it('doubled: both have the same idempotency token', async () => {
    const call = await simulated.createCall('+15009004000');
    await until(() => simulated.callbacksOf(call.mark).length === 8);
    const tokens = simulated
      .callbacksOf(call.mark)
      .map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(new Set(tokens).size).toBe(4);
  });
});

describe('delivery of one callback', () => {
  /** Dials with only the terminal callback, to this place. */
  async function callTo(statusCallback: string, to = '+12025550143') {
    return simulated.createCall(to, { statusCallback, statusCallbackEvent: ['completed'] });
  }
  const notificationsOf = async (sid: string) => {
    let codes: (string | null)[] = [];
    await until(async () => {
      codes = (await simulated.client.calls(sid).notifications.list()).map(({ errorCode }) => errorCode);
      return codes.length > 0;
    });
    return codes;
  };
  /** Answers so many requests of this mark with a status, the rest with 204. */
  const failFirst = (count: number, status: number | 'hang', mark: string) => {
    simulated.receiver.answer = () => (simulated.callbacksOf(mark).length < count ? status : 204);
  };

  it.each<[string, string, number, number | 'hang', number, string | null]>([
    ['500, no overrides: not tried again, warning 15003', '', 9, 500, 1, '15003'],
    ['404, no overrides: not tried again, warning 15003', '', 9, 404, 1, '15003'],
    ['500 twice, rc=5&rp=5xx: the third try gets through', '#rc=5&rp=5xx', 2, 500, 3, null],
    ['404, rc=5&rp=5xx: not tried again', '#rc=5&rp=5xx', 9, 404, 1, '15003'],
    ['404 once, rp=4xx: tried again', '#rp=4xx', 1, 404, 2, null],
    ['500 for ever, rc=2&rp=all: three tries in all', '#rc=2&rp=all', 9, 500, 3, '15003'],
    ['no answer within rt, rp=ct: not tried again, 11200', '#rt=100&rp=ct', 9, 'hang', 1, '11200'],
    ['no answer within rt, rp=rt: tried again', '#rt=100&rp=rt', 1, 'hang', 2, null],
    [
      'no answer within tt: given up in time for no other try',
      '#rt=5000&tt=200&rc=5&rp=all',
      9,
      'hang',
      1,
      '11200',
    ],
  ])('%s', async (name, fragment, failures, status, tries, code) => {
    const mark = `delivery-${name.replaceAll(/\W/g, '')}`;
    failFirst(failures, status, mark);
    const call = await callTo(`${simulated.receiver.origin}/status?mark=${mark}${fragment}`);
    await until(() => simulated.callbacksOf(mark).length === tries);
    if (code) expect(await notificationsOf(call.sid)).toEqual([code]);
    else await simulated.waitUntilOver('+12025550143');
    expect(simulated.callbacksOf(mark)).toHaveLength(tries);
    const tokens = simulated.callbacksOf(mark).map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(new Set(tokens).size).toBe(1);
    simulated.receiver.answer = () => 204;
  });

  it('no server listens at first, rc=5: a later try is delivered', async () => {
    const gone = await startReceiver();
    await gone.close();
    const call = await callTo(`${gone.origin}/status#rc=5`, '+12025550188');
    await simulated.waitUntilOver('+12025550188');
    const back = await startReceiver(Number(new URL(gone.origin).port));
    await back.waitFor(1);
    expect(await simulated.client.calls(call.sid).notifications.list()).toEqual([]);
    await back.close();
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/status', '11205'],
    ['the host has no address', 'http://nowhere.invalid/status', '11210'],
    ['the port does not speak TLS', 'https://127.0.0.1:PORT/status', '11220'],
  ])('%s: Notification', async (_, url, code) => {
    const call = await callTo(url.replace('PORT', new URL(simulated.receiver.origin).port));
    expect(await notificationsOf(call.sid)).toEqual([code]);
  });

  it('more callbacks than are delivered at once: the rest waits, and none is lost', async () => {
    const statusCallback = `${simulated.receiver.origin}/status?mark=crowd`;
    await Promise.all(Array.from({ length: 150 }, () => callTo(statusCallback, '+12025550189')));
    await until(() => simulated.callbacksOf('crowd').length === 150);
    const { calls } = await simulated.truth('+12025550189');
    expect(calls.flatMap(({ notifications }) => notifications)).toEqual([]);
  });

  it('overrides out of range: Notification 11243, and the defaults apply', async () => {
    const call = await callTo(`${simulated.receiver.origin}/status?mark=bad#rc=9`);
    await simulated.terminalCallbackOf('bad');
    expect(await notificationsOf(call.sid)).toEqual(['11243']);
  });

  it('option retriesShareToken false: each retry has its own token', async () => {
    const other = await startSimulatedTwilio({ unconfirmed: { retriesShareToken: false } });
    other.receiver.answer = (index) => (index === 0 ? 500 : 204);
    await other.createCall('+12025550143', {
      statusCallback: `${other.receiver.origin}/status?mark=own#rp=5xx`,
      statusCallbackEvent: ['completed'],
    });
    await until(() => other.callbacksOf('own').length === 2);
    const tokens = other.callbacksOf('own').map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(new Set(tokens).size).toBe(2);
    await other.close();
  });
});

describe('connection overrides', () => {
  it.each([
    ['http://h/', { retries: 1, connectMs: 5000, readMs: 15_000, totalMs: 15_000, retryOn: ['ct'] }],
    ['http://h/#rc=0', { retries: 0 }],
    [
      'http://h/#rc=5&rp=all&ct=2000&rt=4000&tt=15000',
      { retries: 5, connectMs: 2000, readMs: 4000, totalMs: 15_000 },
    ],
    ['http://h/#rp=4xx,rt', { retryOn: ['4xx', 'rt'] }],
    ['http://h/#rp=all', { retryOn: ['4xx', '5xx', 'ct', 'rt'] }],
    ['http://h/#e=dublin,tokyo-ix&sni=n', { retries: 1 }],
  ])('%s', (url, expected) => {
    const { rules, faulty } = deliveryRulesOf(url);
    expect({ ...rules, retryOn: [...rules.retryOn] }).toMatchObject(expected);
    expect(faulty).toBe(false);
  });

  it.each([
    'rc=6',
    'ct=99',
    'ct=10001',
    'rt=15001',
    'tt=0',
    'rp=3xx',
    'edge=dublin',
    'e=moon',
    'sni=maybe',
    'rc=x',
  ])('%s: has no effect', (fragment) => {
    expect(deliveryRulesOf(`http://h/#${fragment}`)).toMatchObject({ faulty: true, rules: { retries: 1 } });
  });
});
