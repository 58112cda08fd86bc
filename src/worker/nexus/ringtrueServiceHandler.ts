import {
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { getClient, startWorkflow, WorkflowRunOperationHandler } from '@temporalio/nexus';
import * as nexus from 'nexus-rpc';
import type { ActivitySettings } from '../../../activities/deps/activitySettings.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { checkCallRequest } from '../../../activities/validation/callRequestSchema.js';
import { faultLine } from '../../../activities/validation/fault.js';
import type { CallOutcome, CallState } from '../../../workflows/callOutcome.js';
import type { CallRequest } from '../../../workflows/callRequest.js';
import { hashOf } from '../../api/http/idempotencyKey.js';
import { callEnd, isRunning } from '../../temporal/callEnd.js';
import { cancelWithoutWorker } from '../../temporal/cancelWithoutWorker.js';
import { callWorkflowOptions, callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import { type CallOperation, ringtrueService } from './ringtrueService.js';

/** Temporal waits ten seconds for the answer of an operation. */
const answersWithinMs = 3_000;

interface ServiceParts {
  taskQueue: string;
  settings: ActivitySettings;
  store: OutcomeStore;
}

/** Serves `ringtrueService`: starts the workflows of calls, and reaches those that run. */
export function ringtrueServiceHandler(parts: ServiceParts): nexus.ServiceHandler {
  return nexus.serviceHandler(ringtrueService, {
    call: callOperation(parts),

    async cancel(_, { callId, reason, by }) {
      const handle = await runningCall(callId);
      const input = { ...(reason === undefined ? {} : { reason }), ...(by === undefined ? {} : { by }) };
      try {
        await within(() => handle.executeUpdate('cancel', { args: [input] }));
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError)
          throw isOver(callId);
        await within(() => cancelWithoutWorker(handle, input));
      }
      return { callId };
    },

    async state(_, { callId }) {
      const handle = getClient().workflow.getHandle(callId);
      try {
        await checkIsCall(handle);
        return await within(() => handle.query<CallState>('state'));
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        const recorded = await parts.store.findCallState(callId);
        if (recorded === null) throw noSuchCall(callId);
        return recorded;
      }
    },
  });
}

/**
 * The workflow of the call is the operation. Only a call that was over before is answered at once, with its
 * outcome.
 */
function callOperation(parts: ServiceParts): nexus.OperationHandler<CallOperation, CallOutcome> {
  const start = (ctx: nexus.StartOperationContext, input: CallOperation, joins: boolean) =>
    startWorkflow<(request: unknown) => Promise<CallOutcome>>(ctx, callWorkflowType, {
      ...callWorkflowOptions({
        callId: callIdOf(ctx, input),
        taskQueue: parts.taskQueue,
        request: input.request,
        batchId: null,
        requestedBy: null,
        memo: { requestHash: hashOf(input.request) },
        policies: parts.settings.policies(),
        hiding: parts.settings.hiding ?? null,
      }),
      ...(joins ? { workflowIdConflictPolicy: 'USE_EXISTING' } : {}),
    });
  const starting = new WorkflowRunOperationHandler<CallOperation, CallOutcome>((ctx, input) =>
    start(ctx, input, false),
  );
  const joining = new WorkflowRunOperationHandler<CallOperation, CallOutcome>((ctx, input) =>
    start(ctx, input, true),
  );

  return {
    async start(ctx, input) {
      const request = checkedRequest(input, parts.settings);
      const checked = { ...input, request };
      try {
        return await starting.start(ctx, checked);
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      const handle = getClient().workflow.getHandle(callIdOf(ctx, input));
      const found = await within(() => handle.describe());
      if (found.memo?.requestHash !== hashOf(request))
        throw new nexus.HandlerError(
          'CONFLICT',
          `The call id ${handle.workflowId} belongs to another request, so nothing was started. Use another id for a new call.`,
        );
      if (isRunning(found)) return joining.start(ctx, checked);
      const end = await callEnd(getClient(), found, answersWithinMs);
      if (end.outcome !== null) return nexus.HandlerStartOperationResult.sync(end.outcome);
      throw new nexus.OperationError(
        'failed',
        `The call ${handle.workflowId} ended without an outcome (${end.status}): ${end.reason}`,
      );
    },
    // A Temporal cancellation does what `cancel` does: the outcome is still the result of the operation.
    cancel: (ctx, token) => starting.cancel(ctx, token),
  };
}

/** Temporal repeats the start of an operation with the same id. */
function callIdOf({ requestId }: nexus.StartOperationContext, { callId }: CallOperation): string {
  return callId ?? `call-${requestId}`;
}

/** The request with its numbers in their one spelling. Throws what the API would answer with 422. */
function checkedRequest({ request }: CallOperation, settings: ActivitySettings): CallRequest {
  const { policies, defaultFrom } = settings;
  const checked = checkCallRequest(request, { policies: policies(), defaultFrom });
  if ('faults' in checked)
    throw new nexus.HandlerError(
      'BAD_REQUEST',
      `The request is not valid, so nothing was started: ${checked.faults.map(faultLine).join('; ')}`,
    );
  const { to, from } = checked.request;
  return { ...request, to, ...(from === undefined ? {} : { from }) };
}

async function runningCall(callId: string): Promise<WorkflowHandle> {
  const handle = getClient().workflow.getHandle(callId);
  try {
    if (!(await checkIsCall(handle))) throw isOver(callId);
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? noSuchCall(callId) : error;
  }
  return handle;
}

/** Does the call run? Throws if the workflow is none of a call, because an update would reach that too. */
async function checkIsCall(handle: WorkflowHandle): Promise<boolean> {
  const found = await within(() => handle.describe());
  if (found.type !== callWorkflowType) throw noSuchCall(handle.workflowId);
  return isRunning(found);
}

function within<T>(work: () => Promise<T>): Promise<T> {
  return withDeadline(getClient(), answersWithinMs, work);
}

function noSuchCall(callId: string): nexus.HandlerError {
  return new nexus.HandlerError('NOT_FOUND', `There is no call ${callId}. Check the id.`);
}

function isOver(callId: string): nexus.HandlerError {
  return new nexus.HandlerError(
    'CONFLICT',
    `The call ${callId} is already over, so there is nothing to cancel. The operation state shows how it ended.`,
  );
}
