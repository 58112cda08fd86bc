import { describe, expect, it } from 'vitest';
import { created, json } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';
import { type Api, eventually, useApi } from './useApi.js';

const fates = useCallBench();
const api = useApi(fates, () => ({ progress: 'watched' }));
const signalling = useApi(fates);

/** Starts a call, and waits until the journal has its Twilio call. */
async function placed() {
  const call = await fates.bench.start({ to: fates.to, lookup: 'off' });
  await eventually(
    async () => (await api.get(`/calls/${call.callId}`)).json,
    (state) => state.state === 'queued',
  );
  const { sid } = fates.twilio.calls[0] as { sid: string };
  const path = `/twilio/status/${call.callId}/1`;
  const told = (
    by: Api,
    CallStatus: string,
    SequenceNumber: string,
    Timestamp = `Tue, 24 Nov 2026 10:00:0${SequenceNumber} +0000`,
  ) =>
    by.callback(path, {
      CallSid: sid,
      CallStatus,
      SequenceNumber,
      Timestamp,
    });
  return { ...call, sid, told };
}

/** How often the call was signalled. */
async function signals(callId: string): Promise<number> {
  const { events } = await fates.bench.client.workflow.getHandle(callId).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
}

/** Until the next look at a call is written down. */
function nextWatch(): Promise<void> {
  const { watchCall } = fates.store;
  return new Promise((resolve) => {
    fates.store.watchCall = async (callId) => {
      fates.store.watchCall = watchCall;
      const noted = await watchCall(callId);
      resolve();
      return noted;
    };
  });
}

describe('RINGTRUE_PROGRESS is signal', () => {
  it('the call is initiated, which it knows: only noted', async () => {
    const call = await placed();
    expect((await call.told(signalling, 'initiated', '0')).status).toBe(204);
    expect(await signals(call.callId)).toBe(0);
    await call.told(signalling, 'ringing', '1');
    await eventually(
      async () => (await signalling.get(`/calls/${call.callId}`)).json,
      (state) => state.state === 'ringing',
    );
    await call.told(signalling, 'completed', '2');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
    expect(await signals(call.callId)).toBe(2);
  });
});

const answeredAt = (status: string) => (status === 'in-progress' ? '2026-11-24T10:00:02.000Z' : null);

