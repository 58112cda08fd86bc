import { WorkflowNotFoundError } from '@temporalio/client';
import { callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiTools } from '../http/apiDependencies.js';
import { storeWithin } from './storeWithin.js';

const describeWithinMs = 3_000;
/** A call has four callbacks; the ids of those that are over are pushed out. */
const maxRemembered = 10_000;

/**
 * Tells calls from whatever else runs in the namespace, since a signal reaches a workflow of any type: false for an
 * id that a workflow of another type has. An id that nobody has is none of its business. Each is asked about once.
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
