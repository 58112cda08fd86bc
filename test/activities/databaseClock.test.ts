import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/createActivities.js';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase, outcomeStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { callStarter } from '../../src/temporal/callStarter.js';
import { currentCapacity } from '../../src/worker/createDialWorker.js';
import type { PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import type { CallPlan } from '../../workflows/callRequest.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const hourMs = 3_600_000;

let directory = '';
let db: Database;
let statements: string[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ringtrue-clock-'));
  db = await openDatabase({ directory: join(directory, 'store') });
  await db.run('create schema shifted');
});
beforeEach(() => {
  statements = [];
});
afterAll(async () => {
  await db.close();
  await rm(directory, { recursive: true, force: true });
});

/** A store whose clock is ahead of this worker's by so much; as if the worker's were behind. */
async function storeAhead(hours: number): Promise<OutcomeStore> {
  await db.run(`
    create or replace function shifted.clock_timestamp() returns timestamptz language sql volatile
      as $$ select pg_catalog.clock_timestamp() + interval '${hours} hours' $$;
    set search_path = shifted, public, pg_catalog;
    delete from account_pacing`);
  return outcomeStore({
    ...db,
    query: (statement, parameters) => {
      statements.push(typeof statement === 'string' ? statement : JSON.stringify(statement));
      return db.query(statement, parameters);
    },
  });
}

const at = (hours: number) => new Date(Date.now() + hours * hourMs);
const window = (start: number, end: number) => ({
  timeZone: 'Etc/UTC',
  start: at(start).toISOString().slice(11, 16),
  end: at(end).toISOString().slice(11, 16),
});

function inputWith(requestedAt: Date, plan: Partial<CallPlan>): PlaceCallInput {
  const { callbackWaitSeconds, pollIntervalSeconds, decideWithinSeconds, absentAfterSeconds } =
    context.bench.settings;
  const timeouts = { callbackWaitSeconds, pollIntervalSeconds, decideWithinSeconds, absentAfterSeconds };
  return {
    callId: `call-${randomUUID()}`,
    attempt: 1,
    placement: 1,
    requestedAt: requestedAt.toISOString(),
    lookupSaysValid: false,
    plan: {
      to: context.to,
      from: '+15005550006',
      content: { twiml: '<Response/>' },
      ringTimeoutSeconds: 30,
      maxDurationSeconds: 60,
      machineDetection: 'off',
      lookup: 'off',
      retry: context.bench.settings.policies().default as CallPlan['retry'],
      callingWindow: null,
      urgent: false,
      priority: 3,
      fairnessKey: null,
      allowParallel: false,
      eligibilityUrl: null,
      notBefore: null,
      giveUpAt: null,
      notifyUrl: null,
      notifyOn: [],
      metadata: {},
      timeouts,
      ...plan,
    },
  };
}

function place(store: OutcomeStore, input: PlaceCallInput): Promise<PlaceCallResult> {
  const { settings, client, taskQueue } = context.bench;
  const starter = callStarter(client, { ...settings, taskQueue });
  const { placeCall } = createActivities({ settings, store, callStarter: starter, emit: () => {} });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(placeCall, input);
}

const minutesBetween = (one: string, other: Date) => Math.abs(Date.parse(one) - other.getTime()) / 60_000;

describe("the worker's clock is six hours behind", () => {
  it('the window is open by its clock and closed in truth: not dialed, not claimed, and the right opening is named', async () => {
    const store = await storeAhead(6);
    const input = inputWith(at(0), { callingWindow: window(-1, 1) });
    const result = await place(store, input);
    expect(result).toMatchObject({ kind: 'not-yet', hindrance: { by: 'calling-window' } });
    const { until } = (result as { hindrance: { until: string } }).hindrance;
    expect(minutesBetween(until, at(23))).toBeLessThan(2);
    expect(await store.findPlacement(input)).toBeNull();
    expect(context.twilio.creates).toEqual([]);
  });

  it('giveUpAt has passed in truth: not dialed', async () => {
    const store = await storeAhead(6);
    const giveUpAt = at(3).toISOString();
    expect(await place(store, inputWith(at(0), { giveUpAt }))).toEqual({
      kind: 'not-yet',
      hindrance: { by: 'database-clock', giveUpAt },
    });
    expect(context.twilio.creates).toEqual([]);
  });
});

describe("the worker's clock is six hours ahead", () => {
  it('the window is closed by its clock and open in truth, and giveUpAt lies in between: dialed, at the right time', async () => {
    const store = await storeAhead(-6);
    const plan = { callingWindow: window(-7, -5), giveUpAt: at(-3).toISOString() };
    const result = await place(store, inputWith(at(-6), plan));
    expect(result).toMatchObject({ kind: 'created' });
    expect(minutesBetween((result as { at: string }).at, at(-6))).toBeLessThan(2);
  });

  it('the rate limit makes it wait: until a moment of the right day', async () => {
    const { settings } = context.bench;
    const usual = settings.callsPerSecond;
    settings.callsPerSecond = 0.01;
    try {
      const store = await storeAhead(-6);
      expect(await place(store, inputWith(at(-6), {}))).toMatchObject({ kind: 'created' });
      const second = await place(store, inputWith(at(-6), { to: `${context.to}9` }));
      expect(second).toMatchObject({ kind: 'not-yet', hindrance: { by: 'rate-limit' } });
      const { until } = (second as { hindrance: { until: string } }).hindrance;
      expect(minutesBetween(until, at(-6))).toBeLessThan(3);
    } finally {
      settings.callsPerSecond = usual;
    }
  });
});

it('a worker that reads the capacity has the time from it: a placement asks for nothing more', async () => {
  const store = await storeAhead(6);
  await currentCapacity(store, context.bench.settings);
  statements = [];
  const input = inputWith(at(6), { callingWindow: window(5, 7), giveUpAt: at(8).toISOString() });
  expect(await place(store, input)).toMatchObject({ kind: 'created' });
  expect(statements.filter((statement) => statement.includes('clock_timestamp'))).toEqual([]);
});
