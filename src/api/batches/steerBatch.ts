import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { BatchOrder } from '../../../workflows/batchActivities.js';
import { type BatchProgress, isOver } from '../../../workflows/batchProgress.js';
import type { ApiContext, ApiTools } from '../apiDependencies.js';
import { controls } from '../controls.js';
import { isTemporalUnavailable, problem } from '../problem.js';
import { inputOf } from '../steerCall.js';
import { calls } from '../temporalCalls.js';
import { batchIn, noSuchBatch } from './readBatch.js';
import { batchUrl, beginFeeding } from './startBatch.js';

/** A worker that lives answers an update within milliseconds. */
const updateWithinMs = 5_000;

/** `POST /batches/{batchId}/pause`, `/resume` and `/cancel`. */
export function steerBatch(tools: ApiTools, what: BatchOrder['what']) {
  return async (c: ApiContext): Promise<Response> => {
    const given = what === 'cancel' ? await inputOf(c, controls.cancel) : { input: {} };
    if ('refusal' in given) return given.refusal;
    const input: { reason?: string } = given.input;
    const found = await batchIn(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId } = found.progress;
    if (isOver(found.progress)) return conflict(c, `The batch is over already (${found.progress.state}).`);
    // Somebody may have terminated its workflow, or Temporal was away when the batch came in.
    await beginFeeding(tools, batchId);
    const handle = tools.temporal.workflow.getHandle(batchId);
    try {
      const update = () => handle.executeUpdate<BatchProgress, [object]>(what, { args: [input] });
      return accepted(c, await calls(tools.temporal, updateWithinMs, update));
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        return conflict(c, `${error.cause?.message ?? error.message}.`);
      if (error instanceof WorkflowNotFoundError) return conflict(c, 'The batch ended just now.');
      if (!isTemporalUnavailable(error)) throw error;
      return whenNobodyAnswers(tools, c, batchId, { what, reason: input.reason ?? null });
    }
  };
}

/** Without a worker the update cannot be answered. What is to stop stops all the same: the order is written down where each step looks. */
async function whenNobodyAnswers(
  tools: ApiTools,
  c: ApiContext,
  batchId: string,
  { what, reason }: Omit<BatchOrder, 'batchId'>,
): Promise<Response> {
  if (what === 'resume')
    return problem(
      c,
      'temporal-unavailable',
      'No worker took the order to resume within five seconds. See GET /readyz, and try again once a worker runs.',
    );
  await tools.store.steerBatch({ batchId, what, reason });
  if (what === 'cancel')
    await calls(tools.temporal, updateWithinMs, (workflow) => workflow.getHandle(batchId).cancel());
  const steered = await tools.store.findBatch(batchId);
  return steered === null ? noSuchBatch(c) : accepted(c, steered.progress);
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
