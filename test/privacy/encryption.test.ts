import { randomUUID } from 'node:crypto';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { startCallWorkflow } from '../../src/temporal/startCallWorkflow.js';
import { bundleFor, type CallBench, callHandle, startCallBench } from '../support/callBench.js';
import { recordedHistories } from '../support/histories.js';
import { json, type ScriptedTwilio, startScriptedTwilio, twilioError } from '../support/scriptedTwilio.js';
import { bytesInTemporal, encryptionWith, newKey, type TestEncryption } from './testKeys.js';

const [first, second] = [newKey('first'), newKey('second')];
let store: OutcomeStore;
let twilio: ScriptedTwilio;
let to: string;
const benches: CallBench[] = [];

beforeAll(async () => {
  store = await openStore({ databaseUrl: inject('databaseUrl') });
  twilio = await startScriptedTwilio();
  // Bundles the workflows, which may take long.
  await startBench(encryptionWith(first));
});
beforeEach(() => {
  to = `+1206${String(Math.floor(Math.random() * 1e7)).padStart(7, '2')}`;
});
afterAll(async () => {
  for (const bench of benches) await bench.stop();
  await twilio.close();
  await store.close();
});

/** Workers and a client of a process with these keys. */
async function startBench(encryption: TestEncryption, taskQueue?: string): Promise<CallBench> {
  const bench = await startCallBench({
    store,
    twilioUrl: twilio.url,
    encryption,
    ...(taskQueue === undefined ? {} : { taskQueue }),
  });
  benches.push(bench);
  return bench;
}

async function startCall(bench: CallBench, encryption: TestEncryption, more: object = {}) {
  const callId = `call-${randomUUID()}`;
  const handle = await startCallWorkflow(bench.client.workflow, {
    callId,
    taskQueue: bench.taskQueue,
    request: { to, twiml: '<Response><Say>Dear Ms Miller</Say></Response>', ...more },
    batchId: null,
    requestedBy: 'clinic',
    memo: { requestHash: 'a-hash' },
    policies: bench.settings.policies(),
    hiding: encryption.hiding,
  });
  return callHandle(bench.client, callId, handle);
}

const searchAttributeOf = async (handle: WorkflowHandle) =>
  (await handle.describe()).searchAttributes.RingtrueTo?.[0] as string;

/** Texts of the list that Temporal has in the clear. */
async function plainIn(handle: WorkflowHandle, texts: string[]): Promise<string[]> {
  const bytes = await bytesInTemporal(handle);
  return texts.filter((text) => bytes.includes(text));
}

describe('payloads in Temporal', () => {
  it('a call with callbacks, reasons, retries and notifications: nothing personal is in the clear', async () => {
    const encryption = encryptionWith(first);
    const bench = await startBench(encryption);
    const call = await startCall(bench, encryption, {
      metadata: { patient: 'Anna Miller' },
      notifyUrl: 'http://127.0.0.1:9/for-anna',
      fairnessKey: 'family-miller',
      retry: 'thrice',
    });
    const { attempts } = await call.until((state) => state.state === 'queued');
    const sid = attempts[0]?.callSid as string;
    await call.callback(1, sid, 'ringing', { To: to, SequenceNumber: '1' });
    await call.callback(1, sid, 'busy', { To: to, SequenceNumber: '2', SipResponseCode: '486' });
    await call.until((state) => state.state === 'waiting-to-retry');
    await call.handle.executeUpdate('pause', { args: [{ reason: 'Anna is ill' }] });
    await expect(call.handle.executeUpdate('retryNow')).rejects.toMatchObject({
      cause: { message: expect.stringContaining('Anna is ill') },
    });
    await call.handle.executeUpdate('cancel', { args: [{ reason: 'Anna moved' }] });
    expect(await call.result()).toMatchObject({
      to,
      outcome: 'canceled',
      metadata: { patient: 'Anna Miller' },
    });

    const texts = [
      to.slice(1),
      to.slice(-7),
      'Anna',
      'Miller',
      'miller',
      'for-anna',
      'clinic',
      'Call to',
      'a-hash',
    ];
    expect(await plainIn(call.handle, texts)).toEqual([]);
    expect(await plainIn(call.handle, [first.id, 'canceled', `•••${to.slice(-2)}`])).toHaveLength(3);
    const notification = bench.client.workflow.getHandle(`${call.callId}:attempt-1`);
    expect(await plainIn(notification, texts)).toEqual([]);
    await notification.terminate();
    await bench.client.workflow.getHandle(`${call.callId}:notification`).terminate();

    // The commands are those of a plain call.
    const history = await call.handle.fetchHistory();
    const { dataConverter } = encryption;
    const workflowBundle = { codePath: await bundleFor(encryption) };
    await Worker.runReplayHistory({ workflowBundle, dataConverter }, history, call.callId);
  });

  it('a request with faults, and an activity that fails: failure texts are encrypted', async () => {
    const encryption = encryptionWith(first);
    const bench = await startBench(encryption);
    const faulty = await startCall(bench, encryption, { ringTimeoutSeconds: `Anna's ${to}` });
    await expect(faulty.result()).rejects.toMatchObject({
      cause: { type: 'InvalidCallRequest', message: expect.stringContaining(to) },
    });
    expect(await plainIn(faulty.handle, [to.slice(1), 'Anna', 'nothing was dialed'])).toEqual([]);
    expect(await plainIn(faulty.handle, ['Encoded failure'])).toHaveLength(1);

    twilio.answerFetch = () => twilioError(404, 20404, `Anna's call to ${to} was not found`);
    const polled = await startCall(bench, encryption);
    await polled.until((state) => state.state === 'queued');
    await polled.handle.executeUpdate('cancel');
    await vi.waitFor(async () => {
      const { pendingActivities } = (await polled.handle.describe()).raw;
      expect(pendingActivities?.[0]?.lastFailure?.message).toBe('Encoded failure');
    }, 10_000);
    expect(await plainIn(polled.handle, [to.slice(1), 'Anna'])).toEqual([]);
    twilio.answerFetch = (call) => json(200, { ...call, status: 'canceled' });
    await polled.handle.terminate();
  });

  it('recorded plain histories: the encrypting workers replay them', async () => {
    const encryption = encryptionWith(first);
    const workflowBundle = { codePath: await bundleFor(encryption) };
    const { dataConverter } = encryption;
    // The commands are the same with and without keys: some of each kind suffice here.
    const some = recordedHistories().filter((_, nth) => nth % 10 === 0) as unknown;
    const histories = some as Parameters<typeof Worker.runReplayHistories>[1];
    const replayed = Worker.runReplayHistories({ workflowBundle, dataConverter }, histories);
    for await (const { error } of replayed) expect(error).toBeUndefined();
  });

  it('a client without keys starts a plain call: it is dialed, and what the worker adds is encrypted', async () => {
    const bench = await startBench(encryptionWith(first));
    const plain = new Client({ connection: bench.client.connection });
    const handle = await plain.workflow.start('outboundCall', {
      taskQueue: bench.taskQueue,
      workflowId: `call-${randomUUID()}`,
      args: [{ to, twiml: '<Response/>' }],
    });
    const call = callHandle(bench.client, handle.workflowId);
    const { attempts } = await call.until((state) => state.state === 'queued');
    await handle.signal('twilioStatus', {
      attempt: 1,
      params: { CallSid: attempts[0]?.callSid, CallStatus: 'completed', CallDuration: '3' },
    });
    expect(await call.result()).toMatchObject({ to, outcome: 'answered' });
    expect(await searchAttributeOf(call.handle)).toMatch(/^[0-9a-f]{32} \+12•••\d\d$/);
    await expect(handle.result()).rejects.toThrow('Unknown encoding: binary/encrypted');
  });
});

