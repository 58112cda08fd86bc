import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';

/**
 * Moves the clock of one running workflow forward, by the Temporal server's own time skipping.
 * Source: Temporal Server 1.32, `UpdateWorkflowExecutionOptions.time_skipping_config`.
 */
export async function fastForward(client: Client, workflowId: string, seconds: number): Promise<void> {
  const fastForwardId = randomUUID();
  const { namespace } = client.options;
  // The published types do not have these requests yet.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  const service = client.workflowService as any;
  await service.updateWorkflowExecutionOptions({
    namespace,
    workflowExecution: { workflowId },
    workflowExecutionOptions: {
      timeSkippingConfig: { enabled: true, fastForwardConfig: { id: fastForwardId, duration: { seconds } } },
    },
    updateMask: { paths: ['time_skipping_config'] },
  });
  for (;;) {
    const answer = await service.pollWorkflowExecutionTimeSkipping({
      namespace,
      workflowExecution: { workflowId },
      fastForwardId,
    });
    const result = String(answer.fastForwardPollingResult);
    if (result === '2' || result.endsWith('COMPLETED')) return;
    // A workflow that ends on the way has seen all the time that it needs.
    if (/execution ended/.test(answer.failedReason ?? '')) return;
    if (result === '3' || result.endsWith('FAILED'))
      throw new Error(`the clock was not moved: ${answer.failedReason}`);
  }
}
