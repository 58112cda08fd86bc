import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './callbackReceiver.js';
import {
  finalStatuses,
  fromNumber,
  type SimulatedTwilio,
  startSimulatedTwilio,
  twilioClient,
} from './simulatedTwilio.js';

let simulated: SimulatedTwilio;
beforeAll(async () => {
  simulated = await startSimulatedTwilio({ unconfirmed: { eventsAfterSeconds: 1 } });
});
afterAll(() => simulated.close());

/** Statuses that reading the call shows from its create until the condition holds, each once in a row. */
async function seenUntil(sid: string, last: string): Promise<string[]> {
  const seen: string[] = [];
  await until(async () => {
    const status = await simulated.client
      .calls(sid)
      .fetch()
      .then((call) => String(call.status))
      .catch((error: { status: number }) => String(error.status));
    if (seen.at(-1) !== status) seen.push(status);
    return status === last;
  });
  return seen;
}

describe('reading a call', () => {
  it('an ordinary call: queued, ringing, in-progress, completed', async () => {
    const slow = await startSimulatedTwilio({ speed: 10 });
    const { sid } = await slow.createCall('+12025550143');
    const seen = new Set<string>();
    await until(async () => {
      seen.add((await slow.client.calls(sid).fetch()).status);
      return seen.has('completed');
    });
    expect([...seen]).toEqual(['queued', 'ringing', 'in-progress', 'completed']);
    await slow.close();
  });

  it('the Call resource: has every field, null if it has no value', async () => {
    const { sid } = await simulated.createCall('+15005552486');
    await simulated.waitUntilOver('+15005552486');
    const call = await simulated.client.calls(sid).fetch();
    expect(call.toJSON()).toMatchObject({
      ...{
        endTime: null,
        duration: null,
        answeredBy: null,
        price: null,
        priceUnit: 'USD',
        parentCallSid: null,
      },
      ...{ direction: 'outbound-api', queueTime: '0', to: '+15005552486', toFormatted: '(500) 555-2486' },
      ...{ from: fromNumber, startTime: expect.any(Date), dateCreated: expect.any(Date), status: 'busy' },
    });
    expect(Object.values(call.toJSON())).not.toContain(undefined);
  });

  it('an unknown call: 404 with code 20404', async () => {
    const fetching = simulated.client.calls(`CA${'0'.repeat(32)}`).fetch();
    await expect(fetching).rejects.toMatchObject({ status: 404, code: 20404 });
  });
});

