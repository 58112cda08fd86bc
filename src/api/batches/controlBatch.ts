import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { BatchControl } from '../../../workflows/batch/batchActivities.js';
import { type BatchProgress, isOver } from '../../../workflows/batch/batchProgress.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import { controlBody } from '../calls/controlCall.js';
import { controlRoutes } from '../calls/controlRoutes.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { batchOf, noSuchBatch } from './readBatch.js';
import { batchUrl, startBatchWorkflow } from './startBatch.js';

/** A worker that lives answers an update within milliseconds. */
const updateWithinMs = 5_000;

/** `POST /batches/{batchId}/pause`, `/resume` and `/cancel`. */
export function controlBatch(tools: ApiTools, what: BatchControl['what']) {
  return async (c: ApiContext): Promise<Response> => {
    const body = what === 'cancel' ? await controlBody(c, controlRoutes.cancel) : { input: {} };
    if ('refusal' in body) return body.refusal;
    const input: { reason?: string } = body.input;
    const found = await batchOf(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId } = found.progress;
    if (isOver(found.progress)) return conflict(c, `The batch is over already (${found.progress.state}).`);
    // Somebody may have terminated its workflow, or Temporal was away when the batch came in.
    await startBatchWorkflow(tools, batchId);
    const handle = tools.temporal.workflow.getHandle(batchId);
    try {
      const update = () => handle.executeUpdate<BatchProgress, [object]>(what, { args: [input] });
      return accepted(c, await withDeadline(tools.temporal, updateWithinMs, update));
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        return conflict(c, `${error.cause?.message ?? error.message}.`);
      if (error instanceof WorkflowNotFoundError) return conflict(c, 'The batch ended just now.');
      if (!isTemporalUnavailable(error)) throw error;
      return controlInStore(tools, c, batchId, { what, reason: input.reason ?? null });
    }
  };
}

/** Without a worker the update cannot be answered. What is to stop stops all the same: the order is written down where each step looks. */
async function controlInStore(
  tools: ApiTools,
  c: ApiContext,
  batchId: string,
  { what, reason }: Omit<BatchControl, 'batchId'>,
): Promise<Response> {
  if (what === 'resume')
    return problem(
      c,
      'temporal-unavailable',
      'No worker took the order to resume within five seconds. See GET /readyz, and try again once a worker runs.',
    );
  await tools.store.controlBatch({ batchId, what, reason });
  if (what === 'cancel')
    await withDeadline(tools.temporal, updateWithinMs, (workflow) => workflow.getHandle(batchId).cancel());
  const controlled = await tools.store.findBatch(batchId);
  return controlled === null ? noSuchBatch(c) : accepted(c, controlled.progress);
}

function accepted(c: ApiContext, progress: BatchProgress): Response {
  c.header('Location', batchUrl(c, progress.batchId));
  return c.json(progress, 202);
}

function conflict(c: ApiContext, why: string): Response {
  return problem(
    c,
    'batch-conflict',
    `${why} Nothing was changed; GET /batches/{batchId} tells where it stands.`,
  );
}
