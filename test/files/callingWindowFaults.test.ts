import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';

const hourMs = 3_600_000;
const at = (hours: number) => new Date(Date.now() + hours * hourMs).toISOString();
const time = (hours: number) => at(hours).slice(11, 16);
const hours = (start: number, end: number) => ({
  timeZone: 'Etc/UTC',
  start: time(start),
  end: time(end),
});

const officeHours = { start: '09:00', end: '17:00' };
const context = useCallBench({ callingWindow: officeHours });
const api = useApi(context);
const tollFree = '+18005550199';
const oneZone = '+12125550143';

async function cancel(callId: string): Promise<void> {
  expect((await api.post(`/calls/${callId}/cancel`)).status).toBe(202);
}

describe('the phone may never ring: 422 for a call, and for the row of a batch', () => {
  it.each<[string, object, string, RegExp]>([
    [
      "the operator's window is never open in all zones of the number",
      { to: tollFree },
      'callingWindow',
      /^is missing, and the number may be in 42 time zones .*the operator's window \(RINGTRUE_CALLING_WINDOW\) is never open in all of them/,
    ],
    [
      "the operator's window needs a zone, and the number has none",
      { to: '+870773123456' },
      'callingWindow',
      /RINGTRUE_CALLING_WINDOW/,
    ],
    [
      'its own window opens only after giveUpAt',
      { to: oneZone, callingWindow: hours(3, 4), giveUpAt: at(2) },
      'giveUpAt',
      /but callingWindow first opens at .*Z in Etc\/UTC/,
    ],
    [
      'notBefore is after the window, and giveUpAt before the next one',
      { to: oneZone, callingWindow: hours(-1, 1), notBefore: at(2), giveUpAt: at(20) },
      'giveUpAt',
      /after notBefore \(.*\) callingWindow first opens at .*Z in Etc\/UTC/,
    ],
    [
      'giveUpAt comes before notBefore',
      { to: oneZone, urgent: true, notBefore: at(3), giveUpAt: at(2) },
      'giveUpAt',
      /before notBefore/,
    ],
    [
      "the operator's window does not open between notBefore and giveUpAt",
      // In New York it is night then, in summer and in winter.
      { to: oneZone, notBefore: '2099-01-05T03:00:00Z', giveUpAt: '2099-01-05t09:00:00z' },
      'giveUpAt',
      /after notBefore .*the operator's window \(RINGTRUE_CALLING_WINDOW\) first opens at 2099-01-05T14:00:00.000Z in America\/New_York/,
    ],
  ])('%s', async (_, request, path, message) => {
    const call = { twiml: '<Response/>', ...request };
    const fault = { path, message: expect.stringMatching(message) };
    expect((await api.post('/calls', call)).json).toMatchObject({ status: 422, faults: [fault] });
    const right = { to: context.to, twiml: '<Response/>', urgent: true };
    const batch = await api.post('/batches', { paused: true, calls: [right, call] });
    expect(batch).toMatchObject({ status: 422, json: { faults: [{ ...fault, row: 2 }] } });
  });
});

describe('the phone may ring at some time: accepted', () => {
  it.each<[string, object]>([
    ["the number is in too many zones for the operator's window, and the call is urgent", { urgent: true }],
    ['and the call has a window with a zone', { callingWindow: { ...officeHours, timeZone: 'Asia/Tokyo' } }],
    ['the window opens before giveUpAt', { callingWindow: hours(3, 4), notBefore: at(1), giveUpAt: at(3.5) }],
    ['the window is open at notBefore', { callingWindow: hours(3, 5), notBefore: at(4), giveUpAt: at(4.5) }],
  ])('%s', async (_, more) => {
    const notBefore = at(4);
    const answer = await api.post('/calls', { to: tollFree, twiml: '<Response/>', notBefore, ...more });
    expect(answer.status, answer.text).toBe(202);
    await cancel(answer.json.callId);
  });

  it('a request is repeated when its window has closed for the last time: the same call', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const request = {
      to: oneZone,
      twiml: '<Response/>',
      lookup: 'off',
      callingWindow: hours(2, 3),
      giveUpAt: at(5),
    };
    const first = await api.post('/calls', request, headers);
    expect(first.status, first.text).toBe(202);
    const realNow = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 4 * hourMs);
    try {
      expect(await api.post('/calls', request, headers)).toMatchObject({ status: 200, json: first.json });
      expect(await api.post('/calls', request)).toMatchObject({ status: 422 });
    } finally {
      clock.mockRestore();
    }
    await cancel(first.json.callId);
  });
});
