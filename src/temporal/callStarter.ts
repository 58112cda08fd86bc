import {
  type Client,
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Hiding } from '../../activities/deps/activitySettings.js';
import type { CallStarter, ControlResult } from '../../activities/deps/callStarter.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import { callEnd, isRunning } from './callEnd.js';
import { cancelWithoutWorker } from './cancelWithoutWorker.js';
import { startCallWorkflow } from './startCallWorkflow.js';

const answersWithinMs = 5_000;
/** A worker answers an update within milliseconds. A batch may have thousands of calls to cancel. */
const updateWithinMs = 2_000;

/** The calls of batches, as workflows on this task queue, with the retry policies of the moment at which they start. */
export function callStarter(
  temporal: Client,
  {
    taskQueue,
    policies,
    hiding = null,
  }: { taskQueue: string; policies: () => Record<string, RetryPolicy>; hiding?: Hiding | null },
): CallStarter {
  const within = <T>(work: () => Promise<T>, ms = answersWithinMs) =>
    temporal.withDeadline(Date.now() + ms, work);
  const handle = (callId: string) => temporal.workflow.getHandle(callId);
  /** False if Temporal knows no workflow with which this can be done. */
  const isThere = async (work: () => Promise<unknown>) => {
    try {
      await within(work);
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  };

  async function earlierAnswer(callId: string, requestId: string): Promise<ControlResult> {
    try {
      await within(() => handle(callId).getUpdateHandle(requestId).result());
      return { kind: 'done', message: null };
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) return refusalOf(error);
      return { kind: 'refused', message: 'The call is already over' };
    }
  }

  return {
    async start({ callId, request, batchId, requestedBy }) {
      const call = {
        callId,
        taskQueue,
        request,
        batchId,
        requestedBy,
        memo: {},
        policies: policies(),
        hiding,
      };
      try {
        await within(() => startCallWorkflow(temporal.workflow, call));
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    exists: (callId) => isThere(() => handle(callId).describe()),

    async cancel(callId, { reason, by }) {
      const input = { reason, ...(by === null ? {} : { by }) };
      try {
        await within(() => handle(callId).executeUpdate('cancel', { args: [input] }), updateWithinMs);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        // The call is over already, and about to close.
        if (error instanceof WorkflowUpdateFailedError) return true;
        if (!isTimeout(error)) throw error;
      }
      return isThere(() => cancelWithoutWorker(handle(callId), input));
    },

    async control({ callId, action, input, requestId }) {
      const update = () =>
        handle(callId).executeUpdate(updateOf[action], {
          args: [inputOf(action, input)],
          updateId: requestId,
        });
      try {
        await within(update);
        return { kind: 'done', message: null };
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) return refusalOf(error);
        // The same request may have ended the call, and its answer was lost.
        if (error instanceof WorkflowNotFoundError) return earlierAnswer(callId, requestId);
        if (isTimeout(error))
          return { kind: 'failed', message: 'The call did not answer within five seconds' };
        throw error;
      }
    },

    async describeEnd(callId) {
      try {
        const description = await within(() => handle(callId).describe());
        if (isRunning(description)) return null;
        const end = await callEnd(temporal, description, answersWithinMs);
        return end.outcome === null
          ? `its workflow ended without an outcome: ${end.reason}`
          : 'its workflow ended without a recorded outcome';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'Temporal has no workflow of this call (any more)';
        throw error;
      }
    },
  };
}

function refusalOf(error: WorkflowUpdateFailedError): ControlResult {
  return { kind: 'refused', message: error.cause?.message ?? error.message };
}

/** The workflow update of each action. */
const updateOf = { cancel: 'cancel', retry: 'retryNow', pause: 'pause', resume: 'resume' } as const;

/** Only cancel and pause take a reason. */
function inputOf(action: keyof typeof updateOf, { reason, ...by }: { reason?: string; by?: string }) {
  return reason !== undefined && (action === 'cancel' || action === 'pause') ? { reason, ...by } : by;
}

/** The SDK wraps the deadline of an update in an error of its own. */
function isTimeout(error: unknown): boolean {
  return (
    isGrpcDeadlineError(error) ||
    isGrpcDeadlineError((error as { cause?: unknown }).cause) ||
    (error as Error).name === 'WorkflowUpdateRPCTimeoutOrCancelledError'
  );
}
