import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../activities/store/database/storeError.js';
import type { CallHandle } from '../support/callBench.js';
import { fastForward } from '../support/fastForward.js';
import { created, cut, json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ absentAfterSeconds: 3 });

const end = { CallDuration: '7', SequenceNumber: '3' };

describe('the create request reached Twilio, and its response was lost', () => {
  it.each<readonly [string, () => Response]>([
    ['the connection is cut', () => cut()],
    ['500 after the call was made', () => twilioError(500, 20500, 'internal')],
    ['a proxy answers 502 with HTML', () => new Response('<html>Bad gateway</html>', { status: 502 })],
    ...[400, 401, 403, 404, 422, 429, 451].map(
      (status) =>
        [
          `a page of a proxy with ${status} after the call was made`,
          () => new Response('<html>Blocked by policy</html>', { status }),
        ] as const,
    ),
    ["a JSON error that is not Twilio's", () => json(403, { error: 'forbidden' })],
    ["a gateway's own code", () => json(403, { code: 7, message: 'blocked by policy', details: [] })],
    ["a gateway's status as its code", () => json(429, { code: 429, message: 'slow down', status: 429 })],
    [
      "a code under another site's address",
      () => json(403, { code: 20003, message: 'no', more_info: 'https://gateway.example/twilio.com/20003' }),
    ],
    ['a 201 that breaks off', () => new Response('{"sid": "CA', { status: 201 })],
    ['an empty 201', () => new Response('', { status: 201 })],
    ['a 201 without a SID', () => json(201, { sid: null, status: 'queued' })],
    ['408 from a gateway', () => new Response('', { status: 408 })],
    ['a redirect', () => new Response('', { status: 307, headers: { location: 'http://127.0.0.1:9/' } })],
  ])("%s: found in Twilio's list, dialed once", async (_, answer) => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return answer();
    };
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = context.twilio.calls[0]?.sid as string;
    expect(attempts[0]).toMatchObject({ callSid: sid, evidence: { create: { sidFrom: 'list' } } });
    expect(attempts[0]?.evidence.create?.unclear).toBeTruthy();
    await call.callback(1, sid, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it.each([
    ['+4407700900123', '+447700900123'],
    ['+525512345673', '+5215512345673'],
    ['+5491123456789', '+541123456789'],
    ['+5511987654321', '+551187654321'],
  ])('%s is called, and the list of Twilio writes %s: found, dialed once', async (to, listed) => {
    context.twilio.answerCreate = ({ make }) => {
      make().to = listed;
      return cut();
    };
    const call = await context.bench.start({ to });
    await call.until((s) => s.state === 'queued');
    const sid = context.twilio.calls[0]?.sid as string;
    await call.callback(1, sid, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('the list of Twilio writes the caller id otherwise: found, dialed once', async () => {
    context.twilio.answerCreate = ({ make }) => {
      make().from = '+5215512345673';
      return cut();
    };
    const call = await context.bench.start({ to: context.to, from: '+525512345673' });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('a callback names the attempt before the list shows the call: that is the call', async () => {
    context.twilio.answerList = () => json(200, { calls: [], next_page_uri: null });
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const call = await context.bench.start({ to: context.to });
    const unclear = await call.until((s) => s.waitingFor?.includes('unclear') ?? false);
    expect(unclear).toMatchObject({ state: 'placing', attempts: [{ callSid: null }] });
    const sid = context.twilio.calls[0]?.sid as string;
    await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
    await call.until((s) => s.state === 'ringing');
    await call.callback(1, sid, 'completed', end);
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      callSid: sid,
      attempts: [{ evidence: { create: { sidFrom: 'callback' } } }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it("the list shows calls of other attempts and older ones too: none of them is taken for this attempt's", async () => {
    const first = await context.bench.start({ to: context.to });
    await first.until((s) => s.state === 'queued');
    context.twilio.answerCreate = ({ form, make }) => {
      const old = make();
      old.date_created = new Date(Date.now() - 3_600_000).toUTCString();
      const inbound = make();
      inbound.direction = 'inbound';
      const ours = make();
      expect(form.get('To')).toBe(context.to);
      expect(ours.sid).toBeTruthy();
      return cut();
    };
    const second = await context.bench.start({ to: context.to });
    const { attempts } = await second.until((s) => s.state === 'queued');
    expect(attempts[0]?.callSid).toBe(context.twilio.calls[0]?.sid);
    for (const call of [first, second]) {
      const { attempts } = await call.state();
      await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
      await call.result();
    }
  });

  it('two calls could be it, since somebody else dials with the account: only the callback decides', async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      make();
      return cut();
    };
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.waitingFor?.includes('unclear') ?? false);
    const sid = context.twilio.calls[1]?.sid as string;
    while (context.twilio.requests.filter((r) => r === 'GET /Calls.json').length < 2)
      await new Promise((r) => setTimeout(r, 50));
    expect((await call.state()).attempts[0]?.callSid).toBeNull();
    await call.callback(1, sid, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered', callSid: sid });
  });

  it('the list was wrong and a callback names another call: the callback is believed', async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.state === 'queued');
    const sid = 'CAeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
    await call.callback(1, sid, 'busy', { SequenceNumber: '2' });
    expect(await call.result()).toMatchObject({ outcome: 'busy', callSid: sid });
  });

  it('the list showed a call of another program that had ended: a callback names the right one, which is followed', async () => {
    context.twilio.answerCreate = ({ make }) => {
      make().status = 'busy';
      return cut();
    };
    const { settings } = context.bench;
    const usual = settings.callbackWaitSeconds;
    settings.callbackWaitSeconds = 1;
    const call = await context.bench.start({ to: context.to, retry: 'thrice' });
    await call.until((s) => s.state === 'waiting-to-retry');
    settings.callbackWaitSeconds = usual;
    const sid = 'CAeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
    await call.callback(1, sid, 'ringing', { SequenceNumber: '1' });
    await call.until((s) => s.state === 'ringing');
    await call.callback(1, sid, 'completed', end);
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      callSid: sid,
      attempts: [{ number: 1, callSid: sid }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('the create request certainly made no call', () => {
  it('500 before the call was made: dialed again only after Twilio has shown no trace of it', async () => {
    let lists = 0;
    context.twilio.answerList = (calls) => {
      lists++;
      return json(200, { calls, next_page_uri: null });
    };
    context.twilio.answerCreate = ({ make }) =>
      context.twilio.creates.length === 1 ? twilioError(500, 20500, 'internal') : created(make());
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    expect(attempts).toHaveLength(1);
    expect(lists).toBeGreaterThan(1);
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ number: 1 }] });
    expect(context.twilio.creates).toHaveLength(2);
    expect(context.twilio.calls).toHaveLength(1);
  });

  it('429, asked to try again at once, each time: with growing pauses, or history would have no end', async () => {
    context.twilio.answerCreate = () => twilioError(429, 20429, 'Too Many Requests', { 'retry-after': '0' });
    const call = await context.bench.start({ to: context.to });
    await call.until(() => context.twilio.creates.length === 3);
    const { events } = await call.handle.fetchHistory();
    const pauses = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
      timer ? [Number(timer.startToFireTimeout?.seconds)] : [],
    );
    expect(pauses.slice(0, 2)).toEqual([1, 2]);
    await call.handle.executeUpdate('cancel', { args: [{}] });
    expect(await call.result()).toMatchObject({ outcome: 'canceled', attempts: [] });
  });

  it("Twilio's list can't be read: not dialed again, however long it takes", async () => {
    context.twilio.answerList = () => json(503, {});
    context.twilio.answerCreate = ({ make }) =>
      context.twilio.creates.length === 1 ? cut() : created(make());
    const call = await context.bench.start({ to: context.to });
    while (context.twilio.requests.filter((r) => r === 'GET /Calls.json').length < 4)
      await new Promise((r) => setTimeout(r, 50));
    expect(context.twilio.creates).toHaveLength(1);
    context.twilio.answerList = context.defaults.answerList;
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered' });
    expect(context.twilio.calls).toHaveLength(1);
  });

  it.each([
    ['429 with Retry-After', () => twilioError(429, 20429, 'Too many requests', { 'retry-after': '1' })],
    ['429 without', () => twilioError(429, 20429, 'Too many requests')],
    ['429 of a proxy', () => new Response('slow down', { status: 429 })],
  ])('%s: placed again in the same attempt', async (_, answer) => {
    context.twilio.answerCreate = ({ make }) =>
      context.twilio.creates.length === 1 ? answer() : created(make());
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ number: 1 }] });
    expect(context.twilio.creates).toHaveLength(2);
  });

  it.each([
    ['wrong credentials', 401, 20003],
    ['a suspended account', 403, 10001],
    ['too many calls at once', 400, 10004],
  ])(
    '%s: nothing is concluded of the number, the call waits and goes on by itself',
    async (_, status, code) => {
      let mended = false;
      context.twilio.answerCreate = ({ make }) =>
        mended ? created(make()) : twilioError(status, code, 'Authenticate');
      const call = await context.bench.start({ to: context.to });
      const waiting = await call.until((s) => s.state === 'waiting');
      expect(waiting).toMatchObject({ outcome: null });
      expect(waiting.waitingFor).toContain(String(code));
      expect(context.bench.events.some((n) => n.kind === 'account-trouble' && n.code === code)).toBe(true);
      mended = true;
      const { attempts } = await call.until((s) => s.state === 'queued');
      expect(
        context.bench.events.at(-1)?.kind === 'account-ok' ||
          context.bench.events.some((n) => n.kind === 'account-ok'),
      ).toBe(true);
      await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
      expect(await call.result()).toMatchObject({ outcome: 'answered', attempts: [{ number: 1 }] });
    },
  );
});

/** An operator resets the workflow to its very beginning; `signals: 'forgotten'` lets it start without what it had heard. */
async function reset(call: CallHandle, signals: 'heard again' | 'forgotten' = 'heard again'): Promise<void> {
  const history = await call.handle.fetchHistory();
  const firstTask = history.events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  const { runId } = await call.handle.describe();
  await context.bench.client.workflowService.resetWorkflowExecution({
    namespace: context.bench.client.options.namespace,
    workflowExecution: { workflowId: call.callId, runId },
    reason: 'an operator',
    workflowTaskFinishEventId: firstTask ?? null,
    requestId: randomUUID(),
    ...(signals === 'forgotten' ? { resetReapplyExcludeTypes: [1] } : {}),
  });
}

describe('a placement is executed again', () => {
  it('the workflow is reset to before it placed the call: the same Twilio call, nothing dialed', async () => {
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    await reset(call);
    const again = await call.until((s) => s.attempts[0]?.evidence.create?.sidFrom === 'journal');
    expect(again.attempts[0]?.callSid).toBe(sid);
    await call.callback(1, sid, 'completed', end);
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'answered',
      callSid: sid,
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('it is reset while the journal of creates is away: nothing is dialed in its place', async () => {
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    let refused = 0;
    const { claimPlacement } = context.store;
    context.store.claimPlacement = async (claim) => {
      if (claim.callId !== call.callId || refused >= 2) return claimPlacement(claim);
      refused++;
      throw new StoreUnavailable('away');
    };
    await reset(call);
    await call.until((s) => s.attempts[0]?.evidence.create?.sidFrom === 'journal');
    expect(refused).toBe(2);
    await call.callback(1, sid, 'completed', end);
    await context.bench.client.workflow.getHandle(call.callId).result();
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('a finished call is reset: nothing is dialed, and the recorded outcome stays', async () => {
    const retry = {
      maxAttempts: 3,
      retryOn: ['failed'],
      initialIntervalSeconds: 0,
      maximumIntervalSeconds: 0,
    };
    const call = await context.bench.start({ to: context.to, retry });
    const { attempts } = await call.until((s) => s.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    Object.assign(context.twilio.calls[0] as object, { status: 'failed' });
    await call.callback(1, sid, 'failed', { SequenceNumber: '2', SipResponseCode: '480' });
    expect(await call.result()).toMatchObject({ outcome: 'no-answer', decidedBy: 'webhook' });
    // Asked anew, Twilio tells no SIP code: this time it would be a failure that the policy dials again for.
    await reset(call, 'forgotten');
    const again = context.bench.client.workflow.getHandle(call.callId);
    await fastForward(context.bench.client, call.callId, 120);
    expect(await again.result()).toMatchObject({
      outcome: 'no-answer',
      decidedBy: 'webhook',
      attempts: [{ number: 1 }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('it is reset during its second attempt: both attempts are followed to their true ends', async () => {
    const retry = { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 0, maximumIntervalSeconds: 0 };
    const call = await context.bench.start({ to: context.to, retry });
    const first = (await call.until((s) => s.attempts[0]?.callSid != null)).attempts[0]?.callSid as string;
    await call.callback(1, first, 'busy', { SequenceNumber: '2' });
    const second = (await call.until((s) => s.attempts[1]?.callSid != null)).attempts[1]?.callSid as string;
    await call.callback(2, second, 'ringing', { SequenceNumber: '1' });
    await call.until((s) => s.state === 'ringing');
    await reset(call);
    await call.until((s) => s.attempts[1]?.status === 'ringing');
    await call.callback(2, second, 'completed', end);
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'answered',
      attempts: [
        { callSid: first, outcome: 'busy' },
        { callSid: second, outcome: 'answered' },
      ],
    });
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('it is reset after somebody asked it to stop: the call that it had placed is ended, not forgotten', async () => {
    context.twilio.answerUpdate = (found) => created(found);
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.handle.executeUpdate('cancel');
    await expect
      .poll(() => context.twilio.requests.filter((r) => r.startsWith('POST /Calls/')).length)
      .toBe(1);
    await reset(call);
    context.twilio.answerUpdate = context.defaults.answerUpdate;
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'poll',
      callSid: attempts[0]?.callSid,
      attempts: [{ number: 1, status: 'canceled', evidence: { create: { sidFrom: 'journal' } } }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('workflow reset after a cancel while the placement is unclear: the call is searched for and hung up', async () => {
    let hidden = true;
    context.twilio.answerCreate = async ({ make }) => {
      make();
      return cut();
    };
    context.twilio.answerList = (calls) =>
      hidden ? twilioError(503, 20503, 'away') : context.defaults.answerList(calls);
    const call = await context.bench.start({ to: context.to });
    await call.until((s) => s.waitingFor?.includes('unclear') ?? false);
    await call.handle.executeUpdate('cancel');
    await reset(call);
    await call.until((s) => s.waitingFor?.includes('sent before') ?? false);
    hidden = false;
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'poll',
      attempts: [{ number: 1, status: 'canceled', evidence: { create: { sidFrom: 'list' } } }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('it is reset during its second attempt after somebody asked it to stop: both attempts are in the outcome', async () => {
    const retry = { maxAttempts: 2, retryOn: ['busy'], initialIntervalSeconds: 0, maximumIntervalSeconds: 0 };
    context.twilio.answerUpdate = (found) => created(found);
    const call = await context.bench.start({ to: context.to, retry });
    const first = (await call.until((s) => s.attempts[0]?.callSid != null)).attempts[0]?.callSid as string;
    await call.callback(1, first, 'busy', { SequenceNumber: '2' });
    const second = (await call.until((s) => s.attempts[1]?.callSid != null)).attempts[1]?.callSid as string;
    await call.handle.executeUpdate('cancel');
    await reset(call);
    await expect
      .poll(async () => (await call.state()).attempts.map((one) => one.callSid))
      .toEqual([first, second]);
    context.twilio.answerUpdate = context.defaults.answerUpdate;
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'canceled',
      attempts: [
        { callSid: first, outcome: 'busy' },
        { callSid: second, outcome: 'canceled' },
      ],
    });
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('it is reset after giveUpAt: the call that it had placed is followed to its end', async () => {
    const call = await context.bench.start({
      to: context.to,
      giveUpAt: new Date(Date.now() + 2000).toISOString(),
    });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await reset(call);
    await call.until((s) => s.attempts[0]?.evidence.create?.sidFrom === 'journal');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ number: 1 }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('it is reset and canceled, and had dialed nothing: canceled at once', async () => {
    const call = await context.bench.start({ to: context.to, notBefore: '2099-01-01T00:00:00Z' });
    await call.until((s) => s.state === 'waiting');
    await reset(call);
    await call.until((s) => s.state === 'waiting');
    await call.handle.executeUpdate('cancel');
    expect(await context.bench.client.workflow.getHandle(call.callId).result()).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'cancel',
      attempts: [],
    });
  });

  it('a call id is used again for another number: refused, nothing dialed', async () => {
    const call = await context.bench.start({ to: context.to });
    const { attempts } = await call.until((s) => s.state === 'queued');
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    await call.result();
    const again = await context.bench.client.workflow.start('outboundCall', {
      taskQueue: context.bench.taskQueue,
      workflowId: call.callId,
      args: [{ to: '+15005550999', twiml: '<Response/>' }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    expect(await again.result().catch((error) => error.cause)).toMatchObject({ type: 'CallIdTaken' });
    expect(context.twilio.creates).toHaveLength(1);
  });
});

it('ten calls to one destination at once, every answer lost: each finds its own call, none is dialed twice', async () => {
  context.twilio.answerCreate = async ({ make }) => {
    make();
    return cut();
  };
  const calls = await Promise.all(Array.from({ length: 10 }, () => context.bench.start({ to: context.to })));
  const sids = new Set<string>();
  for (const call of calls) {
    const { attempts } = await call.until((s) => s.attempts[0]?.callSid != null);
    sids.add(attempts[0]?.callSid as string);
    await call.callback(1, attempts[0]?.callSid as string, 'completed', end);
    await call.result();
  }
  expect(sids.size).toBe(10);
  expect(context.twilio.creates).toHaveLength(10);
}, 120_000);
