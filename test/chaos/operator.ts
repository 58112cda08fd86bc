import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Reset } from './plan.js';
import type { Stack } from './stack.js';

/** A reset that was carried out. */
export interface AppliedReset extends Reset {
  callId: string;
}

/** How many calls are tried to find one to reset, the newest first. */
const candidateCount = 15;

/**
 * Resets workflows as an operator does in the Temporal UI. They do the same again from there, but no phone
 * may ring for it. A reset that finds no suitable call, or no Temporal, is left out.
 */
export async function reset(
  stack: Stack,
  planned: Reset[],
  callIds: () => string[],
): Promise<AppliedReset[]> {
  const begunAt = Date.now();
  const temporal = new Client({ connection: Connection.lazy({ address: stack.temporalAddress }) });
  const applied: AppliedReset[] = [];
  for (const one of planned) {
    await pause(Math.max(0, one.atMs - (Date.now() - begunAt)));
    const callId = await temporal
      .withDeadline(Date.now() + 5_000, () => resetOne(temporal, one, callIds()))
      .catch(() => null);
    if (callId !== null) applied.push({ ...one, callId });
  }
  await temporal.connection.close();
  return applied;
}

async function resetOne(temporal: Client, { of, point }: Reset, callIds: string[]): Promise<string | null> {
  const wanted = of === 'under way' ? 'RUNNING' : 'COMPLETED';
  for (const callId of callIds.slice(-candidateCount).reverse()) {
    const handle = temporal.workflow.getHandle(callId);
    if ((await handle.describe()).status.name !== wanted) continue;
    const { events } = await handle.fetchHistory();
    const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
    const task = tasks[Math.floor(point * tasks.length)];
    if (!task?.eventId) continue;
    await temporal.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: callId },
      workflowTaskFinishEventId: task.eventId,
      requestId: randomUUID(),
      reason: 'chaos',
    });
    return callId;
  }
  return null;
}
