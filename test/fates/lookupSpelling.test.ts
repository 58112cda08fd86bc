import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/createActivities.js';
import { callStarter } from '../../src/temporal/callStarter.js';
import type { AcceptedCall } from '../../workflows/callActivities.js';
import type { CallState } from '../../workflows/callOutcome.js';
import { useApi } from '../api/useApi.js';
import { type CallHandle, from } from '../support/callBench.js';
import { cut, json, lookupAnswer, twilioError } from '../support/scriptedTwilio.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({ callsPerNumber: 1, absentAfterSeconds: 2 });
const api = useApi(context);

/** The requested spelling, and the one that Lookup has for it. */
let requested = '';
let spelled = '';
beforeEach(() => {
  requested = `+1999${context.to.slice(3)}0`;
  spelled = context.to;
  context.twilio.answerLookup = (number) =>
    json(200, lookupAnswer(number, { phone_number: number === requested ? spelled : number }));
});

async function placed(call: CallHandle): Promise<string> {
  const { attempts } = await call.until((state) => state.attempts[0]?.callSid != null);
  return attempts[0]?.callSid as string;
}
async function answered(call: CallHandle): Promise<void> {
  await call.callback(1, await placed(call), 'completed', { SequenceNumber: '3' });
}
const isPlaced = (state: CallState) => state.attempts[0]?.callSid != null;

describe('Lookup spells the number otherwise', () => {
  it('create, state, list, search attribute and outcome have its spelling; the outcome has the requested one too', async () => {
    const call = await context.bench.start({ to: requested });
    expect(await call.until(isPlaced)).toMatchObject({ to: spelled });
    expect(context.twilio.creates[0]?.get('To')).toBe(spelled);
    const { json: page } = await api.get(`/calls?to=${encodeURIComponent(spelled)}`);
    expect(page.calls).toMatchObject([{ callId: call.callId, to: spelled, outcome: null }]);
    await answered(call);
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      to: spelled,
      requestedTo: requested,
      lookup: { valid: true, phoneNumber: spelled },
      timeline: expect.arrayContaining([
        expect.objectContaining({
          text: 'Lookup: valid number; the call goes by its spelling of the number',
        }),
      ]),
    });
    expect((await call.handle.describe()).searchAttributes.RingtrueTo).toEqual([spelled]);
    const { json: recorded } = await api.get(`/calls/${call.callId}`);
    expect(Object.keys(recorded.outcome).slice(0, 4)).toEqual(['callId', 'to', 'requestedTo', 'from']);
    expect(Object.keys(recorded.outcome.lookup)).toContain('phoneNumber');
  });

  it.each([
    ['the spelling of Lookup', () => spelled],
    ['the requested spelling', () => requested],
  ])('the do-not-call list has %s: not dialed', async (_, listed) => {
    await context.store.addToDoNotCall({ to: listed(), reason: 'no', source: 'api', expiresAt: null });
    const call = await context.bench.start({ to: requested });
    expect(await call.result()).toMatchObject({ outcome: 'canceled', reason: { code: 'do-not-call' } });
    expect(context.twilio.creates).toEqual([]);
  });

  it('another call to the number is in flight under its other spelling: waits for its end', async () => {
    const first = await context.bench.start({ to: requested });
    await placed(first);
    const second = await context.bench.start({ to: spelled });
    await second.until(({ waitingFor }) => (waitingFor ?? '').includes(first.callId));
    expect(context.twilio.creates).toHaveLength(1);
    await answered(first);
    await answered(second);
    expect(context.twilio.creates).toHaveLength(2);
  });

  it('another call was placed under the requested spelling while Lookup was down: waits for its end', async () => {
    const first = await context.bench.start({ to: requested, lookup: 'off' });
    await placed(first);
    const second = await context.bench.start({ to: requested });
    await second.until(({ waitingFor }) => (waitingFor ?? '').includes(first.callId));
    expect(context.twilio.creates).toHaveLength(1);
    await answered(first);
    await answered(second);
    expect(context.twilio.creates.map((create) => create.get('To'))).toEqual([requested, spelled]);
  });

  it("the answer to the create is lost: the call is found in Twilio's list", async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const call = await context.bench.start({ to: requested });
    await answered(call);
    expect(await call.result()).toMatchObject({
      outcome: 'answered',
      attempts: [{ evidence: { create: { sidFrom: 'list' } } }],
    });
    expect(context.twilio.creates).toHaveLength(1);
  });

  it("the answer to the create is lost, and the search has the requested spelling only: finds Lookup's", async () => {
    context.twilio.answerCreate = ({ make }) => {
      make();
      return cut();
    };
    const { answerLookup } = context.twilio;
    const startedAt = new Date().toISOString();
    const accept = {
      callId: `call-${randomUUID()}`,
      request: { to: requested, twiml: '<Response/>' },
      startedAt,
    };
    const planOf = async () => {
      const accepted = await run(activities().acceptAndLookUp, {
        ...accept,
        batchId: null,
        requestedBy: null,
      });
      if (!accepted.accepted) throw new Error(accepted.faults.join());
      return accepted.plan;
    };
    const run = <I, R>(activity: (input: I) => Promise<R>, input: I): Promise<R> =>
      new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(activity, input);
    const { callId } = accept;
    const placement = { callId, attempt: 1, placement: 1, requestedAt: startedAt, lookupSaysValid: true };
    const spelledPlan = await planOf();
    expect(spelledPlan.to).toBe(spelled);
    expect(await run(activities().placeCall, { ...placement, plan: spelledPlan })).toMatchObject({
      kind: 'unclear',
    });
    // The workflow was reset, and Lookup is down.
    context.twilio.answerLookup = () => twilioError(404, 20404, 'not served here');
    const requestedPlan = await planOf();
    context.twilio.answerLookup = answerLookup;
    expect(requestedPlan.to).toBe(requested);
    const search = { ...placement, plan: requestedPlan, answered: false, isLast: false };
    expect(await run(activities().findUnclearCall, search)).toMatchObject({
      kind: 'found',
      callSid: context.twilio.calls[0]?.sid,
    });
  });

  it.each([
    ['with Lookup, then while Lookup is down', true],
    ['while Lookup is down, then with Lookup', false],
  ])('the workflow begins anew, %s: the same call, placed once', async (_, isUpFirst) => {
    const { answerLookup } = context.twilio;
    const down = () => twilioError(404, 20404, 'not served here');
    const callId = `call-${randomUUID()}`;
    const run = async (isUp: boolean) => {
      context.twilio.answerLookup = isUp ? answerLookup : down;
      const startedAt = new Date().toISOString();
      const request = { to: requested, twiml: '<Response/>' };
      const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
      const accepted: AcceptedCall = await environment.run(activities().acceptAndLookUp, {
        callId,
        request,
        startedAt,
        batchId: null,
        requestedBy: null,
      });
      if (!accepted.accepted) throw new Error(accepted.faults.join());
      const { plan } = accepted;
      expect(plan.to).toBe(isUp ? spelled : requested);
      const placement = { callId, attempt: 1, placement: 1, requestedAt: startedAt, lookupSaysValid: isUp };
      const { placed } = accepted;
      return { placed, queued: await environment.run(activities().placeCall, { ...placement, plan }) };
    };
    expect(await run(isUpFirst)).toMatchObject({ placed: { kind: 'created', sidFrom: 'created' } });
    const again = await run(!isUpFirst);
    expect(again.placed).toBeUndefined();
    expect(again.queued).toMatchObject({
      kind: 'created',
      sidFrom: 'journal',
      callSid: context.twilio.calls[0]?.sid,
    });
    expect(context.twilio.creates).toHaveLength(1);
  });
});

