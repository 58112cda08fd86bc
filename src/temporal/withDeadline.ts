import type { Client, WorkflowClient } from '@temporalio/client';

/** Does something with workflows within so much time: without a bound the client tries for longer than anybody waits. */
export function withDeadline<R>(
  temporal: Client,
  withinMs: number,
  work: (workflow: WorkflowClient) => Promise<R>,
): Promise<R> {
  return temporal.withDeadline(Date.now() + withinMs, () => work(temporal.workflow));
}
