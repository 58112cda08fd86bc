import { type Client, type WorkflowExecutionDescription, WorkflowFailedError } from '@temporalio/client';
import type { WorkflowEnd } from '../../activities/store/calls/workflowEnds.js';
import type { CallOutcome } from '../../workflows/callOutcome.js';
import { withDeadline } from './withDeadline.js';

/** How the workflow of a call ended, as Temporal tells it. */
export type CallEnd =
  | { outcome: CallOutcome }
  | ({ outcome: null } & Pick<WorkflowEnd, 'status' | 'at' | 'reason'>);

/** Any other status, such as `PAUSED`, is one of a workflow that may go on. */
const endStatuses = new Map<string, WorkflowEnd['status']>([
  ['COMPLETED', 'completed'],
  ['FAILED', 'failed'],
  ['CANCELLED', 'canceled'],
  ['TERMINATED', 'terminated'],
  ['TIMED_OUT', 'timed-out'],
]);

/** Has the workflow of a call not ended yet? */
export function isRunning({ status }: WorkflowExecutionDescription): boolean {
  return !endStatuses.has(status.name);
}

/** What Temporal knows of a call whose workflow it does not have. */
export const missingEnd = { outcome: null, status: 'missing', at: null, reason: null } as const;

/** How the described workflow ended. Throws errors of Temporal. */
export async function callEnd(
  temporal: Client,
  description: WorkflowExecutionDescription,
  withinMs: number,
): Promise<CallEnd> {
  const { workflowId, runId, closeTime, status } = description;
  try {
    const outcome = await withDeadline(temporal, withinMs, (workflow) =>
      workflow.getHandle(workflowId, runId).result(),
    );
    return { outcome: outcome as CallOutcome };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return {
      outcome: null,
      status: endStatuses.get(status.name) ?? 'failed',
      at: closeTime?.toISOString() ?? null,
      reason: error.cause?.message ?? error.message,
    };
  }
}
