import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../activities/store/openStore.js';
import { useCallBench } from '../support/useCallBench.js';
import { problem, useApi } from './useApi.js';

const context = useCallBench();
/** An account of its own: others are not to be paused. */
const accountSid = `AC${randomUUID().replaceAll('-', '')}`;
const api = useApi(context, () => ({ accountSid }));

const asConfigured = {
  callsPerSecond: null,
  callsInFlight: null,
  contactsPerNumber: null,
  contactsPeriodSeconds: null,
  callsPerNumber: null,
};
const limits = (body: unknown) =>
  api.send({
    path: '/dialing/limits',
    method: 'PATCH',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });

describe('GET /dialing', () => {
  it('nothing was set: configured limits, not paused, breaker closed', async () => {
    expect(await api.get('/dialing')).toMatchObject({
      status: 200,
      json: {
        accountSid,
        limits: asConfigured,
        configured: null,
        paused: null,
        breaker: { state: 'closed', openedAt: null, openUntil: null, reason: null, prefixes: null },
        inFlight: 0,
        nextPlacementAt: null,
      },
    });
  });
});

describe('GET /dialing of an API that knows the configured limits', () => {
  const dialLimits = {
    ...{ callsPerSecond: 2, callsInFlight: null, callsPerNumber: 1 },
    contactsPerNumber: { count: 3, seconds: 86_400 },
  };
  const knowing = useApi(context, () => ({ dialLimits }));

  it('shows them, with 0 for no limit', async () => {
    expect((await knowing.get('/dialing')).json.configured).toEqual({
      ...{ callsPerSecond: 2, callsInFlight: 0, callsPerNumber: 1 },
      ...{ contactsPerNumber: 3, contactsPeriodSeconds: 86_400 },
    });
  });
});

describe('PATCH /dialing/limits', () => {
  it('some limits: the others stay, and null restores the configured limit', async () => {
    expect((await limits({ callsPerSecond: 2.5, callsInFlight: 20 })).json.limits).toEqual({
      ...asConfigured,
      callsPerSecond: 2.5,
      callsInFlight: 20,
    });
    const contacts = { contactsPerNumber: 3, contactsPeriodSeconds: 86_400, callsPerNumber: 1 };
    expect((await limits({ ...contacts, callsPerSecond: null })).json.limits).toEqual({
      ...contacts,
      callsPerSecond: null,
      callsInFlight: 20,
    });
    const reset = await limits(asConfigured);
    expect(reset).toMatchObject({ status: 200, json: { limits: asConfigured } });
    expect((await api.get('/dialing')).json).toEqual(reset.json);
  });

  it('no limits: nothing changes', async () => {
    expect((await limits({})).status).toBe(200);
  });

  it.each<[string, unknown, string]>([
    [
      'no rate',
      { callsPerSecond: 0 },
      'callsPerSecond is 0; must be a number 0.01..1000, or null for the configured value',
    ],
    ['a rate as text', { callsPerSecond: '5' }, 'callsPerSecond is "5"; must be a number'],
    ['a rate too high', { callsPerSecond: 1001 }, 'callsPerSecond is 1001'],
    [
      'fewer than no calls at once',
      { callsInFlight: -1 },
      'callsInFlight is -1; must be an integer 0..1000000 (0: no limit)',
    ],
    ['half a call', { callsPerNumber: 1.5 }, 'callsPerNumber is 1.5'],
    [
      'contacts without a period',
      { contactsPerNumber: 3 },
      'contactsPeriodSeconds is missing; must be set together with contactsPerNumber',
    ],
    [
      'a period without contacts',
      { contactsPeriodSeconds: 60 },
      'contactsPerNumber is missing; must be set together with contactsPeriodSeconds',
    ],
    [
      'contacts, and the period as configured',
      { contactsPerNumber: 3, contactsPeriodSeconds: null },
      'contactsPeriodSeconds is null, and contactsPerNumber is not',
    ],
    ['a limit nobody knows', { cps: 5 }, 'cps is unknown; must be one of account, callsPerSecond'],
    ['a list', [], ' is a list of 0; must be an object of limits'],
  ])('%s: 422, and nothing changes', async (_, body, fault) => {
    const answer = await limits(body);
    expect(answer).toMatchObject({ status: 422, json: problem('invalid-request', 422) });
    const messages = answer.json.faults.map(
      (one: { path: string; message: string }) => `${one.path} ${one.message}`,
    );
    expect(messages).toEqual([expect.stringContaining(fault)]);
    expect((await api.get('/dialing')).json.limits).toEqual(asConfigured);
  });

  it('limits are set: the log says so', async () => {
    await limits({ callsPerNumber: null });
    expect(api.logLines.filter(({ msg }) => msg === 'limits of dialing were set').at(-1)).toMatchObject({
      limits: { callsPerNumber: null },
    });
  });
});

describe('pause and resume of dialing', () => {
  it('pause with a reason, then resume: the log says both without the reason', async () => {
    const paused = await api.post('/dialing/pause', { reason: 'the announcement is wrong' });
    expect(paused).toMatchObject({
      status: 200,
      json: { paused: { since: expect.any(String), reason: 'the announcement is wrong' } },
    });
    expect((await api.get('/dialing')).json.paused).toEqual(paused.json.paused);
    expect(await api.post('/dialing/resume')).toMatchObject({ status: 200, json: { paused: null } });
    const messages = api.logLines.map(({ msg }) => msg);
    expect(messages).toEqual(expect.arrayContaining(['dialing was paused', 'dialing was resumed']));
    expect(JSON.stringify(api.logLines)).not.toContain('announcement');
  });

  it('pause twice without a body: paused since the first time', async () => {
    const { json } = await api.post('/dialing/pause');
    expect(json.paused).toMatchObject({ reason: null });
    expect((await api.post('/dialing/pause', {})).json.paused).toEqual(json.paused);
    await api.post('/dialing/resume');
  });

  it.each<[string, unknown, string]>([
    ['a reason that is no text', { reason: 7 }, 'reason'],
    ['a reason too long', { reason: 'x'.repeat(501) }, 'reason'],
    ['a field nobody knows', { why: 'x' }, 'why'],
    ['a list', [], ''],
  ])('%s: 422, and nothing is paused', async (_, body, path) => {
    const answer = await api.post('/dialing/pause', body);
    expect(answer).toMatchObject({ status: 422, json: { faults: [{ path }] } });
    expect((await api.get('/dialing')).json.paused).toBeNull();
  });

  it('breaker is open: shown with its reason, and closed by resume', async () => {
    const open = { since: new Date().toISOString(), until: '2099-01-01T00:00:00Z' };
    const db = await openDatabase({ databaseUrl: inject('databaseUrl') });
    await db.query(
      `update dialing_control set breaker_opened_at = $2, breaker_open_until = $3, breaker_reason = 'Twilio fails'
       where account_sid = $1`,
      [accountSid, open.since, open.until],
    );
    await db.close();
    expect((await api.get('/dialing')).json.breaker).toMatchObject({
      state: 'open',
      reason: 'Twilio fails',
    });
    expect((await api.post('/dialing/resume')).json.breaker).toMatchObject({
      state: 'closed',
      reason: null,
    });
  });
});
