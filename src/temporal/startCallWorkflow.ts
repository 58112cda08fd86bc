import type { WorkflowClient, WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import type { Hiding } from '../../activities/deps/activitySettings.js';
import { searchAttribute } from '../../workflows/call/searchAttributes.js';
import type { CallRequest, RetryPolicy } from '../../workflows/callRequest.js';
import { maskNumber } from '../../workflows/rules/phoneNumber.js';

/** The workflow type of a call. */
export const callWorkflowType = 'outboundCall';

export interface CallStart {
  callId: string;
  taskQueue: string;
  request: CallRequest;
  /** Null for a call of its own. */
  batchId: string | null;
  /** The name of the token of the client that requests the call. */
  requestedBy: string | null;
  /** What else to keep with the workflow. */
  memo: Record<string, unknown>;
  /** The retry policies of now, by name. */
  policies: Record<string, RetryPolicy>;
  /** What the search attribute holds instead of the number. Null: the number. */
  hiding: Hiding | null;
}

/**
 * Starts the workflow of a call. Its id is the call id.
 *
 * Throws `WorkflowExecutionAlreadyStartedError` if there is or was a workflow with this id, and errors of
 * Temporal.
 */
export function startCallWorkflow(
  workflow: WorkflowClient,
  call: CallStart,
): Promise<WorkflowHandle & { firstExecutionRunId: string }> {
  return workflow.start(callWorkflowType, callWorkflowOptions(call));
}

/**
 * With what the workflow of a call is started. A policy given by name is replaced by the policy itself, because
 * the worker that runs the call may have read its policies at another time.
 */
export function callWorkflowOptions(call: CallStart) {
  const { callId, taskQueue, request, batchId, requestedBy, memo, policies, hiding } = call;
  return {
    workflowId: callId,
    taskQueue,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    args: [withPolicy(request, policies)],
    typedSearchAttributes: [
      { key: searchAttribute.to, value: hiding?.number(request.to) ?? request.to },
      { key: searchAttribute.state, value: 'looking-up' },
      ...(batchId === null ? [] : [{ key: searchAttribute.batch, value: batchId }]),
    ],
    staticSummary: `Call to ${maskNumber(request.to)}`,
    memo: {
      ...memo,
      ...(batchId === null ? {} : { batchId }),
      ...(requestedBy === null ? {} : { requestedBy }),
    },
  } satisfies WorkflowStartOptions<(request: CallRequest) => Promise<unknown>>;
}

function withPolicy(request: CallRequest, policies: Record<string, RetryPolicy>): CallRequest {
  const { retry = 'default' } = request;
  if (typeof retry !== 'string' || !Object.hasOwn(policies, retry)) return request;
  return { ...request, retry: policies[retry] as RetryPolicy };
}