describe('a rotation of keys', () => {
  it('the new key is put in front: a call that waits goes on, encrypted with it, and is found as before', async () => {
    const [before, after] = [encryptionWith(first), encryptionWith(second, first)];
    const old = await startBench(before);
    const call = await startCall(old, before, { notBefore: new Date(Date.now() + 3600_000).toISOString() });
    await call.until((state) => state.state === 'waiting');
    const attribute = await searchAttributeOf(call.handle);
    expect(await plainIn(call.handle, [second.id])).toEqual([]);
    await old.drain();

    const bench = await startBench(after, old.taskQueue);
    const same = callHandle(bench.client, call.callId);
    await same.handle.executeUpdate('reschedule', { args: [{ at: new Date().toISOString() }] });
    const { attempts } = await same.until((state) => state.state === 'queued');
    await same.callback(1, attempts[0]?.callSid as string, 'completed', { CallDuration: '3' });
    expect(await same.result()).toMatchObject({ to, outcome: 'answered' });
    expect(await plainIn(same.handle, [second.id])).toEqual([second.id]);
    expect(await searchAttributeOf(same.handle)).toBe(attribute);
    const next = await startCall(bench, after);
    expect(await searchAttributeOf(next.handle)).toBe(attribute);
    await next.handle.terminate();
  });

  it('a key is missing: readiness and log name it, the call waits, and goes on once the key is back', async () => {
    const [whole, without] = [encryptionWith(first), encryptionWith(second)];
    const bench = await startBench(without);
    const client = new Client({ connection: bench.client.connection, dataConverter: whole.dataConverter });
    const handle = await client.workflow.start('outboundCall', {
      workflowId: `call-${randomUUID()}`,
      taskQueue: bench.taskQueue,
      args: [{ to, twiml: '<Response/>' }],
      memo: { requestedBy: 'clinic' },
      // A worker lets a task that fails again run into its time-out.
      workflowTaskTimeout: '1s',
    });
    const call = callHandle(client, handle.workflowId);
    await vi.waitFor(
      async () =>
        expect((await without.readiness.check()).checks.encryptionKeys).toMatch(
          /missing: first\. Calls .* wait/,
        ),
      10_000,
    );
    expect(without.errors).toHaveLength(1);
    expect(JSON.stringify(without.errors[0])).toContain('the key first, which RINGTRUE_ENCRYPTION_KEYS');
    await expect(callHandle(bench.client, call.callId).handle.describe()).rejects.toMatchObject({
      name: 'MissingEncryptionKey',
      keyId: 'first',
    });
    expect((await call.handle.describe()).status.name).toBe('RUNNING');
    await bench.drain();

    const back = await startBench(encryptionWith(second, first), bench.taskQueue);
    const same = callHandle(back.client, call.callId);
    // Until its workflow task succeeds, no query is answered.
    await vi.waitFor(() => same.state(), 20_000);
    const { attempts } = await same.until((state) => state.state === 'queued');
    await same.callback(1, attempts[0]?.callSid as string, 'completed', { CallDuration: '3' });
    expect(await same.result()).toMatchObject({ outcome: 'answered' });
    expect(twilio.creates.filter((create) => create.get('To') === to)).toHaveLength(1);
  });
});
