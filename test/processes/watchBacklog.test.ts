import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { noFurtherAccounts } from '../../activities/accounts/account.js';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { watchBacklog } from '../../src/worker/watchBacklog.js';
import { newClaim, opened, outcome } from '../store/records.js';

const settingsOf = (accountSid: string) => ({
  twilio: { accountSid, username: accountSid, password: 'token', baseUrl: null },
  ...{ defaultFrom: null, callsPerSecond: 1, callsInFlight: null },
  accounts: noFurtherAccounts,
});

let store: OutcomeStore;
let connection: Connection;
beforeAll(async () => {
  store = await openStore({ databaseUrl: inject('databaseUrl') });
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(async () => {
  await store.close();
  await connection.close();
});

it('calls wait, are in flight or notified: the gauges show how many and how old; what is done is not counted', async () => {
  const accountSid = `AC${randomUUID()}`;
  const taskQueue = `calls-${randomUUID()}`;
  const temporal = new Client({ connection });
  const callId = `call-${randomUUID()}`;
  await store.addCall({ ...opened(callId), startedAt: new Date(Date.now() - 3_600_000).toISOString() });
  const done = `call-${randomUUID()}`;
  await store.addCall(opened(done));
  await store.saveOutcome(outcome(done));
  await store.claimPlacement(newClaim({ accountSid }));
  // Nobody works on this queue: the notification stays pending.
  const run = await temporal.workflow.start('notification', {
    taskQueue,
    workflowId: `${callId}:notification`,
  });
  const read = async () => {
    const registry = new Registry();
    watchBacklog(registry, { store, settings: settingsOf(accountSid), temporal, taskQueue });
    return registry.metrics();
  };
  const sampleOf = (metrics: string, series: string) =>
    Number(
      metrics
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );
  const metrics = await read();
  expect(sampleOf(metrics, 'ringtrue_calls{state="looking-up"}')).toBeGreaterThanOrEqual(1);
  expect(sampleOf(metrics, 'ringtrue_oldest_call_seconds{state="looking-up"}')).toBeGreaterThanOrEqual(3_600);
  expect(metrics).not.toContain('state="done"');
  expect(sampleOf(metrics, 'ringtrue_calls_in_flight')).toBe(1);
  await expect
    .poll(async () => sampleOf(await read(), 'ringtrue_notifications_pending'), { timeout: 10_000 })
    .toBe(1);
  await run.terminate();
});

it('store and Temporal cannot be asked: the metrics are served without these values', async () => {
  const registry = new Registry();
  const away = () => Promise.reject(new Error('away'));
  const stores = { countUnfinished: away, readDialing: away } as unknown as OutcomeStore;
  const temporal = { withDeadline: away } as unknown as Client;
  watchBacklog(registry, { store: stores, settings: settingsOf('AC1'), temporal, taskQueue: 'q' });
  expect(await registry.metrics()).toContain('# TYPE ringtrue_calls gauge');
});
