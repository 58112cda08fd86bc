import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { BulkActivities } from '../../workflows/bulk/bulkActivities.js';
import { type BulkProgress, isBulkOver } from '../../workflows/bulk/bulkProgress.js';
import type { ActivityDeps } from '../deps/activityDeps.js';
import type { ControlResult } from '../deps/callStarter.js';
import type { BulkCalls, BulkResult } from '../store/bulk/bulkStore.js';

const heartbeatIntervalMs = 5_000;
/** At most so many calls are controlled in a second. A stop holds after them. */
const callsPerSecond = 25;
/** Requests to Temporal at a time. */
const maxParallel = 10;

/**
 * One step of a bulk operation. Temporal knows the control of a call by the id of the operation, so that a repeated step
 * repeats no control, and is answered as the first one was.
 */
export function applyBulkOperation(deps: Pick<ActivityDeps, 'store' | 'callStarter'>) {
  return async ({
    operationId,
    forSeconds,
  }: Parameters<BulkActivities['applyBulkOperation']>[0]): Promise<BulkProgress> => {
    const context = Context.current();
    const heartbeatTimer = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
    try {
      return await runStep(deps, { operationId, forSeconds }, context.cancellationSignal);
    } finally {
      clearInterval(heartbeatTimer);
    }
  };
}

async function runStep(
  { store, callStarter }: Pick<ActivityDeps, 'store' | 'callStarter'>,
  { operationId, forSeconds }: { operationId: string; forSeconds: number },
  cancellationSignal: AbortSignal,
): Promise<BulkProgress> {
  const startedAt = Date.now();
  for (;;) {
    const secondBegan = Date.now();
    const next = await store.nextBulkCalls(operationId, callsPerSecond);
    if (next !== null)
      await store.saveBulkResults(operationId, next, await controlCalls(callStarter, operationId, next));
    const progress = (await store.findBulkOperation(operationId))?.progress;
    if (progress === undefined)
      throw ApplicationFailure.nonRetryable(
        `There is no bulk operation ${operationId} in the outcome store.`,
        'NoSuchBulkOperation',
      );
    if (isBulkOver(progress)) return progress;
    await sleep(Math.max(0, secondBegan + 1000 - Date.now()));
    if (Date.now() - startedAt > forSeconds * 1000) return progress;
    cancellationSignal.throwIfAborted();
  }
}

async function controlCalls(
  callStarter: ActivityDeps['callStarter'],
  operationId: string,
  { action, reason, requestedBy, calls }: BulkCalls,
): Promise<BulkResult[]> {
  const results: BulkResult[] = [];
  const remaining = calls.values();
  const input = {
    ...(reason === null ? {} : { reason }),
    ...(requestedBy === null ? {} : { by: requestedBy }),
  };
  const controlOne = async (callId: string): Promise<ControlResult> => {
    try {
      return await callStarter.control({ callId, action, input, requestId: operationId });
    } catch (error) {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(maxParallel, calls.length) }, async () => {
      for (const { callId } of remaining) results.push({ callId, ...(await controlOne(callId)) });
    }),
  );
  return results;
}
