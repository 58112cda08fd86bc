import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { inject } from 'vitest';
import { noFurtherAccounts } from '../../activities/accounts/account.js';
import type { ActivityEvent } from '../../activities/deps/activityDeps.js';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { completePolicy } from '../../activities/validation/retryPolicySchema.js';
import type { PayloadEncryption } from '../../src/encryption/payloadEncryption.js';
import { cacheDirectory } from '../../src/process/cacheDirectory.js';
import { callStarter } from '../../src/temporal/callStarter.js';
import { createWorkers } from '../../src/worker/createWorkers.js';
import { workflowBundle } from '../../src/worker/workflowBundle.js';
import type { CallActivities } from '../../workflows/callActivities.js';
import type { CallOutcome, CallState } from '../../workflows/callOutcome.js';
import { recordHistory, reserveHistory } from './histories.js';

/**
 * A Twilio account for the tests of one file only: the limits of an account apply to everything that shares
 * the database.
 */
export const accountSid = `AC${randomUUID().replaceAll('-', '')}`;
export const from = '+15005550006';

/** A worker with the real activities, the real store and the real Twilio SDK. It has its own task queue. */
export interface CallBench {
  client: Client;
  taskQueue: string;
  settings: ActivitySettings;
  events: ActivityEvent[];
  start(
    request: Record<string, unknown>,
    callId?: string,
    memo?: Record<string, string>,
  ): Promise<CallHandle>;
  /** Stops the worker. The connections stay open for the test. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

export interface CallHandle {
  callId: string;
  handle: WorkflowHandle;
  state(): Promise<CallState>;
  /** Waits until `holds` is true of the state. Throws the last state after 20 seconds. */
  until(holds: (state: CallState) => boolean, what?: string): Promise<CallState>;
  callback(
    attempt: number,
    callSid: string,
    callStatus: string,
    more?: Record<string, string>,
  ): Promise<void>;
  result(): Promise<CallOutcome>;
}

let isLoggerInstalled = false;

export async function startCallBench(input: {
  store: OutcomeStore;
  twilioUrl: string;
  settings?: Partial<ActivitySettings>;
  /** Replace the real ones. */
  activities?: Partial<CallActivities>;
  /** Of another bench, whose workers this one then joins. */
  taskQueue?: string;
  workflowBundle?: { codePath: string } | { code: string };
  /** Absent: payloads are plain. */
  encryption?: PayloadEncryption;
}): Promise<CallBench> {
  const settings: ActivitySettings = {
    twilio: { accountSid, username: accountSid, password: 'token', baseUrl: input.twilioUrl },
    accounts: noFurtherAccounts,
    publicUrl: 'http://127.0.0.1:9',
    defaultFrom: from,
    callsPerSecond: 1000,
    callsInFlight: null,
    callsPerNumber: null,
    contactsPerNumber: null,
    rememberInvalidSeconds: 0,
    breaker: null,
    callbackWaitSeconds: 60,
    pollIntervalSeconds: 15,
    decideWithinSeconds: 3600,
    absentAfterSeconds: 300,
    callingWindow: null,
    destinations: null,
    notify: { secrets: [`whsec_${'AAAA'.repeat(10)}`], allowPrivate: true },
    doNotCall: { eligibilityUrl: null, addOptOuts: false },
    hiding: input.encryption?.hiding ?? null,
    policies: () => ({
      default: completePolicy({ maxAttempts: 1 }),
      thrice: completePolicy({ maxAttempts: 3, initialIntervalSeconds: 3600 }),
    }),
    ...input.settings,
  };
  if (!isLoggerInstalled) Runtime.install({ logger: new DefaultLogger('ERROR') });
  isLoggerInstalled = true;
  const events: ActivityEvent[] = [];
  const address = inject('temporalAddress');
  const taskQueue = input.taskQueue ?? `calls-${randomUUID()}`;
  const connection = await NativeConnection.connect({ address });
  const clientConnection = await Connection.connect({ address });
  const dataConverter = input.encryption?.dataConverter ?? {};
  const client = new Client({ connection: clientConnection, dataConverter });
  const deps = {
    settings,
    store: input.store,
    callStarter: callStarter(new Client({ connection, dataConverter }), { ...settings, taskQueue }),
    emit: (event: ActivityEvent) => void events.push(event),
  };
  const parts = {
    ...deps,
    connection,
    taskQueue,
    workflowBundle: input.workflowBundle ?? { codePath: await bundleFor(input.encryption) },
    ...(input.activities ? { activities: input.activities } : {}),
  };
  const workers = await createWorkers(parts, { dataConverter });
  const running = workers.run();
  const drain = async () => {
    await workers.shutDown();
    await running;
  };

  return {
    client,
    taskQueue,
    settings,
    events,
    async start(request, callId = `call-${randomUUID()}`, memo = {}) {
      const handle = await client.workflow.start('outboundCall', {
        taskQueue,
        workflowId: callId,
        args: [{ to: '+15005550100', twiml: '<Response/>', ...request }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        memo,
      });
      return callHandle(client, callId, handle);
    },
    drain,
    async stop() {
      await drain();
      await connection.close();
      await clientConnection.close();
    },
  };
}

/** The bundle of the workflows as workers need it that encrypt so. */
export async function bundleFor(encryption?: PayloadEncryption): Promise<string> {
  const path = encryption?.dataConverter.failureConverterPath;
  return path === undefined
    ? inject('workflowBundlePath')
    : workflowBundle(cacheDirectory(join(tmpdir(), 'ringtrue-cache')), path);
}

export function callHandle(
  client: Client,
  callId: string,
  handle: WorkflowHandle = client.workflow.getHandle(callId),
): CallHandle {
  const state = () => handle.query<CallState, []>('state');
  return {
    callId,
    handle,
    state,
    async until(holds, what = holds.toString()) {
      let last: CallState | undefined;
      for (const giveUpAt = Date.now() + 20_000; Date.now() < giveUpAt; ) {
        last = await state();
        if (holds(last)) return last;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`Not true after 20 seconds: ${what}. Last state: ${JSON.stringify(last)}`);
    },
    callback: (attempt, callSid, callStatus, more = {}) =>
      handle.signal('twilioStatus', {
        attempt,
        params: { CallSid: callSid, CallStatus: callStatus, AccountSid: accountSid, ...more },
      }),
    async result() {
      const isRecorded = Boolean(process.env.RINGTRUE_RECORD_HISTORIES);
      if (isRecorded) reserveHistory(handle);
      try {
        return (await handle.result()) as CallOutcome;
      } finally {
        if (isRecorded) await recordHistory(handle);
      }
    },
  };
}
