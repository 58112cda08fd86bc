import type { WorkflowHandle } from '@temporalio/client';

/**
 * Cancels a call while no worker answers an update. Signal and cancellation wait in Temporal for a worker. The
 * signal has the reason and the name; the cancellation is for workers that do not know the signal.
 */
export async function cancelWithoutWorker(
  handle: WorkflowHandle,
  input: { reason?: string; by?: string },
): Promise<void> {
  await handle.signal('cancel', input);
  await handle.cancel();
}
