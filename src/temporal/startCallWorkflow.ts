import { type Client, isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import { searchAttribute } from '../../workflows/call/searchAttributes.js';
import type { CallRequest, RetryPolicy } from '../../workflows/callRequest.js';
import { maskNumber } from '../../workflows/rules/phoneNumber.js';
import { callWorkflowType, withDeadline } from './withDeadline.js';

export interface CallToStart {
  callId: string;
  request: CallRequest;
  /** The batch that the call belongs to. */
  batchId?: string;
  memo: Record<string, unknown>;
  /** The retry policies of now, by name. */
  policies: Record<string, RetryPolicy>;
}

/**
 * Starts the workflow of a call. A policy given by name is replaced by the policy itself, because the worker
 * that runs the call may have read its policies at another time. Throws
 * `WorkflowExecutionAlreadyStartedError` if there ever was a workflow with this id, as far as Temporal
 * remembers.
 */
export function startCallWorkflow(
  temporal: Client,
  { taskQueue, withinMs }: { taskQueue: string; withinMs: number },
  { callId, request, batchId, memo, policies }: CallToStart,
): Promise<WorkflowHandle & { firstExecutionRunId: string }> {
  const start = (findByBatch: boolean) =>
    withDeadline(temporal, withinMs, (workflow) =>
      workflow.start(callWorkflowType, {
        workflowId: callId,
        taskQueue,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [withPolicy(request, policies)],
        typedSearchAttributes: [
          { key: searchAttribute.to, value: request.to },
          { key: searchAttribute.state, value: 'looking-up' },
          ...(findByBatch && batchId !== undefined ? [{ key: searchAttribute.batch, value: batchId }] : []),
        ],
        staticSummary: `Call to ${maskNumber(request.to)}`,
        memo,
      }),
    );
  return start(true).catch((error) => {
    // RingtrueBatch is optional: some namespaces do not let programs register search attributes.
    if (batchId === undefined || !isBatchAttributeMissing(error)) throw error;
    return start(false);
  });
}

function withPolicy(request: CallRequest, policies: Record<string, RetryPolicy>): CallRequest {
  const { retry = 'default' } = request;
  if (typeof retry !== 'string' || !Object.hasOwn(policies, retry)) return request;
  return { ...request, retry: policies[retry] as RetryPolicy };
}

/**
 * Source: Temporal Server, INVALID_ARGUMENT "search attribute … is not defined" and "no mapping defined for
 * …".
 */
function isBatchAttributeMissing(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  const texts = [error, cause].map((one) => (isGrpcServiceError(one) ? one.details : String(one)));
  return texts.some((text) => text.includes(searchAttribute.batch.name));
}
