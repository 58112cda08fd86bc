import type { Client, WorkflowClient } from '@temporalio/client';

/**
 * Does something with workflows within this time. Without a deadline the client tries for longer than a
 * request can wait.
 */
export function withDeadline<R>(
  temporal: Client,
  withinMs: number,
  work: (workflow: WorkflowClient) => Promise<R>,
): Promise<R> {
  return temporal.withDeadline(Date.now() + withinMs, () => work(temporal.workflow));
}