describe('nobody has asked the call itself', () => {
  it('it rings, it talks: GET shows it, and the call is not signalled', async () => {
    const call = await placed();
    for (const [sequence, status] of ['initiated', 'ringing', 'in-progress'].entries()) {
      expect((await call.told(api, status, String(sequence))).status).toBe(204);
      const shown = (await api.get(`/calls/${call.callId}`)).json;
      expect(shown).toMatchObject({
        state: status === 'initiated' ? 'queued' : status,
        attempts: [{ callSid: call.sid, outcome: null, answeredAt: answeredAt(status) }],
      });
    }
    expect(await signals(call.callId)).toBe(0);
    await call.told(api, 'completed', '3');
    await call.result();
  });

  it('the final callback comes: the call hears of everything before it, and its outcome keeps it', async () => {
    const call = await placed();
    for (const [sequence, status] of ['initiated', 'ringing', 'in-progress', 'completed'].entries())
      await call.told(api, status, String(sequence));
    const { attempts } = await call.result();
    expect(attempts[0]?.evidence.updates.map(({ status }) => status)).toEqual([
      'ringing',
      'in-progress',
      'completed',
    ]);
    expect(attempts[0]).toMatchObject({
      outcome: 'answered',
      answeredAt: '2026-11-24T10:00:02.000Z',
      endedAt: '2026-11-24T10:00:03.000Z',
    });
    expect(await signals(call.callId)).toBe(1);
  });

  it('a no-answer that rang, its own number lost: reachable all the same', async () => {
    const call = await placed();
    await call.told(api, 'ringing', '1');
    await api.callback(`/twilio/status/${call.callId}/1`, { CallSid: call.sid, CallStatus: 'no-answer' });
    expect(await call.result()).toMatchObject({ outcome: 'no-answer', reachability: 'reachable' });
  });

  it('it rings, and nothing more comes: the poll that decides brings it along', async () => {
    fates.bench.settings.callbackWaitSeconds = 1;
    fates.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'no-answer', duration: '0' });
    const call = await placed();
    await call.told(api, 'ringing', '1');
    const result = await call.result();
    expect(result).toMatchObject({ outcome: 'no-answer', decidedBy: 'poll', reachability: 'reachable' });
    const { updates } = result.attempts[0]?.evidence ?? { updates: [] };
    expect(updates.map(({ source, status }) => `${source} ${status}`)).toEqual([
      'webhook ringing',
      'poll no-answer',
    ]);
    expect(Object.keys(updates[1] ?? {})).not.toContain('heard');
    fates.bench.settings.callbackWaitSeconds = 60;
  });

  it('the store is away when the poll decides: decided once it can be asked, and that it rang is kept', async () => {
    Object.assign(fates.bench.settings, { callbackWaitSeconds: 1, pollIntervalSeconds: 1 });
    fates.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'no-answer', duration: '0' });
    const call = await placed();
    await call.told(api, 'ringing', '1');
    const { progressOf } = fates.store;
    let asked = 0;
    fates.store.progressOf = (key) =>
      ++asked <= 3 ? Promise.reject(new Error('the store is away')) : progressOf(key);
    expect(await call.result()).toMatchObject({ outcome: 'no-answer', reachability: 'reachable' });
    fates.store.progressOf = progressOf;
    Object.assign(fates.bench.settings, { callbackWaitSeconds: 60, pollIntervalSeconds: 15 });
  });

  it('it was told that it rings, and not that it talks: GET shows that it talks', async () => {
    const call = await placed();
    await call.callback(1, call.sid, 'ringing', { SequenceNumber: '1' });
    const shown = async () => (await api.get(`/calls/${call.callId}`)).json.state;
    await eventually(shown, (state) => state === 'ringing');
    await call.told(api, 'in-progress', '2');
    expect(await signals(call.callId)).toBe(1);
    expect(await shown()).toBe('in-progress');
    await call.told(api, 'completed', '3');
    await call.result();
  });

  it('it rings a moment before Twilio would be asked: not asked before it is silent for long enough', async () => {
    fates.bench.settings.callbackWaitSeconds = 3;
    const call = await placed();
    const placedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await call.told(api, 'ringing', '1', new Date().toUTCString());
    const asked = () => fates.twilio.requests.some((request) => request === `GET /Calls/${call.sid}.json`);
    await eventually(async () => asked(), Boolean);
    expect(Date.now() - placedAt).toBeGreaterThan(4_000);
    await call.told(api, 'completed', '2');
    await call.result();
    fates.bench.settings.callbackWaitSeconds = 60;
  });

  it('it talks, and is canceled: hung up, and answered when it was', async () => {
    fates.twilio.answerFetch = (resource) =>
      json(
        200,
        resource?.status === 'completed'
          ? { ...resource, duration: '5' }
          : { ...resource, status: 'in-progress' },
      );
    const call = await placed();
    await call.told(api, 'ringing', '1');
    await call.told(api, 'in-progress', '2');
    await api.post(`/calls/${call.callId}/cancel`, {});
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ answeredAt: '2026-11-24T10:00:02.000Z' }],
    });
  });

  it('a callback names a Twilio call that the journal does not know: the call is signalled', async () => {
    let answered = () => {};
    const held = new Promise<void>((resolve) => {
      answered = resolve;
    });
    fates.twilio.answerCreate = async ({ make }) => {
      const call = make();
      await held;
      return created(call);
    };
    const call = await fates.bench.start({ to: fates.to, lookup: 'off' });
    await eventually(
      async () => fates.twilio.calls[0],
      (made) => made !== undefined,
    );
    const { sid } = fates.twilio.calls[0] as { sid: string };
    const path = `/twilio/status/${call.callId}/1`;
    await api.callback(path, { CallSid: sid, CallStatus: 'ringing', SequenceNumber: '1' });
    expect(await signals(call.callId)).toBe(1);
    answered();
    await api.callback(path, { CallSid: sid, CallStatus: 'busy', SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy' });
  });

  it('the store is away: the call is signalled', async () => {
    const call = await placed();
    const away = new Error('the store is away');
    const { noteProgress } = fates.store;
    fates.store.noteProgress = () => Promise.reject(away);
    expect((await call.told(api, 'ringing', '1')).status).toBe(204);
    fates.store.noteProgress = noteProgress;
    await call.until((state) => state.state === 'ringing');
    await call.told(api, 'completed', '2');
    await call.result();
  });

  it('the store hangs: the call is signalled before Twilio gives up', async () => {
    const call = await placed();
    const { noteProgress, progressOf, findCallState } = fates.store;
    const never = () => new Promise<never>(() => {});
    Object.assign(fates.store, { noteProgress: never, progressOf: never, findCallState: never });
    try {
      expect((await call.told(api, 'ringing', '1')).status).toBe(204);
      expect((await call.told(api, 'completed', '2')).status).toBe(204);
    } finally {
      Object.assign(fates.store, { noteProgress, progressOf, findCallState });
    }
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'webhook' });
  });
});

