import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { z } from 'zod';
import type { BatchControl } from '../../../workflows/batch/batchActivities.js';
import { type BatchProgress, isOver } from '../../../workflows/batch/batchProgress.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import { callControls } from '../calls/callControls.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, emptyBodySchema, readBody } from '../http/jsonBody.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { jsonContent, locationOf, type Route, rolesFor } from '../http/route.js';
import { batchProgressSchema } from './batchAnswerSchema.js';
import { batchIdInPath, findBatch, noSuchBatch } from './readBatch.js';
import { batchUrl, startBatchWorkflow } from './startBatch.js';

/** A running worker answers an update within milliseconds. */
const updateWithinMs = 5_000;

const controls: Record<
  BatchControl['what'],
  { summary: string; accepted: string; body: z.ZodObject; example?: object }
> = {
  pause: {
    summary: 'Pause a batch',
    accepted: 'The batch starts no further call. Calls that run go on.',
    body: emptyBodySchema,
  },
  resume: { summary: 'Resume a paused batch', accepted: 'The batch goes on.', body: emptyBodySchema },
  cancel: {
    summary: 'Cancel a batch',
    accepted: 'The batch starts no further call, and its running calls are being canceled.',
    body: callControls.cancel.body,
    example: { reason: 'the wrong file' },
  },
};

/** `POST /batches/{batchId}/pause`, `/resume` and `/cancel`. */
export const controlBatchRoutes = (['pause', 'resume', 'cancel'] as const).map(
  (what): Route => ({
    method: 'post',
    path: `/batches/{batchId}/${what}`,
    roles: rolesFor.changingCalls,
    tag: 'Batches',
    operationId: `${what}Batch`,
    summary: controls[what].summary,
    parameters: [batchIdInPath],
    body: { required: false, content: jsonContent(controls[what].body, controls[what].example) },
    answers: {
      202: {
        description: controls[what].accepted,
        headers: locationOf('batch'),
        content: jsonContent(batchProgressSchema),
      },
    },
    problems: [
      'no-such-batch',
      'batch-conflict',
      ...bodyProblems,
      'temporal-unavailable',
      'store-unavailable',
    ],
    serve: (tools) => controlBatch(tools, what),
  }),
);

function controlBatch(tools: ApiTools, what: BatchControl['what']) {
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, controls[what].body, { optional: true });
    if ('refusal' in body) return body.refusal;
    const by = c.get('client');
    const input: { reason?: string; by?: string } = { ...body.input, ...(by === undefined ? {} : { by }) };
    const found = await findBatch(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId } = found.progress;
    if (isOver(found.progress)) return conflict(c, `The batch is already over (${found.progress.state}).`);
    // Its workflow may have been terminated, or Temporal was not available when the batch came in.
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
      return controlInStore(tools, c, batchId, {
        what,
        reason: input.reason ?? null,
        by: by ?? null,
      });
    }
  };
}

/**
 * No worker answers the update. Pause and cancel are written to the store, where each step of the batch reads
 * them.
 */
async function controlInStore(
  tools: ApiTools,
  c: ApiContext,
  batchId: string,
  { what, reason, by }: Required<Omit<BatchControl, 'batchId'>>,
): Promise<Response> {
  if (what === 'resume')
    return problem(
      c,
      'temporal-unavailable',
      'No worker answered the request to resume within five seconds. Check GET /readyz, and try again once a worker runs.',
    );
  await tools.store.controlBatch({ batchId, what, reason, by });
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
    `${why} Nothing was changed. GET /batches/{batchId} shows the state of the batch.`,
  );
}