describe('Lookup has another number, and the call keeps the requested one', () => {
  it('the number is not valid', async () => {
    const wrong = { valid: false, validation_errors: ['TOO_SHORT'], phone_number: spelled };
    context.twilio.answerLookup = (number) => json(200, lookupAnswer(number, wrong));
    const call = await context.bench.start({ to: requested });
    const outcome = await call.result();
    expect(outcome).toMatchObject({ outcome: 'invalid-number', to: requested });
    expect(outcome).not.toHaveProperty('requestedTo');
  });

  it.each([
    ['it is the caller ID', from],
    ['it is no number', 'anonymous'],
    ['it is missing', null],
  ])('%s', async (_, number) => {
    context.twilio.answerLookup = (to) => json(200, lookupAnswer(to, { phone_number: number }));
    const call = await context.bench.start({ to: requested });
    await call.until(isPlaced);
    expect(context.twilio.creates[0]?.get('To')).toBe(requested);
    await answered(call);
    expect(await call.result()).toMatchObject({ outcome: 'answered', to: requested });
  });
});

it.each([
  ['Twilio spells the number otherwise', '+5215512345673', {}],
  ['it went to the number as it was requested', '+15005551234', { requestedTo: '+15005551234' }],
])('a second Twilio call of an attempt, and %s: ended', async (_, To, requested) => {
  const duplicate = context.twilio.makeCall({ To, From: from });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const own = { callId: `call-${randomUUID()}`, attempt: 1, callSid: `CA${'1'.repeat(32)}` };
  await environment.run(activities().endDuplicateCall, {
    ...own,
    duplicateSid: duplicate.sid,
    to: '+525512345673',
    ...requested,
    from,
  });
  expect(context.twilio.requests).toContain(`POST /Calls/${duplicate.sid}.json`);
});

function activities() {
  const { settings, client, taskQueue } = context.bench;
  const starter = callStarter(client, { ...settings, taskQueue });
  return createActivities({ settings, store: context.store, callStarter: starter, emit: () => {} });
}
