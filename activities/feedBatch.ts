import { Context } from '@temporalio/activity';
import type { BatchStep } from '../workflows/batch/batchActivities.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import type { StartingRow } from './store/batches/batchStore.js';
import { callIdOfRow } from './store/batches/batchStore.js';
import { checkCallRequest } from './validation/callRequestSchema.js';
import { faultLine } from './validation/fault.js';

/** With what a step may have begun by then, still below the activity's time-out. */
const maxStepMs = 10_000;
const heartbeatIntervalMs = 5_000;
/** Rows released at a time. A pause stops all later ones. */
const rowsPerPass = 100;
/** Requests to Temporal at a time. */
const maxParallel = 20;
/** Each costs a request to Temporal. */
const maxStaleRows = 50;

/**
 * One step of a batch: counts the calls that ended, starts the next ones, and cancels the running ones of a
 * canceled batch. A row is released in the store first and started then. After a crash the next step finds it
 * there and starts it again, under the same call id, so that it runs once.
 */
export function feedBatch(deps: ActivityDeps) {
  return async ({ batchId }: { batchId: string }): Promise<BatchStep> => {
    const context = Context.current();
    const heartbeatTimer = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
    try {
      return await runStep(deps, batchId, context.cancellationSignal);
    } finally {
      clearInterval(heartbeatTimer);
    }
  };
}

async function runStep(
  deps: ActivityDeps,
  batchId: string,
  cancellationSignal: AbortSignal,
): Promise<BatchStep> {
  const { store } = deps;
  const startedAt = Date.now();
  const ended = await store.countEndedRows(batchId);
  await refuseLostRows(deps, batchId, await store.staleRows(batchId, maxStaleRows));
  for (;;) {
    await store.releaseRows(batchId, rowsPerPass);
    const starting = await store.startingRows(batchId, rowsPerPass);
    await startRows(deps, batchId, starting);
    const canceling = await store.rowsToCancel(batchId, rowsPerPass);
    await cancelRows(deps, batchId, canceling);
    const more = starting.length + canceling.length > 0;
    if (!more || Date.now() - startedAt > maxStepMs)
      return { progress: await store.finishStep(batchId), ended, more };
    cancellationSignal.throwIfAborted();
  }
}

async function startRows(
  { store, callStarter, settings }: ActivityDeps,
  batchId: string,
  rows: StartingRow[],
) {
  const refused: { row: number; fault: string }[] = [];
  const started: number[] = [];
  // Of an account that was taken out since the batch came in, the calls begin all the same, and wait.
  const context = { ...settings, policies: settings.policies(), accounts: undefined };
  try {
    await forEachInParallel(rows, async ({ row, callId, request, canceled, requestedBy }) => {
      if (canceled) {
        // Released before the cancel, and perhaps started.
        if (await callStarter.exists(callId)) started.push(row);
        else refused.push({ row, fault: 'the batch was canceled before the call was started' });
        return;
      }
      const checked = checkCallRequest(request, context);
      if ('faults' in checked) {
        // It was right when the batch came in; the settings have changed since then. It may have been started
        // before that.
        if (await callStarter.exists(callId)) started.push(row);
        else refused.push({ row, fault: checked.faults.map(faultLine).join('; ') });
        return;
      }
      await callStarter.start({ callId, request, batchId, requestedBy });
      started.push(row);
    });
  } finally {
    if (started.length > 0) await store.markStarted(batchId, started);
    if (refused.length > 0) await store.refuseRows(batchId, refused);
  }
}

async function cancelRows(deps: ActivityDeps, batchId: string, rows: number[]): Promise<void> {
  if (rows.length === 0) return;
  const ended: number[] = [];
  const progress = (await deps.store.findBatch(batchId))?.progress;
  const reason = progress?.cancelReason
    ? `the batch was canceled: ${progress.cancelReason}`
    : 'the batch was canceled';
  const by = progress?.controls.find(({ control }) => control === 'cancel')?.by ?? null;
  await forEachInParallel(rows, async (row) => {
    if (!(await deps.callStarter.cancel(callIdOfRow(batchId, row), { reason, by }))) ended.push(row);
  });
  await deps.store.markCancelRequested(batchId, rows);
  await refuseLostRows(deps, batchId, ended);
}

/** A workflow that has ended and left no outcome will leave none: its row must not run forever. */
async function refuseLostRows(
  { store, callStarter }: ActivityDeps,
  batchId: string,
  rows: number[],
): Promise<void> {
  const refused: { row: number; fault: string }[] = [];
  const running: number[] = [];
  await forEachInParallel(rows, async (row) => {
    const endDescription = await callStarter.describeEnd(callIdOfRow(batchId, row));
    if (endDescription === null) running.push(row);
    else refused.push({ row, fault: endDescription });
  });
  if (running.length > 0) await store.markChecked(batchId, running);
  if (refused.length > 0) await store.refuseRows(batchId, refused);
}

/** Does it with each, so many at a time. The first failure is thrown once all that were begun have ended. */
async function forEachInParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const remaining = items.values();
  const lanes = Array.from({ length: Math.min(maxParallel, items.length) }, async () => {
    for (const item of remaining) await work(item);
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
  if (failed) throw failed.reason;
}
