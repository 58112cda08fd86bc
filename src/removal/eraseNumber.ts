import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { Traces } from '../../activities/store/removal/erasures.js';
import type { EncryptionKey } from '../encryption/encryptionKeys.js';
import { searchableForms } from '../encryption/numberHiding.js';
import { deleteRun, findRuns, isThere, type WorkflowRun } from './workflowRuns.js';

export interface ErasureParts {
  store: OutcomeStore;
  temporal: Client;
  /** With which search attributes may have been made. */
  encryptionKeys: readonly EncryptionKey[];
}

/** Temporal deletes a closed run about half a minute after the request, and looks at its queues once in a while. */
const askAgainMs = 1000;

/**
 * One pass of an erasure. Temporal first: the store names the workflows, so that a pass that is cut off can be repeated. Returns
 * true once a pass has found nothing any more. Else says what it waits for, by `wait`, which also keeps the erasure for this worker.
 */
export async function eraseNumber(
  { store, temporal, encryptionKeys }: ErasureParts,
  { id, number }: { id: string; number: string },
  wait: (what: string | null) => Promise<void>,
): Promise<boolean> {
  const traces = await store.findTraces(number);
  const rows = await store.findBatchRows(traces.numbers);
  await wait(null);
  const known = [...new Set([...traces.callIds, ...rows.map(({ callId }) => callId)])];
  const runs = await findRuns(temporal, {
    forms: traces.numbers.flatMap((one) => searchableForms(one, encryptionKeys)),
    workflowIds: [...known.flatMap(workflowIdsOf), ...traces.batchIds, ...traces.deadLetterIds.map(resendId)],
  });
  const running = runningIds(traces, runs);
  if (running.length > 0) {
    await wait(`These calls to be over, or to be canceled: ${running.join(', ')}`);
    return false;
  }
  const unknown = runs.filter(({ isCall }) => isCall).map(({ workflowId }) => workflowId);
  const callIds = [...new Set([...known, ...unknown])];
  for (const run of runs) await deleteRun(temporal, run);
  for (let left = runs; left.length > 0; ) {
    await wait(`Temporal to delete ${left.length === 1 ? 'one workflow' : `${left.length} workflows`}`);
    await pause(askAgainMs);
    const there = await Promise.all(left.map((run) => isThere(temporal, run)));
    left = left.filter((_, index) => there[index]);
  }
  await wait(null);
  await countRows(store, callIds);
  await store.eraseTraces(id, { numbers: traces.numbers, callIds, rows, workflows: runs.length });
  return runs.length === 0 && callIds.length === 0;
}

/** Calls and redials of the number that are not over, as store and Temporal know them. */
export function runningIds(traces: Traces, runs: readonly WorkflowRun[]): string[] {
  const inTemporal = runs.filter(({ isRunning }) => isRunning).map(({ workflowId }) => workflowId);
  return [...new Set([...traces.runningCallIds, ...traces.runningBatchIds, ...inTemporal])];
}

function workflowIdsOf(callId: string): string[] {
  return [callId, `${callId}:notification`];
}

function resendId(deadLetterId: string): string {
  return `dead-letter:${deadLetterId}`;
}

/** A batch counts its calls from their records: it must have counted those that are erased now. */
async function countRows(store: OutcomeStore, callIds: readonly string[]): Promise<void> {
  const batchIds = new Set(callIds.map((callId) => callId.replace(/-\d+$/, '')));
  for (const batchId of batchIds) if (!callIds.includes(batchId)) await store.countEndedRows(batchId);
}
