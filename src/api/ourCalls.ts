import { WorkflowNotFoundError } from '@temporalio/client';
import type { ApiTools } from './apiDependencies.js';
import { storeSoon } from './storeSoon.js';
import { calls, callWorkflowType } from './temporalCalls.js';

const describeWithinMs = 3_000;
/** A call has four callbacks; the ids of those that are over are pushed out. */
const mostRemembered = 10_000;

/**
 * Tells calls from whatever else runs in the namespace, since a signal reaches a workflow of any type: false for an
 * id that a workflow of another type has. An id that nobody has is none of its business. Each is asked about once.
 */
export function ourCalls(tools: ApiTools): (callId: string) => Promise<boolean> {
  const remembered = new Set<string>();
  return async (callId) => {
    if (remembered.has(callId)) return true;
    const row = await storeSoon(tools.store.findCallState(callId)).catch(() => null);
    if (row === null && !(await mayBeCall(tools, callId))) return false;
    remembered.add(callId);
    if (remembered.size > mostRemembered) remembered.delete(remembered.values().next().value as string);
    return true;
  };
}

async function mayBeCall(tools: ApiTools, callId: string): Promise<boolean> {
  try {
    const { type } = await calls(tools.temporal, describeWithinMs, (workflow) =>
      workflow.getHandle(callId).describe(),
    );
    return type === callWorkflowType;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
