import { describe, expect, it } from 'vitest';
import type { ActivityEvent } from '../../activities/deps/activityDeps.js';
import { StoreUnavailable } from '../../activities/store/database/storeError.js';
import { type ReceivedRequest, startReceiver, verified } from '../activities/notifyBench.js';
import { eventually, useApi } from '../api/useApi.js';
import type { CallHandle } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { json, lookupAnswer } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const api = useApi(context);

const soon = {
  maxAttempts: 3,
  retryOn: ['busy', 'no-answer', 'failed'],
  initialIntervalSeconds: 1,
  maximumIntervalSeconds: 1,
  backoffCoefficient: 1,
};

interface ReceivedEvent {
  type: string;
  data: Record<string, unknown>;
}

/** What a receiver was told, its signature checked by the library that the scheme's authors give to receivers. */
function verifiedEvent(request: ReceivedRequest | undefined): ReceivedEvent {
  return verified(request, context.bench.settings.notify.secrets[0] as string) as ReceivedEvent;
}

const idOf = (request: ReceivedRequest | undefined) => request?.headers['webhook-id'];
const waitForRequests = (receiver: { requests: ReceivedRequest[] }, count: number) =>
  eventually(
    async () => receiver.requests,
    (requests) => requests.length >= count,
  );

/** Twilio's final word on an attempt, once it has its call. */
async function ends(call: CallHandle, attempt: number, status: string): Promise<void> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  await call.callback(attempt, attempts[attempt - 1]?.callSid as string, status, { SequenceNumber: '3' });
}

const runOf = (call: CallHandle, name: string) =>
  context.bench.client.workflow.getHandle(`${call.callId}:${name}`);
const statusOf = async (call: CallHandle, name: string) => (await runOf(call, name).describe()).status.name;

describe('a call with a notifyUrl', () => {
  it('attempts end: each is posted, with isLast, and then the outcome', async () => {
    const receiver = await startReceiver();
    const call = await context.bench.start({
      to: context.to,
      notifyUrl: `${receiver.origin}/hook`,
      retry: soon,
      metadata: { order: '17' },
    });
    await ends(call, 1, 'busy');
    await ends(call, 2, 'completed');
    const outcome = await call.result();
    const requests = await waitForRequests(receiver, 3);
    expect(requests.map(verifiedEvent)).toMatchObject([
      {
        type: 'attempt.ended',
        data: {
          callId: call.callId,
          metadata: { order: '17' },
          number: 1,
          outcome: 'busy',
          callSid: outcome.attempts[0]?.callSid,
          isLast: false,
          count: 1,
          nextAttemptAt: expect.stringMatching(/Z$/),
          revision: 1,
        },
      },
      {
        type: 'attempt.ended',
        data: { number: 2, outcome: 'answered', isLast: true, count: 2, nextAttemptAt: null, revision: 1 },
      },
      { type: 'call.ended', data: outcome },
    ]);
    expect(new Set(requests.map(idOf)).size).toBe(3);
    for (const run of ['attempt-1', 'notification']) {
      await runOf(call, run).result();
      expect(await statusOf(call, run)).toBe('COMPLETED');
    }
    expect(context.bench.events).toContainEqual({
      kind: 'notified',
      type: 'call.ended',
      result: 'delivered',
    } satisfies ActivityEvent);
  });

  it.each([
    [['call.ended'], ['call.ended']],
    [['attempt.ended'], ['attempt.ended', 'attempt.ended']],
  ])('only %j is asked for: nothing else is told', async (notifyOn, types) => {
    const receiver = await startReceiver();
    const call = await context.bench.start({
      to: context.to,
      notifyUrl: receiver.origin,
      notifyOn,
      retry: soon,
    });
    await ends(call, 1, 'busy');
    await ends(call, 2, 'completed');
    await call.result();
    await runOf(call, 'notification').result();
    const requests = await waitForRequests(receiver, types.length);
    expect(requests.map((one) => verifiedEvent(one).type)).toEqual(types);
  });

  it('no attempt was made: only the outcome is posted', async () => {
    context.twilio.answerLookup = (number) => json(200, lookupAnswer(number, { valid: false }));
    const receiver = await startReceiver();
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin });
    await call.result();
    await runOf(call, 'notification').result();
    expect(receiver.requests.map((one) => verifiedEvent(one))).toMatchObject([
      { type: 'call.ended', data: { outcome: 'invalid-number' } },
    ]);
  });

  it('a late update changes the outcome of a posted attempt: posted again as a revision', async () => {
    const receiver = await startReceiver();
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin, retry: 'thrice' });
    await ends(call, 1, 'busy');
    await waitForRequests(receiver, 1);
    await ends(call, 1, 'completed');
    await call.result();
    const requests = await waitForRequests(receiver, 3);
    expect(requests.map(verifiedEvent)).toMatchObject([
      { data: { number: 1, outcome: 'busy', isLast: false, revision: 1 } },
      { data: { number: 1, outcome: 'answered', isLast: true, count: 1, revision: 2 } },
      { type: 'call.ended', data: { outcome: 'answered' } },
    ]);
    expect(new Set(requests.map(idOf)).size).toBe(3);
  });

  it('canceled while it waits for the next attempt: the attempt before is posted again, as the last', async () => {
    const receiver = await startReceiver();
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin, retry: 'thrice' });
    await ends(call, 1, 'busy');
    await waitForRequests(receiver, 1);
    await call.handle.executeUpdate('cancel', { args: [{}] });
    await call.result();
    expect((await waitForRequests(receiver, 3)).map(verifiedEvent)).toMatchObject([
      { data: { number: 1, isLast: false } },
      { data: { number: 1, outcome: 'busy', isLast: true, revision: 2 } },
      { data: { outcome: 'canceled' } },
    ]);
  });
});

