import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createActivities } from '../../activities/createActivities.js';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase } from '../../activities/store/openStore.js';
import { callStarter } from '../../src/temporal/callStarter.js';
import type { AcceptedCall } from '../../workflows/callActivities.js';
import { accountSid, type CallHandle } from '../support/callBench.js';
import { type CallResource, created, cut, json, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ absentAfterSeconds: 2, callsInFlight: 20 });
let db: Database;
beforeAll(async () => {
  db = await openDatabase({ databaseUrl: inject('databaseUrl') });
});
afterAll(() => db.close());

/** The activities that the workflow has asked for, in order. */
async function activitiesOf(call: CallHandle): Promise<string[]> {
  const { events } = await call.handle.fetchHistory();
  return (events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
  );
}

/** Starts a call. Twilio's answer to its create may use it. */
async function startAnswering(
  answer: (call: CallHandle, make: () => CallResource) => Promise<Response>,
): Promise<CallHandle> {
  let known = (_: CallHandle) => {};
  const started = new Promise<CallHandle>((resolve) => {
    known = resolve;
  });
  context.twilio.answerCreate = async ({ make }) => answer(await started, make);
  const call = await context.bench.start({ to: context.to });
  known(call);
  return call;
}

const end = async (call: CallHandle, callStatus = 'completed') => {
  const { attempts } = await call.until((state) => state.attempts[0]?.callSid != null);
  await call.callback(1, attempts[0]?.callSid as string, callStatus, {
    CallDuration: '7',
    SequenceNumber: '3',
  });
  return call.result();
};

