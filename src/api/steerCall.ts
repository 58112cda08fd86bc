import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { bounded } from '../../activities/fault.js';
import type { ApiContext, ApiTools } from './apiDependencies.js';
import { readJson } from './jsonBody.js';
import { invalidRequest, isTemporalUnavailable, problem } from './problem.js';
import { noSuchCall } from './readCall.js';
import { callIdIn, callUrl } from './requestTarget.js';
import { calls, callWorkflowType } from './temporalCalls.js';

/** A worker that lives answers an update within milliseconds. */
const updateWithinMs = 5_000;
const longestReason = 500;

/** `POST /calls/{callId}/cancel`: no further attempt; a call at Twilio is canceled or hung up there. */
export function cancelCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const input = await cancelInput(c);
    if ('refusal' in input) return input.refusal;
    return steer(tools, c, 'cancel', input, async (callId) => {
      // Without a worker the update cannot be answered. A cancellation asks for the same and waits in Temporal.
      await calls(tools.temporal, updateWithinMs, (workflow) => workflow.getHandle(callId).cancel());
      return accepted(c, callId);
    });
  };
}

/** `POST /calls/{callId}/retry`: dials again now what waits to be retried. */
export function retryCall(tools: ApiTools) {
  return (c: ApiContext): Promise<Response> =>
    steer(tools, c, 'retryNow', {}, async () =>
      problem(
        c,
        'temporal-unavailable',
        'No worker took the order to dial again within five seconds. See GET /readyz, and try again once a worker runs.',
      ),
    );
}

async function steer(
  tools: ApiTools,
  c: ApiContext,
  update: 'cancel' | 'retryNow',
  input: object,
  whenNobodyAnswers: (callId: string) => Promise<Response>,
): Promise<Response> {
  const callId = callIdIn(c, 2);
  if (callId === null) return noSuchCall(c);
  const handle = tools.temporal.workflow.getHandle(callId);
  try {
    const { type, status } = await calls(tools.temporal, updateWithinMs, () => handle.describe());
    if (type !== callWorkflowType) return noSuchCall(c);
    if (status.name !== 'RUNNING') return conflict(c, 'The call is over already.');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    const row = await tools.store.findCallState(callId);
    return row === null ? noSuchCall(c) : conflict(c, 'The call is over already.');
  }
  try {
    await calls(tools.temporal, updateWithinMs, () => handle.executeUpdate(update, { args: [input] }));
    return accepted(c, callId);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      return conflict(c, `${error.cause?.message ?? error.message}.`);
    if (error instanceof WorkflowNotFoundError) return conflict(c, 'The call ended just now.');
    if (isTemporalUnavailable(error)) return whenNobodyAnswers(callId);
    throw error;
  }
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

async function cancelInput(c: ApiContext): Promise<{ reason?: string } | { refusal: Response }> {
  if ((await c.req.arrayBuffer()).byteLength === 0) return {};
  const json = await readJson(c);
  if ('refusal' in json) return json;
  const { body } = json;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const { reason, ...others } = (isObject ? body : {}) as Record<string, unknown>;
  const faults = [
    isObject
      ? []
      : [{ path: '', message: 'must be a JSON object with an optional reason, or no body at all' }],
    reason === undefined || (typeof reason === 'string' && reason.length <= longestReason)
      ? []
      : [{ path: 'reason', message: `must be a string of at most ${longestReason} characters` }],
    Object.keys(others).map((path) => ({ path, message: 'is unknown; must be reason' })),
  ].flat();
  if (faults.length > 0) return { refusal: invalidRequest(c, bounded(faults)) };
  return typeof reason === 'string' ? { reason } : {};
}
