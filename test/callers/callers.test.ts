import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowHandle } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CallOutcome, CallState } from '../../workflows/callOutcome.js';
import { callHandle } from '../support/callBench.js';
import { until } from '../support/ringtrueProcess.js';
import { useCallBench } from '../support/useCallBench.js';
import type { callAsChild, cancelCall, placeCall, readState } from './callerWorkflows.js';

const context = useCallBench();
const id = randomUUID().slice(0, 8);
/** The callers have a namespace of their own. */
const namespace = `callers-${id}`;
const endpoint = `ringtrue-${id}`;
/** In the namespace of the calls, with a task queue of its own. */
const parentQueue = `parents-${id}`;
let client: Client;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const { workflowService, operatorService } = context.bench.client.connection;
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await operatorService.createNexusEndpoint({
    spec: {
      name: endpoint,
      target: { worker: { namespace: 'default', taskQueue: context.bench.taskQueue } },
    },
  });
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  stops.push(() => connection.close());
  client = new Client({ connection, namespace });
  const workflowsPath = fileURLToPath(new URL('callerWorkflows.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  await run({ connection, workflowBundle, taskQueue: parentQueue });
  // The whole server knows a new namespace after some seconds.
  await until(() =>
    run({ connection, workflowBundle, namespace, taskQueue: 'callers' }).then(
      () => true,
      () => false,
    ),
  );
}, 90_000);
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function run(options: WorkerOptions): Promise<void> {
  const worker = await Worker.create(options);
  const running = worker.run();
  stops.push(async () => {
    worker.shutdown();
    await running;
  });
}

type Caller = typeof placeCall | typeof cancelCall | typeof readState;
function start<W extends Caller>(type: string, input: Parameters<W>[1]): Promise<WorkflowHandle<W>> {
  return client.workflow.start<W>(type, {
    taskQueue: 'callers',
    workflowId: `caller-${randomUUID()}`,
    args: [endpoint, input] as never,
  });
}
const newCallId = () => `order-${randomUUID()}`;
const request = () => ({ to: context.to, twiml: '<Response/>', lookup: 'off' as const });

async function whenQueued(callId: string) {
  const call = callHandle(context.bench.client, callId);
  await expect
    .poll(() => call.state().catch(() => null), { timeout: 20_000 })
    .toMatchObject({ state: 'queued' });
  return call;
}