describe('the receiver does not take it', () => {
  it('receiver rejects attempt.ended and accepts call.ended: the outcome is delivered at once, the attempt is retried', async () => {
    const receiver = await startReceiver();
    receiver.answerTo = (body) => ({ status: body.includes('"attempt.ended"') ? 400 : 204 });
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin });
    await ends(call, 1, 'completed');
    await call.result();
    const requests = await waitForRequests(receiver, 2);
    expect(requests.slice(0, 2).map((one) => verifiedEvent(one).type)).toEqual([
      'attempt.ended',
      'call.ended',
    ]);
    await fastForward(context.bench.client, `${call.callId}:notification`, 60);
    const again = (await waitForRequests(receiver, 4)).slice(2);
    expect(new Set(again.map(idOf))).toEqual(new Set([idOf(requests[0])]));
    expect(await statusOf(call, 'notification')).toBe('RUNNING');
  });

  it('it is away for a day: the outcome stands, a dead letter is kept; sent again it is taken', async () => {
    const receiver = await startReceiver({ status: 503 });
    const notifyUrl = `${receiver.origin}/hush?token=hush`;
    const call = await context.bench.start({ to: context.to, notifyUrl, notifyOn: ['call.ended'] });
    await ends(call, 1, 'completed');
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
    expect((await context.store.findCallState(call.callId))?.outcome).toMatchObject({ outcome: 'answered' });

    await waitForRequests(receiver, 1);
    await fastForward(context.bench.client, `${call.callId}:notification`, 86_400 + 60);
    const failure = await runOf(call, 'notification')
      .result()
      .catch((error) => error.cause);
    expect(failure).toMatchObject({ type: 'NotDelivered' });
    expect(failure.message).not.toContain('hush');
    const { deadLetters } = await context.store.listDeadLetters({ callId: call.callId, limit: 10 });
    const error = `${receiver.host} answered 503 to call.ended of call ${call.callId}`;
    expect(deadLetters).toMatchObject([{ type: 'call.ended', url: notifyUrl, state: 'dead', error }]);
    // 5 s, 10 s … an hour, for a day: some 33 tries.
    const tries = receiver.requests.length;
    expect(tries).toBeGreaterThan(25);
    expect(tries).toBeLessThan(45);

    receiver.answer = { status: 204 };
    const id = deadLetters[0]?.id as string;
    expect(await api.post(`/dead-letters/${id}/resend`)).toMatchObject({ status: 202, json: { id } });
    await context.bench.client.workflow.getHandle(`dead-letter:${id}`).result();
    const [again, ...more] = receiver.requests.slice(tries);
    expect(more).toEqual([]);
    expect(verifiedEvent(again)).toMatchObject({ type: 'call.ended', data: await call.result() });
    expect(idOf(again)).toBe(id);
    expect(again).toMatchObject({ body: receiver.requests[0]?.body, url: '/hush?token=hush' });
    expect((await context.store.findDeadLetter(id))?.letter).toMatchObject({
      state: 'delivered',
      resends: 1,
    });
    expect(await api.post(`/dead-letters/${id}/resend`)).toMatchObject({ status: 409 });
  });

  it('it answers 410: a dead letter at once; sent again and refused again, it is dead again', async () => {
    const receiver = await startReceiver({ status: 410 });
    const notifyOn = ['call.ended'];
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin, notifyOn });
    await ends(call, 1, 'completed');
    await call.result();
    await expect(runOf(call, 'notification').result()).rejects.toThrow();
    expect(receiver.requests).toHaveLength(1);
    const [deadLetter] = (await context.store.listDeadLetters({ callId: call.callId, limit: 10 }))
      .deadLetters;
    expect(deadLetter).toMatchObject({ state: 'dead', resends: 0 });
    expect(context.bench.events).toContainEqual({
      kind: 'dead-letter',
      type: 'call.ended',
      id: deadLetter?.id as string,
      host: receiver.host,
    } satisfies ActivityEvent);

    await api.post(`/dead-letters/${deadLetter?.id}/resend`);
    const resend = context.bench.client.workflow.getHandle(`dead-letter:${deadLetter?.id}`);
    await expect(resend.result()).rejects.toThrow();
    const found = await context.store.findDeadLetter(deadLetter?.id as string);
    expect(found?.letter).toMatchObject({ state: 'dead', resends: 1 });
    expect(Date.parse(found?.letter.failedAt as string)).toBeGreaterThan(
      Date.parse(deadLetter?.failedAt as string),
    );
  });

  it('the store is away when it is given up: kept once the store is back', async () => {
    const { saveDeadLetter } = context.store;
    let refusals = 2;
    context.store.saveDeadLetter = async (deadLetter) => {
      if (refusals-- > 0) throw new StoreUnavailable('The outcome store is away.');
      await saveDeadLetter(deadLetter);
    };
    const receiver = await startReceiver({ status: 410 });
    const notifyOn = ['call.ended'];
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin, notifyOn });
    await ends(call, 1, 'completed');
    await call.result();
    await expect(runOf(call, 'notification').result()).rejects.toThrow();
    context.store.saveDeadLetter = saveDeadLetter;
    expect(refusals).toBe(-1);
    const { deadLetters } = await context.store.listDeadLetters({ callId: call.callId, limit: 10 });
    expect(deadLetters).toHaveLength(1);
  });

  it('somebody cancels its run: a dead letter, and the run is canceled', async () => {
    const receiver = await startReceiver({ status: 503 });
    const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin });
    await ends(call, 1, 'completed');
    await call.result();
    await waitForRequests(receiver, 2);
    await runOf(call, 'notification').cancel();
    await expect(runOf(call, 'notification').result()).rejects.toThrow();
    expect(await statusOf(call, 'notification')).toBe('CANCELLED');
    const { deadLetters } = await context.store.listDeadLetters({ callId: call.callId, limit: 10 });
    expect(deadLetters).toHaveLength(2);
  });
});

it('call id as long as Temporal allows: posted too', async () => {
  const receiver = await startReceiver();
  const callId = 'x'.repeat(1000);
  const call = await context.bench.start({ to: context.to, notifyUrl: receiver.origin, retry: soon }, callId);
  await ends(call, 1, 'busy');
  await ends(call, 2, 'completed');
  await call.result();
  expect((await waitForRequests(receiver, 3)).map((one) => verifiedEvent(one).data.callId)).toEqual([
    callId,
    callId,
    callId,
  ]);
});
