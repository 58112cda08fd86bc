import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ActivityDeps } from '../../activities/deps/activityDeps.js';
import { recordOutcome } from '../../activities/recordOutcome.js';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { attempt, outcome } from './notifyBench.js';

let store: OutcomeStore;
beforeAll(async () => {
  store = await openStore({ databaseUrl: inject('databaseUrl') });
});
afterAll(() => store.close());

/** A number that no other test calls. */
let to = '';
beforeEach(() => {
  to = `+1599${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`;
});

/** Records a call whose last attempt ended with this SIP response. */
async function record(
  sipResponseCode: number | null,
  addOptOuts: boolean,
  more: { requestedTo?: string } = {},
): Promise<string> {
  const callId = `call-${randomUUID()}`;
  const deps = {
    settings: { doNotCall: { eligibilityUrl: null, addOptOuts } },
    store,
    emit: () => {},
  } as unknown as ActivityDeps;
  const attempts = [
    { ...attempt(1), callSid: null, sipResponseCode: 486 },
    { ...attempt(2), callSid: null, sipResponseCode },
  ];
  const over = {
    ...outcome,
    callId,
    to,
    outcome: 'failed',
    callSid: null,
    sipResponseCode,
    attempts,
    ...more,
  } as const;
  for (const _ of ['once', 'and again'])
    await recordOutcome(deps)({
      outcome: { ...over, attempts: [...attempts] },
      after: { attempt: 2, placement: 1 },
    });
  return callId;
}

describe('a callee rejects the call as unwanted (SIP 607)', () => {
  it('opt-outs are added: on the do-not-call list for good, with the evidence', async () => {
    const callId = await record(607, true);
    expect(await store.findDoNotCall(to)).toMatchObject({
      source: 'opt-out',
      expiresAt: null,
      reason: `Unwanted: the callee marked such calls as unwanted (SIP 607, call ${callId})`,
    });
  });

  it('Lookup spells the number otherwise: both spellings are on the list', async () => {
    const requestedTo = `${to}0`;
    await record(607, true, { requestedTo });
    for (const spelling of [to, requestedTo])
      expect(await store.findDoNotCall(spelling)).toMatchObject({ source: 'opt-out' });
  });

  it('opt-outs are not added: recorded, and nothing else', async () => {
    const callId = await record(607, false);
    expect(await store.findDoNotCall(to)).toBeNull();
    expect(await store.findCallState(callId)).toMatchObject({ state: 'done' });
  });

  it('the number is listed until a certain day: from now on for good', async () => {
    const expiresAt = '2099-01-01T00:00:00.000000Z';
    await store.addToDoNotCall({ to, reason: 'holiday', source: 'api', expiresAt });
    await record(607, true);
    expect(await store.findDoNotCall(to)).toMatchObject({ source: 'opt-out', expiresAt: null });
  });
});

describe('a call ends in another way', () => {
  it.each([200, 480, 486, 603, 608, null])('SIP %s: not on the list', async (sip) => {
    await record(sip, true);
    expect(await store.findDoNotCall(to)).toBeNull();
  });
});

describe('the result', () => {
  const deps = () =>
    ({
      settings: { doNotCall: { eligibilityUrl: null, addOptOuts: false } },
      store,
      emit: () => {},
    }) as unknown as ActivityDeps;
  const ended = (callId: string) => ({
    outcome: { ...outcome, callId, to, callSid: null, attempts: [{ ...attempt(1), callSid: null }] },
    after: { attempt: 1, placement: 1 },
  });

  it('the outcome is on record as it was sent: not repeated', async () => {
    const input = ended(`call-${randomUUID()}`);
    expect(await recordOutcome(deps())(input)).toEqual({ recorded: null });
    expect(await recordOutcome(deps())(input)).toEqual({ recorded: null });
  });

  it('another outcome is on record: that one is returned, and it stays', async () => {
    const input = ended(`call-${randomUUID()}`);
    await recordOutcome(deps())(input);
    const later = { ...input, outcome: { ...input.outcome, outcome: 'busy' as const } };
    expect(await recordOutcome(deps())(later)).toEqual({ recorded: input.outcome });
  });
});
