import type { WorkflowClient, WorkflowHandle } from '@temporalio/client';
import { searchAttribute } from '../../workflows/call/searchAttributes.js';
import type { CallRequest } from '../../workflows/callRequest.js';
import { maskNumber } from '../../workflows/rules/phoneNumber.js';

/** The workflow type of a call. */
export const callWorkflowType = 'outboundCall';

/**
 * Starts the workflow of a call; its id is the call id. Throws `WorkflowExecutionAlreadyStartedError` if
 * there is or was one of that id, and what Temporal answers otherwise. The batch is null for a call of its
 * own.
 */
export function startCallWorkflow(
  workflow: WorkflowClient,
  call: {
    callId: string;
    taskQueue: string;
    request: CallRequest;
    batchId: string | null;
    memo: Record<string, unknown>;
  },
): Promise<WorkflowHandle & { firstExecutionRunId: string }> {
  const { callId, taskQueue, request, batchId, memo } = call;
  return workflow.start(callWorkflowType, {
    workflowId: callId,
    taskQueue,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    args: [request],
    typedSearchAttributes: [
      { key: searchAttribute.to, value: request.to },
      { key: searchAttribute.state, value: 'looking-up' },
      ...(batchId === null ? [] : [{ key: searchAttribute.batch, value: batchId }]),
    ],
    staticSummary: `Call to ${maskNumber(request.to)}`,
    memo,
  });
}
