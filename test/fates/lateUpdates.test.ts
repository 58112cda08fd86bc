import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type CallHandle, callHandle, from, startCallBench } from '../support/callBench.js';
import { changedWorkflow } from '../support/changedWorkflow.js';
import { created, cut, json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ absentAfterSeconds: 1, pollIntervalSeconds: 1, callbackWaitSeconds: 2 });
const retry = {
  maxAttempts: 2,
  retryOn: ['busy'],
  initialIntervalSeconds: 1,
  maximumIntervalSeconds: 1,
  backoffCoefficient: 1,
};
const answered = { SequenceNumber: '3', CallDuration: '7' };

async function placed(call: CallHandle, attempt = 1): Promise<string> {
  const { attempts } = await call.until((s) => s.attempts[attempt - 1]?.callSid != null);
  return attempts[attempt - 1]?.callSid as string;
}

describe('a placement counted as never made, and the next one is on its way', () => {
  it('a callback proves the first, and Twilio refuses the second: the call that was made is followed', async () => {
    context.twilio.answerList = () => json(200, { calls: [], next_page_uri: null });
    let sid = '';
    context.twilio.answerCreate = ({ make }) => {
      sid = make().sid;
      return cut();
    };
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    await call.until((s) => s.waitingFor?.includes('unclear') ?? false);
    context.twilio.answerCreate = async () => {
      await call.callback(1, sid, 'in-progress', { SequenceNumber: '2' });
      return twilioError(400, 21211, 'Invalid To');
    };
    await call.until((s) => s.state === 'in-progress');
    await call.callback(1, sid, 'completed', answered);
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid });
  });
});

describe('a late update changes the outcome of the attempt, while the call waits to dial again', () => {
  const hourly = {
    ...retry,
    retryOn: ['busy', 'failed'],
    initialIntervalSeconds: 3600,
    maximumIntervalSeconds: 3600,
  };

  it('Twilio, asked, said busy, and a callback says completed: the callback decided, and tells when it ended', async () => {
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'busy' });
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry: hourly });
    const sid = await placed(call);
    await call.until((s) => s.state === 'waiting-to-retry' && s.attempts[0]?.decidedBy === 'poll');
    await call.callback(1, sid, 'completed', { ...answered, Timestamp: 'Tue, 03 Mar 2026 09:30:00 +0000' });
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      decidedBy: 'webhook',
      attempts: [{ outcome: 'answered', decidedBy: 'webhook', endedAt: '2026-03-03T09:30:00.000Z' }],
    });
  });

  it('it had failed for a noted reason, and a callback says completed: no error', async () => {
    context.twilio.notifications = [
      { error_code: '32016', log: '0', message_text: 'no response from carriers' },
    ];
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry: hourly });
    const sid = await placed(call);
    await call.callback(1, sid, 'failed', { SequenceNumber: '2' });
    await call.until((s) => s.state === 'waiting-to-retry' && s.attempts[0]?.errorCode === 32016);
    await call.callback(1, sid, 'completed', answered);
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      reason: null,
      errorCode: null,
      attempts: [{ outcome: 'answered', errorCode: null }],
    });
  });
});

