import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { callHandle } from '../support/callBench.js';
import { useCallBench } from '../support/useCallBench.js';
import type { callAsChild } from './parentWorkflow.js';

const context = useCallBench();
const taskQueue = `parents-${randomUUID()}`;
let stop: () => Promise<void>;

beforeAll(async () => {
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  const workflowsPath = fileURLToPath(new URL('parentWorkflow.ts', import.meta.url));
  const worker = await Worker.create({ connection, taskQueue, workflowsPath });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
}, 60_000);
afterAll(() => stop());

async function start(request: object) {
  const callId = `order-${randomUUID()}`;
  const parent = await context.bench.client.workflow.start<typeof callAsChild>('callAsChild', {
    taskQueue,
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
    const { parent, call, inState } = await start({});
    await inState('queued');
    await call.callback(1, context.twilio.calls[0]?.sid ?? '', 'busy');
    const outcome = await parent.result();
    expect(outcome).toMatchObject({ callId: call.callId, outcome: 'busy' });
    expect((await context.store.findCallState(call.callId))?.outcome).toEqual(outcome);
  });

  it('the parent is canceled: the call is canceled, and the parent still gets its outcome', async () => {
    const { parent, inState } = await start({ notBefore: inAnHour() });
    await inState('waiting');
    await parent.cancel();
    expect(await parent.result()).toMatchObject({ outcome: 'canceled', decidedBy: 'cancel' });
  });

  it('the parent is terminated: the call is canceled, and its outcome is on record', async () => {
    const { parent, call, inState } = await start({ notBefore: inAnHour() });
    await inState('waiting');
    await parent.terminate();
    expect(await call.result()).toMatchObject({ outcome: 'canceled' });
    expect((await context.store.findCallState(call.callId))?.outcome?.outcome).toBe('canceled');
  });

  it('a request with faults: the parent fails with InvalidCallRequest, and nothing is dialed', async () => {
    const { parent } = await start({ ringTimeoutSeconds: 1 });
    await expect(parent.result()).rejects.toMatchObject({
      cause: {
        cause: { type: 'InvalidCallRequest', message: expect.stringContaining('ringTimeoutSeconds is 1') },
      },
    });
    expect(context.twilio.creates).toEqual([]);
  });
});
