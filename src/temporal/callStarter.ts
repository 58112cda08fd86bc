import {
  type Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { CallStarter } from '../../activities/deps/callStarter.js';
import { searchAttribute } from '../../workflows/call/searchAttributes.js';
import { maskNumber } from '../../workflows/rules/phoneNumber.js';

const answersWithinMs = 5_000;
const callWorkflowType = 'outboundCall';

/** The calls of batches, as workflows on this task queue. */
export function callStarter(temporal: Client, taskQueue: string): CallStarter {
  const within = <T>(work: () => Promise<T>) => temporal.withDeadline(Date.now() + answersWithinMs, work);
  const handle = (callId: string) => temporal.workflow.getHandle(callId);
  /** False when Temporal knows no workflow with which this could be done. */
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
      const startWorkflow = (withBatch: boolean) =>
        within(() =>
          temporal.workflow.start(callWorkflowType, {
            workflowId: callId,
            taskQueue,
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            args: [request],
            typedSearchAttributes: [
              { key: searchAttribute.to, value: request.to },
              { key: searchAttribute.state, value: 'looking-up' },
              ...(withBatch ? [{ key: searchAttribute.batch, value: batchId }] : []),
            ],
            staticSummary: `Call to ${maskNumber(request.to)}`,
            memo: { batchId },
          }),
        );
      try {
        await startWorkflow(true).catch((error) => {
          // A namespace that was set up for an older ringtrue: the call is worth more than being found by its batch.
          if (!lacksBatchAttribute(error)) throw error;
          return startWorkflow(false);
        });
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

/** Source: Temporal Server, INVALID_ARGUMENT "search attribute … is not defined" and "no mapping defined for …". */
function lacksBatchAttribute(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  const texts = [error, cause].map((one) => (isGrpcServiceError(one) ? one.details : String(one)));
  return texts.some((text) => text.includes(searchAttribute.batch.name));
}