describe('the account has capacity to spare', () => {
  it('nothing to wait for: placed by the activity that accepts the call', async () => {
    const call = await context.bench.start({ to: context.to });
    expect(await end(call)).toMatchObject({
      outcome: 'answered',
      attempts: [{ number: 1, evidence: { create: { sidFrom: 'created' } } }],
    });
    expect(await activitiesOf(call)).toEqual(['acceptAndLookUp', 'recordOutcome']);
    expect(context.twilio.creates).toHaveLength(1);
  });

  it.each<[string, () => Response, object]>([
    [
      'the number',
      () => twilioError(400, 21211, 'not valid'),
      { outcome: 'invalid-number', decidedBy: 'create' },
    ],
    ['the request', () => twilioError(400, 21216, 'blocked'), { outcome: 'rejected', decidedBy: 'create' }],
  ])('Twilio refuses %s: that decides', async (_, answer, outcome) => {
    context.twilio.answerCreate = answer;
    const call = await context.bench.start({ to: context.to });
    expect(await call.result()).toMatchObject(outcome);
    expect(await activitiesOf(call)).toEqual(['acceptAndLookUp', 'recordOutcome']);
  });

  it('Twilio asks to wait: the dial queue places it next', async () => {
    let requests = 0;
    context.twilio.answerCreate = ({ make }) =>
      ++requests === 1 ? twilioError(429, 20429, 'slow down') : created(make());
    const call = await context.bench.start({ to: context.to });
    expect(await end(call)).toMatchObject({ outcome: 'answered' });
    expect(await activitiesOf(call)).toContain('placeCall');
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('the answer to the create is lost: searched for, found, dialed once', async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const call = await context.bench.start({ to: context.to });
    expect(await end(call)).toMatchObject({ attempts: [{ evidence: { create: { sidFrom: 'list' } } }] });
    expect(await activitiesOf(call)).toEqual(['acceptAndLookUp', 'findUnclearCall', 'recordOutcome']);
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('the answer to the create is lost, and a callback comes first: that is the call', async () => {
    context.twilio.answerList = () => json(503, {});
    const call = await startAnswering(async ({ callback }, make) => {
      await callback(1, make().sid, 'ringing', { SequenceNumber: '1' });
      return cut();
    });
    expect(await end(call)).toMatchObject({
      outcome: 'answered',
      callSid: context.twilio.calls[0]?.sid,
      attempts: [{ evidence: { create: { sidFrom: 'callback' } } }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('callbacks come before the create has answered: none is lost', async () => {
    const call = await startAnswering(async ({ callback }, make) => {
      const made = make();
      await callback(1, made.sid, 'ringing', { SequenceNumber: '1' });
      await callback(1, made.sid, 'busy', { SequenceNumber: '2', CallDuration: '0' });
      return created(made);
    });
    expect(await call.result()).toMatchObject({ outcome: 'busy', decidedBy: 'webhook' });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it.each(['cancel', 'pause'])(
    '%s while it is being accepted: the call that was made is followed to its end',
    async (update) => {
      const call = await startAnswering(async ({ handle }, make) => {
        await handle.executeUpdate(update, { args: [{}] });
        return created(make());
      });
      const outcome = update === 'cancel' ? await call.result() : await end(call);
      expect(outcome).toMatchObject(
        update === 'cancel' ? { outcome: 'canceled', decidedBy: 'poll' } : { outcome: 'answered' },
      );
      expect(context.twilio.calls[0]?.status).toBe(update === 'cancel' ? 'canceled' : 'queued');
      expect(context.twilio.creates).toHaveLength(1);
    },
  );
});

describe('the call has to wait: the dial queue has it', () => {
  const usesQueue = async (call: CallHandle) => {
    await end(call);
    expect(await activitiesOf(call)).toContain('placeCall');
    expect(context.twilio.creates).toHaveLength(1);
  };

  it('notBefore is ahead', async () => {
    const notBefore = new Date(Date.now() + 1500).toISOString();
    const call = await context.bench.start({ to: context.to, notBefore });
    await usesQueue(call);
    expect(Date.parse((await call.result()).attempts[0]?.placedAt as string)).toBeGreaterThanOrEqual(
      Date.parse(notBefore),
    );
  });

  it('the next send time is ahead', async () => {
    await db.query(
      `insert into account_pacing (account_sid, next_send_at) values ($1, clock_timestamp() + interval '1 second')
       on conflict (account_sid) do update set next_send_at = excluded.next_send_at`,
      [accountSid],
    );
    await usesQueue(await context.bench.start({ to: context.to }));
  });

  it('less than a tenth of the places in flight is free', async () => {
    const open = await Promise.all(
      Array.from({ length: 18 }, (_, n) => context.bench.start({ to: `${context.to}${n}`, lookup: 'off' })),
    );
    await Promise.all(open.map((call) => call.until((state) => state.attempts[0]?.callSid != null)));
    context.twilio.creates.length = 0;
    await usesQueue(await context.bench.start({ to: context.to }));
    await Promise.all(open.map((call) => call.handle.executeUpdate('cancel', { args: [{}] })));
    await Promise.all(open.map((call) => call.result()));
  });
});

describe('the activity is executed again, since its worker was lost', () => {
  const accept = (callId: string, attempt: number): Promise<AcceptedCall> => {
    const { settings, client, taskQueue } = context.bench;
    const starter = callStarter(client, { taskQueue, policies: settings.policies });
    const activities = createActivities({
      settings,
      store: context.store,
      callStarter: starter,
      emit: () => {},
    });
    const request = { to: context.to, twiml: '<Response/>' };
    const input = { callId, request, startedAt: new Date().toISOString(), batchId: null, requestedBy: null };
    const environment = new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') });
    return environment.run(activities.acceptAndLookUp, input) as Promise<AcceptedCall>;
  };

  it.each<[string, (make: () => CallResource) => Response, object]>([
    ['it had placed the call', (make) => created(make()), { kind: 'created', sidFrom: 'journal' }],
    [
      'Twilio had refused it',
      () => twilioError(400, 21211, 'not valid'),
      { kind: 'refused', error: { code: 21211 } },
    ],
    [
      'nobody knows what it did',
      (make) => {
        make();
        return cut();
      },
      { kind: 'unclear' },
    ],
  ])('%s: says so, and sends nothing', async (_, answer, placed) => {
    context.twilio.answerCreate = ({ make }) => answer(make);
    const callId = `call-${randomUUID()}`;
    await accept(callId, 1);
    expect(await accept(callId, 2)).toMatchObject({ accepted: true, placed });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('it had placed nothing: the dial queue will', async () => {
    const accepted = await accept(`call-${randomUUID()}`, 2);
    expect(accepted).toMatchObject({ accepted: true });
    expect(accepted).not.toHaveProperty('placed');
    expect(context.twilio.creates).toHaveLength(0);
  });
});