describe('somebody asks the call itself, by its query', () => {
  it('it hears of its progress from then on', async () => {
    const call = await placed();
    const noticed = nextWatch();
    await call.state();
    await noticed;
    for (const [sequence, status] of ['initiated', 'ringing', 'in-progress'].entries())
      expect((await call.told(api, status, String(sequence))).status).toBe(204);
    expect(await call.until((state) => state.state === 'in-progress')).toMatchObject({
      attempts: [{ status: 'in-progress', answeredAt: '2026-11-24T10:00:02.000Z' }],
    });
    expect(await signals(call.callId)).toBe(2);
    await call.told(api, 'completed', '3');
    await call.result();
  });

  it('it rings already: it is told at once, and in full', async () => {
    const call = await placed();
    await call.told(api, 'initiated', '0');
    await call.told(api, 'ringing', '1');
    expect(await signals(call.callId)).toBe(0);
    const { attempts } = await call.until((state) => state.state === 'ringing');
    expect(attempts[0]?.evidence.updates.map(({ status }) => status)).toEqual(['ringing']);
    expect(await signals(call.callId)).toBe(1);
    await call.told(api, 'busy', '2');
    const result = await call.result();
    expect(result).toMatchObject({ outcome: 'busy', reachability: 'reachable' });
    expect(result.attempts[0]?.evidence.updates).toHaveLength(2);
  });

  it('asked a hundred times: told once', async () => {
    const call = await placed();
    await call.told(api, 'ringing', '1');
    for (let times = 0; times < 100; times++) await call.state();
    await call.until((state) => state.state === 'ringing');
    expect(await signals(call.callId)).toBe(1);
    await call.told(api, 'completed', '2');
    await call.result();
  });

  it('a look that came to nothing: the next one makes up for it', async () => {
    const call = await placed();
    await call.told(api, 'ringing', '1');
    const { watchCall } = fates.store;
    fates.store.watchCall = async (callId) => {
      fates.store.watchCall = watchCall;
      await watchCall(callId);
      throw new Error('the connection is lost');
    };
    expect(await call.state()).toMatchObject({ state: 'queued' });
    await call.until((state) => state.state === 'ringing');
    await call.told(api, 'completed', '2');
    await call.result();
  });

  it('asked, but not to be told more: as if nobody had', async () => {
    const call = await placed();
    await call.handle.query('state', { watch: false });
    await call.told(api, 'ringing', '1');
    expect(await signals(call.callId)).toBe(0);
    await call.told(api, 'completed', '2');
    await call.result();
  });

  it('asked when it is over: nothing comes of it', async () => {
    const call = await placed();
    await call.told(api, 'completed', '1');
    await call.result();
    expect(await call.state()).toMatchObject({ state: 'done' });
    expect(await fates.store.watchCall(call.callId)).toBeNull();
  });

  it('through the API: what is written down is shown, and the call hears of nothing', async () => {
    const call = await placed();
    await api.get(`/calls/${call.callId}`);
    await call.told(api, 'ringing', '1');
    expect((await api.get(`/calls/${call.callId}`)).json).toMatchObject({ state: 'ringing' });
    expect(await signals(call.callId)).toBe(0);
    await call.told(api, 'completed', '2');
    await call.result();
  });
});
