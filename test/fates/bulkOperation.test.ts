import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, it } from 'vitest';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { type BulkAction, type BulkProgress, isBulkOver } from '../../workflows/bulk/bulkProgress.js';
import { type CallHandle, startCallBench } from '../support/callBench.js';
import { recordHistory } from '../support/histories.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench({}, { ownDatabase: true });
const later = new Date(Date.now() + 86_400_000).toISOString();

/** So many calls that wait for tomorrow, on record as waiting. */
async function waitingCalls(count: number, campaign: string): Promise<CallHandle[]> {
  const { bench, store, to } = context;
  const calls = await Promise.all(
    Array.from({ length: count }, (_, nth) =>
      bench.start({
        to: `${to}${String(nth).padStart(2, '0')}`,
        lookup: 'off',
        notBefore: later,
        metadata: { campaign },
      }),
    ),
  );
  const listed = async () =>
    (await store.listCalls({ metadata: { campaign }, state: 'waiting', limit: 200 })).calls;
  await expect.poll(async () => (await listed()).length, { timeout: 20_000 }).toBe(count);
  return calls;
}

/** An operation on the calls of a campaign, as the API stores and begins it. */
async function operationOn(campaign: string, action: BulkAction, pace: object = {}) {
  const { bench, store } = context;
  const operationId = `bulk-${randomUUID()}`;
  const selection = { metadata: { campaign } };
  const { count, last } = await store.previewBulkOperation(selection);
  if (last === null) throw new Error('There is no call.');
  await store.createBulkOperation({
    ...{ operationId, action, selection, last },
    requestedFilter: { 'metadata.campaign': campaign },
    reason: 'by mistake',
    requestedBy: 'Ann',
    contentHash: 'h',
    expected: count,
  });
  const handle: WorkflowHandle = await bench.client.workflow.start('bulkOperation', {
    taskQueue: bench.taskQueue,
    workflowId: operationId,
    args: [pace],
  });
  const read = async () => (await store.findBulkOperation(operationId))?.progress as BulkProgress;
  const result = async () => {
    try {
      return (await handle.result()) as BulkProgress;
    } finally {
      if (process.env.RINGTRUE_RECORD_HISTORIES) await recordHistory(handle);
    }
  };
  return { operationId, handle, read, result };
}

it('calls of a filter are canceled while others come: exactly those of the request, each with reason and name', async () => {
  const [calls, others] = [await waitingCalls(6, 'spring'), await waitingCalls(3, 'autumn')];
  const operation = await operationOn('spring', 'cancel');
  expect(await operation.result()).toMatchObject({
    state: 'done',
    expected: 6,
    counts: { done: 6, refused: 0, failed: 0 },
  });
  for (const call of calls)
    expect(await call.handle.result()).toMatchObject({
      outcome: 'canceled',
      endedBecause: { message: 'Canceled: by mistake' },
      controls: [{ control: 'cancel', by: 'Ann' }],
    });
  for (const other of others) expect(await other.state()).toMatchObject({ state: 'waiting', outcome: null });
  const again = await context.store.nextBulkCalls(operation.operationId, 10);
  expect(again).toBeNull();
});

it('the state of the calls does not allow it: refused in the words of the calls', async () => {
  const [call] = await waitingCalls(4, 'refusing');
  const operation = await operationOn('refusing', 'retry');
  const progress = await operation.result();
  expect(progress.counts).toEqual({ done: 0, refused: 4, failed: 0 });
  expect(progress.reasons).toMatchObject([
    { kind: 'refused', calls: 4, message: expect.stringContaining('use reschedule') },
  ]);
  expect(await call?.state()).toMatchObject({ state: 'waiting', controls: [] });
});

it('a worker is lost after it has controlled calls, before it counted them: each is controlled and counted once', async () => {
  const { store, bench, twilio } = context;
  const calls = await waitingCalls(5, 'twice');
  let losses = 0;
  const saveBulkResults: OutcomeStore['saveBulkResults'] = async (...results) => {
    if (++losses <= 2) throw new Error('the worker is lost');
    return store.saveBulkResults(...results);
  };
  const own = await startCallBench({
    store: { ...store, saveBulkResults },
    twilioUrl: twilio.url,
    taskQueue: `bulk-${randomUUID()}`,
    settings: bench.settings,
  });
  context.bench = { ...own, start: bench.start };
  try {
    const operation = await operationOn('twice', 'cancel');
    expect((await operation.result()).counts).toEqual({ done: 5, refused: 0, failed: 0 });
  } finally {
    context.bench = bench;
    await own.stop();
  }
  expect(losses).toBe(3);
  for (const call of calls)
    expect(await call.handle.result()).toMatchObject({ controls: [{ control: 'cancel' }] });
});

it('more calls than a second allows, its workflow continuing as new; then stopped: the rest is left alone', async () => {
  await waitingCalls(35, 'many');
  const operation = await operationOn('many', 'pause', { stepsPerRun: 1, stepSeconds: 0 });
  await expect
    .poll(async () => (await operation.read()).counts.done, { timeout: 10_000, interval: 30 })
    .toBe(25);
  await operation.handle.cancel();
  const progress = await operation.result();
  expect(progress).toMatchObject({ state: 'stopped', expected: 35, stoppedBy: null });
  const { counts } = progress;
  expect(counts.done + counts.refused + counts.failed).toBeLessThan(35);
  expect(isBulkOver(progress)).toBe(true);
  const { calls } = await context.store.listCalls({ metadata: { campaign: 'many' }, limit: 200 });
  const paused = await Promise.all(
    calls.map(({ callId }) =>
      context.bench.client.workflow.getHandle(callId).query<{ paused: boolean }, []>('state'),
    ),
  );
  expect(paused.filter((call) => call.paused)).toHaveLength(counts.done);
});

it('begun by somebody though nobody stored it: it fails at once, and says so', async () => {
  const { client, taskQueue } = context.bench;
  const workflowId = `bulk-${randomUUID()}`;
  const handle = await client.workflow.start('bulkOperation', { taskQueue, workflowId, args: [] });
  const failure = await handle.result().catch((error) => error.cause.cause);
  expect(failure).toMatchObject({
    type: 'NoSuchBulkOperation',
    message: expect.stringContaining(workflowId),
  });
});