describe('faults of reading', () => {
  it('just created: 404 and in no list for a while, then found', async () => {
    const slow = await startSimulatedTwilio({ speed: 2 });
    const { sid } = await slow.createCall('+15009000109');
    await expect(slow.client.calls(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    expect(await slow.client.calls.list({ to: '+15009000109' })).toEqual([]);
    await until(() =>
      slow.client
        .calls(sid)
        .fetch()
        .then(
          () => true,
          () => false,
        ),
    );
    expect(await slow.client.calls.list({ to: '+15009000109' })).toHaveLength(1);
    await slow.close();
  });

  it('stale: callbacks show the end before a read does', async () => {
    const slow = await startSimulatedTwilio({ speed: 10 });
    const { sid, mark } = await slow.createCall('+15009000200');
    await slow.terminalCallbackOf(mark);
    expect(finalStatuses).not.toContain((await slow.client.calls(sid).fetch()).status);
    await until(async () => (await slow.client.calls(sid).fetch()).status === 'completed');
    await slow.close();
  });

  it.each([
    ['+15009000320', 429, 20429],
    ['+15009000420', 500, 20500],
  ])('%s: %d twice for the call and twice for the list, then fine', async (to, status, code) => {
    const { sid } = await simulated.createCall(to);
    const fetch = () => simulated.client.calls(sid).fetch();
    const list = () => simulated.client.calls.list({ to });
    for (const read of [fetch, fetch, list, list])
      await expect(read()).rejects.toMatchObject({ status, code });
    expect((await fetch()).sid).toBe(sid);
    expect(await list()).toHaveLength(1);
  });

  it('no answer ever: the client gives up', async () => {
    const { sid } = await simulated.createCall('+15009000510');
    const fetching = twilioClient(simulated.url, 200).calls(sid).fetch();
    await expect(fetching).rejects.toMatchObject({ code: 'ECONNABORTED' });
    expect((await simulated.client.calls(sid).fetch()).sid).toBe(sid);
  });

  it('an unknown status comes before the final one', async () => {
    const { sid } = await simulated.createCall('+15009000602');
    const seen = await seenUntil(sid, 'busy');
    expect(seen.at(-2)).toBe('wrapping-up');
  });

  it('fields are empty or missing: as the SDK then shows them', async () => {
    const { sid } = await simulated.createCall('+15009000700');
    await simulated.waitUntilOver('+15009000700');
    const call = await simulated.client.calls(sid).fetch();
    expect(call).toMatchObject({
      status: 'completed',
      duration: '',
      answeredBy: undefined,
      queueTime: undefined,
    });
  });

  it('never found: always 404, in no list, and cannot be ended', async () => {
    const { sid } = await simulated.createCall('+15009000800');
    await simulated.waitUntilOver('+15009000800');
    await expect(simulated.client.calls(sid).fetch()).rejects.toMatchObject({ status: 404 });
    await expect(simulated.client.calls(sid).update({ status: 'completed' })).rejects.toMatchObject({
      status: 404,
    });
    expect(await simulated.client.calls.list({ to: '+15009000800' })).toEqual([]);
  });

  it('never final: callbacks show the end, and reads never do', async () => {
    const { sid, mark } = await simulated.createCall('+15009000900');
    await simulated.terminalCallbackOf(mark);
    expect((await simulated.client.calls(sid).fetch()).status).toBe('in-progress');
  });
});

describe('the list of calls', () => {
  it('filters by To, From and Status; newest first', async () => {
    const first = await simulated.createCall('+12025550150');
    const second = await simulated.createCall('+12025550150', { from: '+15005550007' });
    const third = await simulated.createCall('+12025550150');
    await simulated.waitUntilOver('+12025550150');
    const sids = async (filter: object) =>
      (await simulated.client.calls.list({ to: '+12025550150', ...filter })).map(({ sid }) => sid);
    expect(await sids({})).toEqual([third.sid, second.sid, first.sid]);
    expect(await sids({ from: fromNumber })).toEqual([third.sid, first.sid]);
    expect(await sids({ status: 'completed' })).toHaveLength(3);
    expect(await sids({ status: 'busy' })).toEqual([]);
    expect(await sids({ parentCallSid: first.sid })).toEqual([]);
  });

  it('filters by day of start and end', async () => {
    const day = 86_400_000;
    await simulated.createCall('+12025550151');
    await simulated.waitUntilOver('+12025550151');
    const count = async (filter: object) =>
      (await simulated.client.calls.list({ to: '+12025550151', ...filter })).length;
    const [yesterday, now, tomorrow] = [-day, 0, day].map((offset) => new Date(Date.now() + offset));
    expect(await count({ startTime: now })).toBe(1);
    expect(await count({ startTimeAfter: yesterday, startTimeBefore: tomorrow })).toBe(1);
    expect(await count({ startTimeAfter: now })).toBe(1);
    expect(await count({ startTimeBefore: now })).toBe(0);
    expect(await count({ startTimeAfter: tomorrow })).toBe(0);
    expect(await count({ endTimeAfter: now })).toBe(1);
    expect(await count({ endTime: yesterday })).toBe(0);
  });

  it('a queued call, without start time: matches StartTime only with startTimeMatchesQueued', async () => {
    const startTimeAfter = new Date(Date.now() - 86_400_000);
    const listed = async (twilio: SimulatedTwilio) => {
      await twilio.createCall('+15005558105');
      return (await twilio.client.calls.list({ to: '+15005558105', startTimeAfter })).length;
    };
    const other = await startSimulatedTwilio({ speed: 1, unconfirmed: { startTimeMatchesQueued: true } });
    expect(await listed(other)).toBe(1);
    await other.close();
    expect(await listed(simulated)).toBe(0);
  });

  it('the time of a filter: used only with timeFilter time', async () => {
    const other = await startSimulatedTwilio({ unconfirmed: { timeFilter: 'time' } });
    const endTimeAfter = new Date(Date.now() + 5000);
    for (const [twilio, count] of [
      [other, 0],
      [simulated, new Date().getUTCDate() === endTimeAfter.getUTCDate() ? 1 : 0],
    ] as const) {
      await twilio.createCall('+12025550152');
      await twilio.waitUntilOver('+12025550152');
      expect(await twilio.client.calls.list({ to: '+12025550152', endTimeAfter })).toHaveLength(count);
    }
    await other.close();
  });

  it('pages: every call once, even while new ones arrive', async () => {
    const to = '+12025550153';
    const sidsInOrder: string[] = [];
    for (let n = 0; n < 5; n++) sidsInOrder.unshift((await simulated.createCall(to)).sid);
    const first = await simulated.client.calls.page({ to, pageSize: 2 });
    await simulated.createCall(to);
    const second = await first.nextPage();
    const third = await second?.nextPage();
    const pages = [first, second, third].map((page) => page?.instances.map(({ sid }) => sid));
    expect(pages).toEqual([sidsInOrder.slice(0, 2), sidsInOrder.slice(2, 4), sidsInOrder.slice(4)]);
    expect(third?.nextPageUrl).toBeUndefined();
    expect(await simulated.client.calls.list({ to, pageSize: 2 })).toHaveLength(6);
  });
});

describe('Events of a call', () => {
  it('some time after the end: the create and every callback, in snake_case, with the answers', async () => {
    const call = await simulated.createCall('+15005552486');
    await simulated.terminalCallbackOf(call.mark);
    await until(async () => (await simulated.client.calls(call.sid).events.list()).length === 4);
    const events = (await simulated.client.calls(call.sid).events.list()) as unknown as {
      request: { url: string; parameters: Record<string, string> };
      response: Record<string, unknown>;
    }[];
    expect(events[0]?.request.parameters).toMatchObject({
      account_sid: call.accountSid,
      to: '+15005552486',
      status_callback: `${simulated.receiver.origin}/status?mark=${call.mark}`,
    });
    const terminal = events.find(({ request }) => request.parameters.call_status === 'busy');
    expect(terminal?.request.parameters).toMatchObject({ call_sid: call.sid, sip_response_code: '486' });
    expect(terminal?.response).toMatchObject({ response_code: 204 });
  });

  it('a lost callback: shown without an answer', async () => {
    const { sid } = await simulated.createCall('+15009001002');
    await until(async () => (await simulated.client.calls(sid).events.list()).length === 4);
    const events = await simulated.client.calls(sid).events.list();
    expect(events.map(({ response }) => response === null)).toEqual([false, true, true, true]);
  });

  it('right after the end: no Events yet, as Twilio documents', async () => {
    const real = await startSimulatedTwilio();
    const { sid, mark } = await real.createCall('+15005552486');
    await real.terminalCallbackOf(mark);
    expect(await real.client.calls(sid).events.list()).toEqual([]);
    await real.close();
  });
});
