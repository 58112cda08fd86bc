import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { CallStarter } from '../../activities/callStarter.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import { startCallWorkflow } from './startCallWorkflow.js';

const answersWithinMs = 5_000;

/** Starts the calls of batches on this task queue, with the retry policies of that moment. */
export function callStarter(
  temporal: Client,
  { taskQueue, policies }: { taskQueue: string; policies: () => Record<string, RetryPolicy> },
): CallStarter {
  const within = <T>(work: () => Promise<T>) => temporal.withDeadline(Date.now() + answersWithinMs, work);
  const handle = (callId: string) => temporal.workflow.getHandle(callId);
  /** False if Temporal knows no such workflow. */
  const isThere = async (work: () => Promise<unknown>) => {
    try {
      await within(work);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };

  return {
    async start({ callId, request, batchId }) {
      const call = { callId, taskQueue, request, batchId, memo: { batchId }, policies: policies() };
      try {
        await within(() => startCallWorkflow(temporal.workflow, call));
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    exists: (callId) => isThere(() => handle(callId).describe()),
    cancel: (callId) => isThere(() => handle(callId).cancel()),

    async describeEnd(callId) {
      try {
        const { status } = await within(() => handle(callId).describe());
        if (status.name === 'RUNNING') return null;
        await within(() => handle(callId).result());
        return 'its workflow has ended without a recorded outcome';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'Temporal has no workflow of this call (any more)';
        if (error instanceof WorkflowFailedError)
          return `its workflow ended without an outcome: ${error.cause?.message ?? error.message}`;
        throw error;
      }
    },
  };
}
