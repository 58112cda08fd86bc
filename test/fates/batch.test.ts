import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { BatchProgress } from '../../workflows/batch/batchProgress.js';
import type { BatchFeeding } from '../../workflows/batch/callBatch.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import { callHandle, startCallBench } from '../support/callBench.js';
import { endCallsAutomatically } from '../support/endCallsAutomatically.js';
import { recordHistory } from '../support/histories.js';
import { useCallBench } from '../support/useCallBench.js';

// A placement on its way to a worker that leaves may be lost, and is then looked for at Twilio.
const context = useCallBench({ absentAfterSeconds: 5 });
const quick: BatchFeeding = { shortestSeconds: 0.1, longestSeconds: 0.5 };

interface BatchHandle {
  batchId: string;
  handle: WorkflowHandle;
  update(what: string, input?: object): Promise<BatchProgress>;
  /** Waits until the record fulfills this; fails with the last one. */
  until(holds: (batch: BatchProgress) => boolean): Promise<BatchProgress>;
  result(): Promise<BatchProgress>;
}

/** A batch of so many calls, each to a number of its own, as the API would store and begin it. */
async function batchOf(
  size: number,
  window: number,
  options: { feeding?: BatchFeeding; paused?: boolean; request?: (row: number) => object } = {},
): Promise<BatchHandle> {
  const { store, bench, to } = context;
  const batchId = `batch-${randomUUID()}`;
  const defaults = { twiml: '<Response/>', lookup: 'off' as const };
  const { paused = false } = options;
  const draft = await store.createDraft({ name: null, window, defaults, redialOf: null, paused });
  const rows = Array.from({ length: size }, (_, nth) => ({
    to: `${to}${String(nth).padStart(2, '0')}`,
    ...options.request?.(nth + 1),
  }));
  await store.addBatchRows(draft, 1, rows);
  await store.publishDraft(draft, { batchId, total: size, contentHash: null, metadataNames: [] });
  const handle: WorkflowHandle = await bench.client.workflow.start('callBatch', {
    taskQueue: bench.taskQueue,
    workflowId: batchId,
    args: [options.feeding ?? quick],
  });
  return {
    batchId,
    handle,
    update: (what, input = {}) => handle.executeUpdate(what, { args: [input] }),
    async until(holds) {
      for (const giveUpAt = Date.now() + 30_000; ; ) {
        const { progress } = (await store.findBatch(batchId)) as { progress: BatchProgress };
        addsUp(progress);
        if (holds(progress)) return progress;
        if (Date.now() > giveUpAt) throw new Error(`never came true: ${holds}; ${JSON.stringify(progress)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async result() {
      try {
        return (await handle.result()) as BatchProgress;
      } finally {
        if (process.env.RINGTRUE_RECORD_HISTORIES) await recordHistory(handle);
      }
    },
  };
}

function addsUp({ counts }: BatchProgress): void {
  const { total, waiting, running, done, refused, withdrawn, outcomes } = counts;
  expect(waiting + running + done + refused + withdrawn).toBe(total);
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(done);
}

/** With a worker of its own, on a store that does not do everything as it should. */
async function workingOn(store: OutcomeStore, work: () => Promise<void>): Promise<void> {
  const { bench, twilio } = context;
  const own = await startCallBench({ store, twilioUrl: twilio.url, settings: bench.settings });
  context.bench = own;
  try {
    await work();
  } finally {
    context.bench = bench;
    await own.stop();
  }
}

const numbers = (rows: number) => Array.from({ length: rows }, (_, nth) => nth + 1);

describe('a batch', () => {
  it('sixty calls, ten at a time, its workflow continuing as new on the way: each is made once', async () => {
    const seen = endCallsAutomatically(context);
    const batch = await batchOf(60, 10, { feeding: { ...quick, checksPerRun: 3 } });
    const first = (await batch.handle.describe()).runId;
    await batch.until(({ counts }) => counts.done > 20);
    expect((await batch.handle.describe()).runId).not.toBe(first);
    const end = await batch.result();
    expect(end).toMatchObject({
      state: 'done',
      counts: { total: 60, waiting: 0, running: 0, done: 60, outcomes: { answered: 60 } },
    });
    expect(seen.maxInFlight).toBeLessThanOrEqual(10);
    expect(seen.callIds.sort()).toEqual(
      numbers(60)
        .map((row) => `${batch.batchId}-${row}`)
        .sort(),
    );
  });

  it('few calls, one invalid when it is to start: it is refused, and the others are made', async () => {
    const seen = endCallsAutomatically(context, 'busy');
    const batch = await batchOf(4, 10, { request: (row) => (row === 2 ? { retry: 'gone' } : {}) });
    expect(await batch.result()).toMatchObject({
      state: 'done',
      counts: { total: 4, done: 3, refused: 1, outcomes: { busy: 3 } },
    });
    expect(seen.callIds).toHaveLength(3);
    const [, refused] = await context.store.batchResults(batch.batchId, { after: 0, limit: 10 });
    expect(refused).toMatchObject({ state: 'refused', reason: expect.stringContaining('"gone"') });
  });

  it('its calls are found by it: on record, and by their search attribute', async () => {
    endCallsAutomatically(context);
    const batch = await batchOf(3, 10);
    await batch.result();
    const { calls } = await context.store.listCalls({ batch: batch.batchId, limit: 10 });
    expect(calls.map(({ callId }) => callId).sort()).toEqual(
      numbers(3).map((row) => `${batch.batchId}-${row}`),
    );
    const found = async () => {
      const query = `RingtrueBatch = '${batch.batchId}'`;
      return (await context.bench.client.workflow.count(query)).count;
    };
    await expect.poll(found, { timeout: 10_000 }).toBe(3);
  });

  it('a worker stops in the middle, and another one comes: the batch goes on, and no call is made twice', async () => {
    const seen = endCallsAutomatically(context);
    const { store, twilio, bench } = context;
    const { taskQueue, settings } = bench;
    const parts = { store, twilioUrl: twilio.url, settings, taskQueue };
    const leaving = await startCallBench(parts);
    const batch = await batchOf(20, 10);
    await batch.until(({ counts }) => counts.done > 5);
    await leaving.stop();
    await bench.drain();
    context.bench = await startCallBench(parts);
    expect(await batch.result()).toMatchObject({ state: 'done', counts: { done: 20 } });
    expect(new Set(seen.callIds).size).toBe(20);
    expect(seen.callIds).toHaveLength(20);
    expect(seen.maxInFlight).toBeLessThanOrEqual(10);
    await bench.stop();
    // A task on its way to a worker that leaves may be lost, and is missed after 30 s.
  }, 120_000);

  it('a worker dies after it has started calls, before it wrote that down: each is made once', async () => {
    const seen = endCallsAutomatically(context);
    const { store } = context;
    let deaths = 0;
    const markStarted: OutcomeStore['markStarted'] = async (batchId, rows) => {
      if (++deaths <= 2) throw new Error('died');
      return store.markStarted(batchId, rows);
    };
    await workingOn({ ...store, markStarted }, async () => {
      const batch = await batchOf(12, 5);
      expect(await batch.result()).toMatchObject({ state: 'done', counts: { done: 12 } });
    });
    expect(deaths).toBeGreaterThan(2);
    expect(seen.callIds).toHaveLength(12);
    expect(seen.maxInFlight).toBeLessThanOrEqual(5);
  });

  it('begun by somebody though nobody stored it: it fails at once, and says so', async () => {
    const { client, taskQueue } = context.bench;
    const workflowId = `batch-${randomUUID()}`;
    const handle = await client.workflow.start('callBatch', { taskQueue, workflowId, args: [] });
    const failure = await handle.result().catch((error) => error.cause.cause);
    expect(failure).toMatchObject({ type: 'NoSuchBatch', message: expect.stringContaining(workflowId) });
  });

  it('the workflow of a call is terminated: the row is refused, and the batch ends', async () => {
    const { store } = context;
    let lost: number[] = [];
    await workingOn({ ...store, staleRows: async () => lost }, async () => {
      const batch = await batchOf(1, 5);
      await expect.poll(() => context.twilio.calls.length, { timeout: 20_000 }).toBe(1);
      await context.bench.client.workflow.getHandle(`${batch.batchId}-1`).terminate('by mistake');
      lost = [1];
      expect(await batch.result()).toMatchObject({ state: 'done', counts: { refused: 1 } });
      const [row] = await store.batchResults(batch.batchId, { after: 0, limit: 1 });
      expect(row?.reason).toContain('its workflow ended without an outcome');
    });
  });
});

describe('controlling a batch', () => {
  it('paused: nothing more is started, however long; resumed: the rest is made', async () => {
    const seen = endCallsAutomatically(context);
    const batch = await batchOf(15, 5);
    await batch.until(({ counts }) => counts.done >= 5);
    const paused = await batch.update('pause');
    expect(paused.state).toBe('paused');
    const still = await batch.until(({ counts }) => counts.running === 0);
    const made = seen.callIds.length;
    expect(still.counts).toMatchObject({ done: made, waiting: 15 - made });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(seen.callIds).toHaveLength(made);
    expect((await batch.update('resume')).state).toBe('running');
    expect(await batch.result()).toMatchObject({ state: 'done', counts: { done: 15 } });
  });

  it('canceled while its first calls were released and no worker had started them: none of them is made', async () => {
    const seen = endCallsAutomatically(context);
    const { store } = context;
    let isAway = true;
    const startingRows: OutcomeStore['startingRows'] = async (batchId, limit) => {
      if (isAway) throw new Error('the worker is lost');
      return store.startingRows(batchId, limit);
    };
    await workingOn({ ...store, startingRows }, async () => {
      const batch = await batchOf(6, 3);
      await batch.until(({ counts }) => counts.running === 3);
      await batch.update('cancel', { reason: 'the wrong file' });
      isAway = false;
      expect(await batch.result()).toMatchObject({ state: 'canceled', counts: { refused: 3, withdrawn: 3 } });
      const [row] = await store.batchResults(batch.batchId, { after: 0, limit: 1 });
      expect(row?.reason).toBe('the batch was canceled before the call was started');
    });
    expect(seen.callIds).toEqual([]);
  });

  it('begun paused: nothing is made before it is resumed', async () => {
    const seen = endCallsAutomatically(context);
    const batch = await batchOf(3, 5, { paused: true });
    await expect.poll(() => batch.handle.query('progress')).toMatchObject({ state: 'paused' });
    expect(seen.callIds).toEqual([]);
    await batch.update('resume');
    expect(await batch.result()).toMatchObject({ counts: { done: 3 } });
  });

  it('canceled: what waits is withdrawn, what runs is canceled at Twilio, and the truth of each is waited for', async () => {
    const batch = await batchOf(20, 6);
    await expect.poll(() => context.twilio.calls.length, { timeout: 20_000 }).toBe(6);
    const answered = context.twilio.calls[0] as { sid: string; status: string };
    answered.status = 'in-progress';
    const canceling = await batch.update('cancel', { reason: 'the wrong file' });
    expect(canceling).toMatchObject({ state: 'canceling', counts: { waiting: 0, withdrawn: 14 } });
    expect(await batch.result()).toMatchObject({
      state: 'canceled',
      cancelReason: 'the wrong file',
      counts: { total: 20, running: 0, done: 6, withdrawn: 14, outcomes: { answered: 1, canceled: 5 } },
    });
    const results = await context.store.batchResults(batch.batchId, { after: 0, limit: 20 });
    expect(results.filter(({ outcome }) => outcome === 'canceled').map(({ callId }) => callId)).toHaveLength(
      5,
    );
    for (const { callId, outcome } of results)
      if (outcome !== null)
        expect((await context.store.findCallState(callId))?.outcome?.endedBecause).toEqual({
          code: 'canceled',
          message: 'Canceled: the batch was canceled: the wrong file',
        });
    expect(context.twilio.creates).toHaveLength(6);
  });

  it('canceled through Temporal: the same', async () => {
    const batch = await batchOf(8, 3);
    await expect.poll(() => context.twilio.calls.length, { timeout: 20_000 }).toBe(3);
    await batch.handle.cancel();
    expect(await batch.result()).toMatchObject({
      state: 'canceled',
      counts: { done: 3, withdrawn: 5, outcomes: { canceled: 3 } },
    });
  });

  it('controlled when that makes no sense any more: refused in words', async () => {
    const refusal = (promise: Promise<unknown>) =>
      promise.then(
        () => null,
        (error) => error.cause?.type,
      );
    const batch = await batchOf(2, 2);
    await expect.poll(() => context.twilio.calls.length, { timeout: 20_000 }).toBe(2);
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    context.twilio.answerUpdate = async (found) => {
      await answered;
      return context.defaults.answerUpdate(found, 'canceled');
    };
    await batch.update('cancel');
    expect(await refusal(batch.update('pause'))).toBe('BatchIsCanceled');
    expect(await refusal(batch.update('resume'))).toBe('BatchIsCanceled');
    expect((await batch.update('cancel', { reason: 'again' })).cancelReason).toBeNull();
    answer();
    expect(await batch.result()).toMatchObject({ state: 'canceled' });
  });
});

it('the worker dies when it has started a call, and the settings would refuse its request now: it counts all the same', async () => {
  const { store, bench, twilio } = context;
  const { markStarted } = store;
  const { policies } = bench.settings;
  store.markStarted = async () => {
    await vi.waitFor(() => expect(twilio.creates).toHaveLength(1), { timeout: 10_000 });
    bench.settings.policies = () => ({ default: policies().default as RetryPolicy });
    store.markStarted = markStarted;
    throw new Error('the store is away');
  };
  try {
    const batch = await batchOf(1, 1, { request: () => ({ retry: 'thrice' }) });
    const call = callHandle(bench.client, `${batch.batchId}-1`);
    await batch.until(() => store.markStarted === markStarted);
    const { attempts } = await call.until((s) => s.attempts[0]?.callSid != null);
    await call.callback(1, attempts[0]?.callSid as string, 'completed', { SequenceNumber: '3' });
    expect((await batch.result()).counts).toMatchObject({ done: 1, refused: 0, outcomes: { answered: 1 } });
  } finally {
    store.markStarted = markStarted;
    bench.settings.policies = policies;
  }
});
