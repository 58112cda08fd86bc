import { createNexusServiceClient, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import {
  type CallOperation,
  type CancelOperation,
  ringtrueService,
} from '../../src/worker/nexus/ringtrueService.js';
import type { CallOutcome, CallState } from '../../workflows/callOutcome.js';

const clientOf = (endpoint: string) => createNexusServiceClient({ endpoint, service: ringtrueService });

/** Workflows of another namespace that use the service. */
export async function placeCall(endpoint: string, input: CallOperation): Promise<CallOutcome> {
  return clientOf(endpoint).executeOperation('call', input, { scheduleToCloseTimeout: '1 day' });
}

export async function cancelCall(endpoint: string, input: CancelOperation): Promise<{ callId: string }> {
  return clientOf(endpoint).executeOperation('cancel', input, { scheduleToCloseTimeout: '1 minute' });
}

export async function readState(endpoint: string, input: { callId: string }): Promise<CallState> {
  return clientOf(endpoint).executeOperation('state', input, { scheduleToCloseTimeout: '1 minute' });
}

/** As docs/examples/typescript/childWorkflow.ts starts it. */
export async function callAsChild(taskQueue: string, callId: string, request: object): Promise<CallOutcome> {
  return executeChild('outboundCall', {
    workflowId: callId,
    taskQueue,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    args: [request],
  });
}
