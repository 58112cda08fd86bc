import { describe, expect, it } from 'vitest';
import { created, json } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';
import { type Api, eventually, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context, () => ({ progress: 'store' }));
const signaling = useApi(context);

/** Starts a call, and waits until the journal has its Twilio call. */
async function placed() {
  const call = await context.bench.start({ to: context.to, lookup: 'off' });
  await eventually(
    async () => (await api.get(`/calls/${call.callId}`)).json,
    (state) => state.state === 'queued',
  );
  const { sid } = context.twilio.calls[0] as { sid: string };
  const path = `/twilio/status/${call.callId}/1`;
  const postCallback = (
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
  return { ...call, sid, postCallback };
}

/** How often the call was signaled. */
async function signals(callId: string): Promise<number> {
  const { events } = await context.bench.client.workflow.getHandle(callId).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
}

describe('RINGTRUE_PROGRESS is signal', () => {
  it('initiated callback: stored and not signaled', async () => {
    const call = await placed();
    expect((await call.postCallback(signaling, 'initiated', '0')).status).toBe(204);
    expect(await signals(call.callId)).toBe(0);
    await call.postCallback(signaling, 'ringing', '1');
    await eventually(
      async () => (await signaling.get(`/calls/${call.callId}`)).json,
      (state) => state.state === 'ringing',
    );
    await call.postCallback(signaling, 'completed', '2');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
    expect(await signals(call.callId)).toBe(2);
  });
});

const answeredAt = (status: string) => (status === 'in-progress' ? '2026-11-24T10:00:02.000Z' : null);

describe('RINGTRUE_PROGRESS is store', () => {
  it('ringing, then in-progress: GET shows both, and the workflow gets no signal', async () => {
    const call = await placed();
    for (const [sequence, status] of ['initiated', 'ringing', 'in-progress'].entries()) {
      expect((await call.postCallback(api, status, String(sequence))).status).toBe(204);
      const shown = (await api.get(`/calls/${call.callId}`)).json;
      expect(shown).toMatchObject({
        state: status === 'initiated' ? 'queued' : status,
        attempts: [{ callSid: call.sid, outcome: null, answeredAt: answeredAt(status) }],
      });
    }
    expect(await signals(call.callId)).toBe(0);
    await call.postCallback(api, 'completed', '3');
    await call.result();
  });

  it('final callback: its signal has the stored callbacks, and the outcome keeps them', async () => {
    const call = await placed();
    for (const [sequence, status] of ['initiated', 'ringing', 'in-progress', 'completed'].entries())
      await call.postCallback(api, status, String(sequence));
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

  it('no-answer after a stored ringing: reachable', async () => {
    const call = await placed();
    await call.postCallback(api, 'ringing', '1');
    await api.callback(`/twilio/status/${call.callId}/1`, { CallSid: call.sid, CallStatus: 'no-answer' });
    expect(await call.result()).toMatchObject({ outcome: 'no-answer', reachability: 'reachable' });
  });

  it('ringing is stored, and no callback follows: the deciding poll adds it', async () => {
    context.bench.settings.callbackWaitSeconds = 1;
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'no-answer', duration: '0' });
    const call = await placed();
    await call.postCallback(api, 'ringing', '1');
    const result = await call.result();
    expect(result).toMatchObject({ outcome: 'no-answer', decidedBy: 'poll', reachability: 'reachable' });
    const { updates } = result.attempts[0]?.evidence ?? { updates: [] };
    expect(updates.map(({ source, status }) => `${source} ${status}`)).toEqual([
      'webhook ringing',
      'poll no-answer',
    ]);
    expect(Object.keys(updates[1] ?? {})).not.toContain('stored');
    context.bench.settings.callbackWaitSeconds = 60;
  });

  it('store is not available when the poll decides: the call waits for it and keeps the ringing', async () => {
    Object.assign(context.bench.settings, { callbackWaitSeconds: 1, pollIntervalSeconds: 1 });
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'no-answer', duration: '0' });
    const call = await placed();
    await call.postCallback(api, 'ringing', '1');
    const { storedUpdates } = context.store;
    let tries = 0;
    context.store.storedUpdates = (key) =>
      ++tries <= 3 ? Promise.reject(new Error('the store is away')) : storedUpdates(key);
    expect(await call.result()).toMatchObject({ outcome: 'no-answer', reachability: 'reachable' });
    context.store.storedUpdates = storedUpdates;
    Object.assign(context.bench.settings, { callbackWaitSeconds: 60, pollIntervalSeconds: 15 });
  });

  it('ringing was signaled, in-progress only stored: GET shows in-progress', async () => {
    const call = await placed();
    await call.callback(1, call.sid, 'ringing', { SequenceNumber: '1' });
    const shown = async () => (await api.get(`/calls/${call.callId}`)).json.state;
    await eventually(shown, (state) => state === 'ringing');
    await call.postCallback(api, 'in-progress', '2');
    expect(await signals(call.callId)).toBe(1);
    expect(await shown()).toBe('in-progress');
    await call.postCallback(api, 'completed', '3');
    await call.result();
  });

  it('stored ringing shortly before the poll: the silence starts anew', async () => {
    context.bench.settings.callbackWaitSeconds = 3;
    const call = await placed();
    const placedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await call.postCallback(api, 'ringing', '1', new Date().toUTCString());
    const isPolled = () =>
      context.twilio.requests.some((request) => request === `GET /Calls/${call.sid}.json`);
    await eventually(async () => isPolled(), Boolean);
    expect(Date.now() - placedAt).toBeGreaterThan(4_000);
    await call.postCallback(api, 'completed', '2');
    await call.result();
    context.bench.settings.callbackWaitSeconds = 60;
  });

  it('cancel of a call in progress: hung up, and answeredAt is from the stored callback', async () => {
    context.twilio.answerFetch = (resource) =>
      json(
        200,
        resource?.status === 'completed'
          ? { ...resource, duration: '5' }
          : { ...resource, status: 'in-progress' },
      );
    const call = await placed();
    await call.postCallback(api, 'ringing', '1');
    await call.postCallback(api, 'in-progress', '2');
    await api.post(`/calls/${call.callId}/cancel`, {});
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ answeredAt: '2026-11-24T10:00:02.000Z' }],
    });
  });

  it('callback with a SID that the journal does not know: the workflow gets a signal', async () => {
    let answered = () => {};
    const held = new Promise<void>((resolve) => {
      answered = resolve;
    });
    context.twilio.answerCreate = async ({ make }) => {
      const call = make();
      await held;
      return created(call);
    };
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    await eventually(
      async () => context.twilio.calls[0],
      (made) => made !== undefined,
    );
    const { sid } = context.twilio.calls[0] as { sid: string };
    const path = `/twilio/status/${call.callId}/1`;
    await api.callback(path, { CallSid: sid, CallStatus: 'ringing', SequenceNumber: '1' });
    expect(await signals(call.callId)).toBe(1);
    answered();
    await api.callback(path, { CallSid: sid, CallStatus: 'busy', SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy' });
  });

  it('store is not available: the workflow gets a signal', async () => {
    const call = await placed();
    const unreachable = new Error('the store is away');
    const { recordProgress } = context.store;
    context.store.recordProgress = () => Promise.reject(unreachable);
    expect((await call.postCallback(api, 'ringing', '1')).status).toBe(204);
    context.store.recordProgress = recordProgress;
    await call.until((state) => state.state === 'ringing');
    await call.postCallback(api, 'completed', '2');
    await call.result();
  });

  it('store hangs: the workflow gets a signal before Twilio gives up', async () => {
    const call = await placed();
    const { recordProgress, storedUpdates, findCallState } = context.store;
    const never = () => new Promise<never>(() => {});
    Object.assign(context.store, { recordProgress: never, storedUpdates: never, findCallState: never });
    try {
      expect((await call.postCallback(api, 'ringing', '1')).status).toBe(204);
      expect((await call.postCallback(api, 'completed', '2')).status).toBe(204);
    } finally {
      Object.assign(context.store, { recordProgress, storedUpdates, findCallState });
    }
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'webhook' });
  });
});
