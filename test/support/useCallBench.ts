import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { PayloadEncryption } from '../../src/encryption/payloadEncryption.js';
import { accountSid, type CallBench, startCallBench } from './callBench.js';
import { type ScriptedTwilio, startScriptedTwilio } from './scriptedTwilio.js';

/** What the tests of a file share. Before each test, Twilio gives its default answers again. */
export interface CallTestContext {
  store: OutcomeStore;
  /** The database of the store. */
  databaseUrl: string;
  twilio: ScriptedTwilio;
  /** The default answers of Twilio. */
  defaults: ScriptedTwilio;
  bench: CallBench;
  /** A destination that no other test calls. */
  to: string;
}

/**
 * A real worker, store and Temporal server for the tests of a file, and a Twilio whose answers they decide.
 */
export function useCallBench(
  settings: Partial<ActivitySettings> = {},
  /** An empty database for these tests alone. */
  { ownDatabase = false, encryption }: { ownDatabase?: boolean; encryption?: PayloadEncryption } = {},
): CallTestContext {
  const context = {} as CallTestContext;
  const area = String(Math.floor(Math.random() * 1e6)).padStart(6, '0');
  let number = 100;
  beforeAll(async () => {
    const shared = inject('databaseUrl');
    context.databaseUrl = ownDatabase ? await newDatabase(shared) : shared;
    context.store = await openStore({ databaseUrl: context.databaseUrl });
    context.twilio = await startScriptedTwilio();
    context.defaults = { ...context.twilio };
    context.bench = await startCallBench({
      store: context.store,
      twilioUrl: context.twilio.url,
      settings,
      ...(encryption === undefined ? {} : { encryption }),
    });
  });
  beforeEach(async () => {
    // The tests of a file share an account: no breaker that another test opened, and no pause.
    await context.store.resumeDialing({ accountSid });
    context.to = `+15${area}${++number}`;
    Object.assign(context.twilio, context.defaults, {
      creates: [],
      requests: [],
      calls: [],
      notifications: [],
    });
  });
  afterAll(async () => {
    await context.bench.stop();
    await context.twilio.close();
    await context.store.close();
  });
  return context;
}

/** A new database on the same server. */
export async function newDatabase(databaseUrl: string): Promise<string> {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  const name = `own_${randomUUID().replaceAll('-', '')}`;
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}
