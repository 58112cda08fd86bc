import { executeChild, ParentClosePolicy } from '@temporalio/workflow';
import type { CallOutcome } from '../../workflows/callOutcome.js';

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