describe('a late update comes when the next attempt is due, and has to wait all the same', () => {
  const again = { ...retry, retryOn: ['failed', 'no-answer'] };
  const pausedAfter = async (status: string) => {
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status });
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry: again });
    const sid = await placed(call);
    await call.handle.executeUpdate('pause', { args: [{}] });
    await call.until((s) => s.state === 'waiting' && s.attempts[0]?.outcome === status);
    return { call, sid };
  };

  it('the callee wants no such calls: never dialed again, and on the do-not-call list', async () => {
    const { doNotCall } = context.bench.settings;
    context.bench.settings.doNotCall = { ...doNotCall, addOptOuts: true };
    try {
      const { call, sid } = await pausedAfter('failed');
      await call.callback(1, sid, 'failed', { SequenceNumber: '2', SipResponseCode: '607' });
      expect(await call.result()).toMatchObject({
        sipResponseCode: 607,
        attempts: [{ sipResponseCode: 607 }],
      });
      expect(context.twilio.creates).toHaveLength(1);
      expect(await context.store.findDoNotCall(context.to)).toMatchObject({ source: 'opt-out' });
    } finally {
      context.bench.settings.doNotCall = doNotCall;
    }
  });

  it('it was answered, and then somebody cancels: answered', async () => {
    const { call, sid } = await pausedAfter('no-answer');
    await call.callback(1, sid, 'completed', answered);
    await call.handle.executeUpdate('cancel', { args: [{}] }).catch(() => {});
    expect(await call.result()).toMatchObject({ outcome: 'answered', decidedBy: 'webhook', attempts: [{}] });
  });

  it('another outcome that is retried: waits for that one, and is dialed', async () => {
    const { call, sid } = await pausedAfter('failed');
    await call.callback(1, sid, 'no-answer', { SequenceNumber: '2' });
    await call.until((s) => s.attempts[0]?.outcome === 'no-answer');
    await call.handle.executeUpdate('resume', { args: [{}] });
    await call.callback(2, await placed(call, 2), 'completed', answered);
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ outcome: 'no-answer', decidedBy: 'webhook' }, { outcome: 'answered' }],
    });
  });

  it('another call to the number is under way: not dialed after it', async () => {
    context.bench.settings.callsPerNumber = 1;
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'no-answer' });
    const call = await context.bench.start({
      to: context.to,
      lookup: 'off',
      retry: { ...again, initialIntervalSeconds: 3, maximumIntervalSeconds: 3 },
    });
    const sid = await placed(call);
    await call.until((s) => s.state === 'waiting-to-retry');
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'in-progress' });
    const other = await context.bench.start({ to: context.to, lookup: 'off' });
    const otherSid = await placed(other);
    await call.until((s) => s.waitingFor?.includes('another call to this number') ?? false);
    await call.callback(1, sid, 'completed', answered);
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ outcome: 'answered' }] });
    await other.callback(1, otherSid, 'completed', answered);
    expect(await other.result()).toMatchObject({ outcome: 'answered' });
  });

  it('while the next attempt rings: that one decides, and the record of the first is true', async () => {
    context.twilio.answerFetch = (resource) => json(200, { ...resource, status: 'no-answer' });
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry: again });
    const first = await placed(call);
    const second = await placed(call, 2);
    await call.callback(1, first, 'completed', answered);
    await call.callback(2, second, 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({
      outcome: 'busy',
      attempts: [
        { outcome: 'answered', decidedBy: 'webhook', evidence: { disagreed: true } },
        { outcome: 'busy' },
      ],
    });
  });
});

describe('the store does not learn in time what became of a create', () => {
  it('the store is back: the call counts as a contact, by its SID', async () => {
    const defaults = context.store.settlePlacement;
    context.store.settlePlacement = () => Promise.reject(new Error('the store is away'));
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    const sid = await placed(call);
    context.store.settlePlacement = defaults;
    const key = { callId: call.callId, attempt: 1, placement: 1 };
    await vi.waitFor(
      async () =>
        expect(await context.store.findPlacement(key)).toMatchObject({ result: 'created', callSid: sid }),
      { timeout: 10_000 },
    );
    await call.callback(1, sid, 'completed', answered);
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
  });

  it('the attempt ends all the same: the next one is not held up by it', async () => {
    const defaults = context.store.settlePlacement;
    context.store.settlePlacement = () => Promise.reject(new Error('the store is away'));
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry });
    const first = await placed(call);
    context.store.settlePlacement = defaults;
    await call.callback(1, first, 'busy', { SequenceNumber: '2' });
    await call.callback(2, await placed(call, 2), 'completed', answered);
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{}, {}] });
  });
});

describe('a workflow that somebody terminated while Twilio had its call', () => {
  it('started again under another policy: the call that it had placed is followed to its end', async () => {
    const callId = `call-${randomUUID()}`;
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry }, callId);
    const first = await placed(call);
    await call.callback(1, first, 'busy', { SequenceNumber: '2' });
    const second = await placed(call, 2);
    await call.handle.terminate('by mistake');
    context.twilio.answerFetch = (resource) =>
      json(
        200,
        resource?.sid === first ? { ...resource, status: 'busy' } : { ...resource, status: 'completed' },
      );
    const handle = await context.bench.client.workflow.start('outboundCall', {
      taskQueue: context.bench.taskQueue,
      workflowId: callId,
      args: [{ to: context.to, twiml: '<Response/>', lookup: 'off', retry: { ...retry, maxAttempts: 1 } }],
    });
    const again = callHandle(context.bench.client, callId, handle);
    expect(await again.result()).toMatchObject({ outcome: 'answered', callSid: second });
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('Twilio says that its call is over: the number is free for another call', async () => {
    context.bench.settings.callsPerNumber = 1;
    context.twilio.answerCreate = ({ make }) => created(make());
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    const sid = await placed(call);
    await call.handle.terminate('by mistake');
    const next = await context.bench.start({ to: context.to, lookup: 'off' });
    await next.until((s) => s.waitingFor?.includes('another call to this number') ?? false);
    await context.store.markEnded({ callId: call.callId, attempt: 1, callSid: sid });
    await next.callback(1, await placed(next), 'completed', answered);
    expect(await next.result()).toMatchObject({ outcome: 'answered' });
  });
});

