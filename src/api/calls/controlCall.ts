import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { faultsOf, limitFaults } from '../../../activities/validation/fault.js';
import { callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { readJson } from '../http/jsonBody.js';
import { invalidRequest, isTemporalUnavailable, problem } from '../http/problem.js';
import { callIdIn, callUrl } from '../http/requestTarget.js';
import { type ControlName, type ControlRoute, controlRoutes } from './controlRoutes.js';
import { noSuchCall } from './readCall.js';

/** A worker that lives answers an update within milliseconds. */
const updateWithinMs = 5_000;

/** `POST /calls/{callId}/cancel`, `/retry` and so on: has the call do it, or says in the call's words why not. */
export function controlCall(tools: ApiTools, name: ControlName) {
  const route: ControlRoute = controlRoutes[name];
  return async (c: ApiContext): Promise<Response> => {
    const body = await controlBody(c, route);
    if ('refusal' in body) return body.refusal;
    const callId = callIdIn(c, 2);
    if (callId === null) return noSuchCall(c);
    const handle = tools.temporal.workflow.getHandle(callId);
    try {
      const { type, status } = await withDeadline(tools.temporal, updateWithinMs, () => handle.describe());
      if (type !== callWorkflowType) return noSuchCall(c);
      if (status.name !== 'RUNNING') return conflict(c, 'The call is over already.');
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const row = await tools.store.findCallState(callId);
      return row === null ? noSuchCall(c) : conflict(c, 'The call is over already.');
    }
    try {
      const { update } = route;
      await withDeadline(tools.temporal, updateWithinMs, () =>
        handle.executeUpdate(update, { args: [body.input] }),
      );
      return accepted(c, callId);
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        return conflict(c, `${error.cause?.message ?? error.message}.`);
      if (error instanceof WorkflowNotFoundError) return conflict(c, 'The call ended just now.');
      if (!isTemporalUnavailable(error)) throw error;
    }
    if (name !== 'cancel')
      return problem(
        c,
        'temporal-unavailable',
        `No worker took the order ${route.purpose} within five seconds. See GET /readyz, and try again once a worker runs.`,
      );
    // Without a worker the update cannot be answered. A cancellation asks for the same and waits in Temporal.
    await withDeadline(tools.temporal, updateWithinMs, (workflow) => workflow.getHandle(callId).cancel());
    return accepted(c, callId);
  };
}

function accepted(c: ApiContext, callId: string): Response {
  const url = callUrl(c, callId);
  c.header('Location', url);
  return c.json({ callId, url }, 202);
}

function conflict(c: ApiContext, why: string): Response {
  return problem(
    c,
    'state-conflict',
    `${why} Nothing was changed; GET /calls/{callId} tells where it stands.`,
  );
}

/** What the body of such an order says, or what is wrong with it. */
export async function controlBody(
  c: ApiContext,
  { bodySchema: takes, bodyRequired }: ControlRoute,
): Promise<{ input: object } | { refusal: Response }> {
  if (takes === null) return { input: {} };
  if (!bodyRequired && (await c.req.arrayBuffer()).byteLength === 0) return { input: {} };
  const json = await readJson(c);
  if ('refusal' in json) return json;
  const { data, error } = takes.safeParse(json.body);
  if (data) return { input: data };
  const faults = faultsOf(error.issues, json.body, { root: Object.keys(takes.shape) });
  return { refusal: invalidRequest(c, limitFaults(faults)) };
}
