import { WorkflowNotFoundError } from '@temporalio/client';
import { callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiTools } from '../http/apiDependencies.js';
import { storeWithin } from './storeWithin.js';

const describeWithinMs = 3_000;
/** A call has four callbacks. The oldest ids are dropped. */
const maxRemembered = 10_000;

/**
 * Returns a function that is false for the id of a workflow of another type, because a signal would reach
 * that too. It is true for ids that no workflow has. Asks Temporal once for each id.
 */
export function isCallWorkflow(tools: ApiTools): (callId: string) => Promise<boolean> {
  const knownCalls = new Set<string>();
  return async (callId) => {
    if (knownCalls.has(callId)) return true;
    const row = await storeWithin(tools.store.findCallState(callId)).catch(() => null);
    if (row === null && !(await mayBeCall(tools, callId))) return false;
    knownCalls.add(callId);
    if (knownCalls.size > maxRemembered) knownCalls.delete(knownCalls.values().next().value as string);
    return true;
  };
}

async function mayBeCall(tools: ApiTools, callId: string): Promise<boolean> {
  try {
    const { type } = await withDeadline(tools.temporal, describeWithinMs, (workflow) =>
      workflow.getHandle(callId).describe(),
    );
    return type === callWorkflowType;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
