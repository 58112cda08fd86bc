import type { Client, WorkflowClient } from '@temporalio/client';

/** The workflow type of a call; any other workflow of the namespace is none of this API's business. */
export const callWorkflowType = 'outboundCall';

/** Does something with workflows within so much time: without a bound the client tries for longer than anybody waits. */
export function withDeadline<R>(
  temporal: Client,
  withinMs: number,
  work: (workflow: WorkflowClient) => Promise<R>,
): Promise<R> {
  return temporal.withDeadline(Date.now() + withinMs, () => work(temporal.workflow));
}