/** The messages of an error and of all its causes. */
function messages(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${messages(error.cause)}` : '';
}
const failureOf = async (handle: WorkflowHandle): Promise<string> =>
  handle.result().then(() => 'no failure', messages);

describe('the Nexus service ringtrue, used from another namespace', () => {
  it('call: the outcome is the result; the workflow has the call id, and is linked to the caller', async () => {
    const callId = newCallId();
    const caller = await start<typeof placeCall>('placeCall', { callId, request: request() });
    const call = await whenQueued(callId);
    const state: CallState = await (await start<typeof readState>('readState', { callId })).result();
    expect(state).toMatchObject({ callId, state: 'queued', to: context.to });
    await call.callback(1, state.attempts[0]?.callSid ?? '', 'completed');
    const outcome: CallOutcome = await caller.result();
    expect(outcome).toMatchObject({ callId, outcome: 'answered', decidedBy: 'webhook' });
    expect((await context.store.findCallState(callId))?.outcome).toEqual(outcome);
    const [started] = (await call.handle.fetchHistory()).events ?? [];
    expect(JSON.stringify(started)).toContain(`"namespace":"${namespace}"`);
    expect(JSON.stringify((await caller.fetchHistory()).events)).toContain(`"workflowId":"${callId}"`);
  });

  it('call without a call id: the call gets one, and starts once', async () => {
    const caller = await start<typeof placeCall>('placeCall', { request: request() });
    await expect.poll(() => context.twilio.creates.length, { timeout: 20_000 }).toBe(1);
    const { calls } = await context.store.listCalls({ to: context.to, limit: 10 });
    expect(calls).toHaveLength(1);
    const callId = calls[0]?.callId ?? '';
    expect(callId).toMatch(/^call-/);
    await (await whenQueued(callId)).callback(1, context.twilio.calls[0]?.sid ?? '', 'busy');
    expect(await caller.result()).toMatchObject({ callId, outcome: 'busy' });
  });

  it('the same call id again: joins the call that runs, and gets the outcome of one that is over', async () => {
    const input = { callId: newCallId(), request: request() };
    const first = await start<typeof placeCall>('placeCall', input);
    const call = await whenQueued(input.callId);
    const second = await start<typeof placeCall>('placeCall', input);
    await expect
      .poll(async () => (await call.handle.fetchHistory()).events?.length, { timeout: 10_000 })
      .toBeGreaterThan(5);
    await call.callback(1, context.twilio.calls[0]?.sid ?? '', 'no-answer');
    const outcome = await first.result();
    expect(outcome).toMatchObject({ outcome: 'no-answer' });
    expect(await second.result()).toEqual(outcome);
    expect(await (await start<typeof placeCall>('placeCall', input)).result()).toEqual(outcome);
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('the same call id for another request: refused, and nothing is dialed', async () => {
    const callId = newCallId();
    const first = await start<typeof placeCall>('placeCall', { callId, request: request() });
    const call = await whenQueued(callId);
    const other = { ...request(), to: '+15005550199' };
    expect(await failureOf(await start<typeof placeCall>('placeCall', { callId, request: other }))).toContain(
      `The call id ${callId} belongs to another request`,
    );
    await call.callback(1, context.twilio.calls[0]?.sid ?? '', 'completed');
    await first.result();
    expect(context.twilio.creates).toHaveLength(1);
  });

  it('a request with faults: the operation fails, and names each', async () => {
    const bad = { to: '12', twiml: '<Response/>', ringTimeoutSeconds: 1 };
    const failure = await failureOf(await start<typeof placeCall>('placeCall', { request: bad }));
    expect(failure).toContain('to is "12"; must be a phone number in E.164');
    expect(failure).toContain('ringTimeoutSeconds is 1; must be an integer 5..600 seconds');
  });

  it('cancel: the call is canceled, with reason and name, and the outcome is the result of the operation', async () => {
    const callId = newCallId();
    const notBefore = new Date(Date.now() + 3_600_000).toISOString();
    const caller = await start<typeof placeCall>('placeCall', {
      callId,
      request: { ...request(), notBefore },
    });
    const call = callHandle(context.bench.client, callId);
    await expect
      .poll(() => call.state().catch(() => null), { timeout: 20_000 })
      .toMatchObject({ state: 'waiting' });
    const cancel = { callId, reason: 'sold out', by: 'shop' };
    expect(await (await start<typeof cancelCall>('cancelCall', cancel)).result()).toEqual({ callId });
    const outcome = await caller.result();
    expect(outcome).toMatchObject({
      outcome: 'canceled',
      decidedBy: 'cancel',
      controls: [{ control: 'cancel', by: 'shop' }],
    });
    expect(outcome.endedBecause.message).toContain('sold out');
    expect(await failureOf(await start<typeof cancelCall>('cancelCall', cancel))).toContain(
      `The call ${callId} is already over`,
    );
  });

  it('the caller is canceled: so is the call, and the operation still has its outcome', async () => {
    const callId = newCallId();
    const notBefore = new Date(Date.now() + 3_600_000).toISOString();
    const caller = await start<typeof placeCall>('placeCall', {
      callId,
      request: { ...request(), notBefore },
    });
    const call = callHandle(context.bench.client, callId);
    await expect
      .poll(() => call.state().catch(() => null), { timeout: 20_000 })
      .toMatchObject({ state: 'waiting' });
    await caller.cancel();
    expect(await call.result()).toMatchObject({ outcome: 'canceled' });
    expect(await caller.result()).toMatchObject({ callId, outcome: 'canceled' });
  });

  it('no such call, or a workflow that is none: said so, and that workflow is left alone', async () => {
    const callId = newCallId();
    const other = await context.bench.client.workflow.start('callBatch', {
      workflowId: `other-${callId}`,
      taskQueue: 'nobody',
      args: [{}],
    });
    for (const unknown of [callId, other.workflowId]) {
      const [state, cancel] = await Promise.all([
        start<typeof readState>('readState', { callId: unknown }),
        start<typeof cancelCall>('cancelCall', { callId: unknown }),
      ]);
      expect(await failureOf(state)).toContain(`There is no call ${unknown}`);
      expect(await failureOf(cancel)).toContain(`There is no call ${unknown}`);
    }
    expect((await other.describe()).status.name).toBe('RUNNING');
    await other.terminate();
  });
});

async function startParent(request: object) {
  const callId = `order-${randomUUID()}`;
  const parent = await context.bench.client.workflow.start<typeof callAsChild>('callAsChild', {
    taskQueue: parentQueue,
    workflowId: `parent-${callId}`,
    args: [
      context.bench.taskQueue,
      callId,
      { to: context.to, twiml: '<Response/>', lookup: 'off', ...request },
    ],
  });
  const call = callHandle(context.bench.client, callId);
  const inState = (state: string) =>
    expect.poll(() => call.state().catch(() => null), { timeout: 20_000 }).toMatchObject({ state });
  return { parent, call, inState };
}
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe('a call as a child workflow', () => {
  it('the parent gets the outcome, which is on record', async () => {
    const { parent, call, inState } = await startParent({});
    await inState('queued');
    await call.callback(1, context.twilio.calls[0]?.sid ?? '', 'busy');
    const outcome = await parent.result();
    expect(outcome).toMatchObject({ callId: call.callId, outcome: 'busy' });
    expect((await context.store.findCallState(call.callId))?.outcome).toEqual(outcome);
  });

  it('the parent is canceled: the call is canceled, and the parent still gets its outcome', async () => {
    const { parent, inState } = await startParent({ notBefore: inAnHour() });
    await inState('waiting');
    await parent.cancel();
    expect(await parent.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel' });
  });

  it('the parent is terminated: the call is canceled, and its outcome is on record', async () => {
    const { parent, call, inState } = await startParent({ notBefore: inAnHour() });
    await inState('waiting');
    await parent.terminate();
    expect(await call.result()).toMatchObject({ outcome: 'canceled' });
    expect((await context.store.findCallState(call.callId))?.outcome?.outcome).toBe('canceled');
  });

  it('a request with faults: the parent fails with InvalidCallRequest, and nothing is dialed', async () => {
    const { parent } = await startParent({ ringTimeoutSeconds: 1 });
    await expect(parent.result()).rejects.toMatchObject({
      cause: {
        cause: { type: 'InvalidCallRequest', message: expect.stringContaining('ringTimeoutSeconds is 1') },
      },
    });
    expect(context.twilio.creates).toEqual([]);
  });
});