describe('a callback names a second Twilio call for the attempt', () => {
  it('the attempt keeps its own call, the second one is ended, and the alarm is raised', async () => {
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const own = attempts[0]?.callSid as string;
    const duplicate = context.twilio.makeCall({ To: context.to, From: from });
    await call.callback(1, duplicate.sid, 'ringing', { SequenceNumber: '1' });
    await expect.poll(() => context.twilio.requests).toContain(`POST /Calls/${duplicate.sid}.json`);
    await call.callback(1, own, 'completed', { SequenceNumber: '3' });
    const result = await call.result();
    expect(result).toMatchObject({ outcome: 'answered', callSid: own });
    expect(result.timeline.map(({ text }) => text)).toContainEqual(
      expect.stringContaining(`a callback names ${duplicate.sid} too`),
    );
    expect(context.bench.events).toContainEqual(
      expect.objectContaining({ kind: 'duplicate-call', callSid: own, duplicateSid: duplicate.sid }),
    );
  });

  it('a call to another number: nothing is ended', async () => {
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const own = attempts[0]?.callSid as string;
    const other = context.twilio.makeCall({ To: '+15005550199', From: from });
    await call.callback(1, other.sid, 'ringing');
    await expect.poll(() => context.twilio.requests).toContain(`GET /Calls/${other.sid}.json`);
    await call.callback(1, own, 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', callSid: own });
    expect(context.twilio.requests.filter((request) => request.startsWith('POST /Calls/CA'))).toEqual([]);
  });

  it.each([
    ['at first: it is ended once it can be read', true],
    ['at all: an alarm, and the call ends all the same', false],
  ])('Twilio does not show the call %s', async (_, isShown) => {
    const call = await context.bench.start({ to: context.to, lookup: 'off' });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const own = attempts[0]?.callSid as string;
    const unseen = `CA${'f'.repeat(32)}`;
    await call.callback(1, unseen, 'initiated');
    await call.callback(1, own, 'busy', { SequenceNumber: '2' });
    // The outcome does not wait for it.
    expect((await call.until((s) => s.state === 'done')).outcome).toMatchObject({ callSid: own });
    if (isShown) {
      const second = context.twilio.makeCall({ To: context.to, From: from });
      Object.assign(second, { sid: unseen, status: 'ringing' });
    }
    expect(await call.result()).toMatchObject({ outcome: 'busy', callSid: own });
    expect(context.bench.events).toContainEqual(
      expect.objectContaining({ kind: 'duplicate-call', callId: call.callId, duplicateSid: unseen }),
    );
    expect(context.twilio.requests.includes(`POST /Calls/${unseen}.json`)).toBe(isShown);
  });
});

it('Twilio notes why an attempt failed after the retry has begun: its code is in the outcome all the same', async () => {
  const call = await context.bench.start({
    to: context.to,
    lookup: 'off',
    retry: { ...retry, retryOn: ['failed'] },
  });
  await call.callback(1, await placed(call), 'failed', { SequenceNumber: '1' });
  const second = await placed(call, 2);
  context.twilio.notifications = [{ error_code: '13224', log: '0', message_text: 'no carrier can deliver' }];
  await call.callback(2, second, 'completed', answered);
  expect(await call.result()).toMatchObject({
    outcome: 'answered',
    attempts: [
      { outcome: 'failed', errorCode: 13224 },
      { outcome: 'answered', errorCode: null },
    ],
  });
});

it('a callback proves that an attempt nobody could resolve made a call: it is followed, and not dialed again', async () => {
  const { store, twilio } = context;
  const bench = await startCallBench({
    store,
    twilioUrl: twilio.url,
    settings: { ...context.bench.settings, decideWithinSeconds: 1 },
    workflowBundle: await changedWorkflow([
      'const maxQueueSeconds = 24 * 3600;',
      'const maxQueueSeconds = 1;',
      'rules/twilioStatus.ts',
    ]),
  });
  // Two calls could be the attempt's, and only a callback can tell.
  twilio.answerCreate = ({ make }) => {
    make();
    make();
    return cut();
  };
  const call = await bench.start({
    to: context.to,
    lookup: 'off',
    retry: { ...retry, retryOn: ['unknown'], initialIntervalSeconds: 3600, maximumIntervalSeconds: 3600 },
  });
  await call.until((s) => s.attempts[0]?.outcome === 'unknown');
  const { sid } = twilio.calls[1] as { sid: string };
  await call.callback(1, sid, 'in-progress', { SequenceNumber: '2' });
  await call.until((s) => s.attempts[0]?.status === 'in-progress');
  await call.callback(1, sid, 'completed', answered);
  expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid, attempts: [{ number: 1 }] });
  expect(twilio.creates).toHaveLength(1);
  await bench.stop();
});
