import { Context } from '@temporalio/activity';
import type { BatchStep } from '../workflows/batchActivities.js';
import type { StartingRow } from './batchStore.js';
import { callIdOfRow } from './batchStore.js';
import { checkCallRequest } from './callRequestSchema.js';
import { faultLine } from './fault.js';
import type { World } from './world.js';

/** With what a step may have begun by then, still below the activity's time-out. */
const stepWithinMs = 10_000;
const heartbeatEveryMs = 5_000;
/** Calls that get their turn at a time: a pause holds for all others. */
const slice = 100;
/** Requests to Temporal at a time. */
const atOnce = 20;
/** Each costs a request to Temporal. */
const silentAtOnce = 50;

/**
 * One step of a batch: counts what has ended, starts what has its turn, and cancels what runs of a canceled batch. A row has
 * its turn in the store first and is started then; whoever comes after a crash finds it there and starts it once more, under
 * the same call id, so that it runs once.
 */
export function feedBatch(world: World) {
  return async ({ batchId }: { batchId: string }): Promise<BatchStep> => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), heartbeatEveryMs);
    try {
      return await step(world, batchId, context.cancellationSignal);
    } finally {
      clearInterval(beat);
    }
  };
}

async function step(world: World, batchId: string, canceled: AbortSignal): Promise<BatchStep> {
  const { store } = world;
  const begunAt = Date.now();
  const settled = await store.settleBatch(batchId);
  await refuseLost(world, batchId, await store.silentRows(batchId, silentAtOnce));
  for (;;) {
    await store.turnBatch(batchId, slice);
    const starting = await store.startingRows(batchId, slice);
    await start(world, batchId, starting);
    const canceling = await store.rowsToCancel(batchId, slice);
    await cancel(world, batchId, canceling);
    const more = starting.length + canceling.length > 0;
    if (!more || Date.now() - begunAt > stepWithinMs)
      return { progress: await store.concludeStep(batchId), settled, more };
    canceled.throwIfAborted();
  }
}

async function start({ store, callStarter, settings }: World, batchId: string, rows: StartingRow[]) {
  const refused: { row: number; fault: string }[] = [];
  const started: number[] = [];
  const known = { ...settings, policies: settings.policies() };
  try {
    await inParallel(rows, async ({ row, callId, request }) => {
      const checked = checkCallRequest(request, known);
      if ('faults' in checked) {
        // It was right when the batch came in; the settings have changed since then. It may have been started before that.
        if (await callStarter.exists(callId)) started.push(row);
        else refused.push({ row, fault: checked.faults.map(faultLine).join('; ') });
        return;
      }
      await callStarter.start({ callId, request, batchId });
      started.push(row);
    });
  } finally {
    if (started.length > 0) await store.markStarted(batchId, started);
    if (refused.length > 0) await store.refuseRows(batchId, refused);
  }
}

async function cancel(world: World, batchId: string, rows: number[]): Promise<void> {
  if (rows.length === 0) return;
  const ended: number[] = [];
  await inParallel(rows, async (row) => {
    if (!(await world.callStarter.cancel(callIdOfRow(batchId, row)))) ended.push(row);
  });
  await world.store.markCancelAsked(batchId, rows);
  await refuseLost(world, batchId, ended);
}

/** A workflow that has ended and left no outcome will leave none: its row must not run for ever. */
async function refuseLost({ store, callStarter }: World, batchId: string, rows: number[]): Promise<void> {
  const refused: { row: number; fault: string }[] = [];
  const running: number[] = [];
  await inParallel(rows, async (row) => {
    const ended = await callStarter.howItEnded(callIdOfRow(batchId, row));
    if (ended === null) running.push(row);
    else refused.push({ row, fault: ended });
  });
  if (running.length > 0) await store.markChecked(batchId, running);
  if (refused.length > 0) await store.refuseRows(batchId, refused);
}

/** Does it with each, so many at a time. The first failure is thrown once all that were begun have ended. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of left) await work(item);
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
  if (failed) throw failed.reason;
}
