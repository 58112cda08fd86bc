import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { z } from 'zod';
import { parseRfc3339 } from '../../../workflows/rules/rfc3339.js';
import { isRunning } from '../../temporal/callEnd.js';
import { cancelWithoutWorker } from '../../temporal/cancelWithoutWorker.js';
import { callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { bodyProblems, readBody } from '../http/jsonBody.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { callIdIn, callUrl } from '../http/requestTarget.js';
import { jsonContent, locationOf, type Route, rolesFor } from '../http/route.js';
import { exampleCallId, exampleCallUrl } from './callAnswerSchema.js';
import { type CallControl, type ControlName, callControls, controlNames } from './callControls.js';
import { callIdInPath, missingCall, noSuchCall } from './readCall.js';

/** A running worker answers an update within milliseconds. */
const updateWithinMs = 5_000;

const controlledCallSchema = z
  .object({ callId: z.string(), url: z.string().meta({ format: 'uri' }) })
  .meta({ id: 'ControlledCall', example: { callId: exampleCallId, url: exampleCallUrl } });

/** `POST /calls/{callId}/cancel`, `/retry` and so on. */
export const controlCallRoutes = controlNames.map((name): Route => {
  const control: CallControl = callControls[name];
  const { operationId, summary, description, accepted, body, example } = control;
  return {
    method: 'post',
    path: `/calls/{callId}/${name}`,
    roles: rolesFor.changingCalls,
    tag: 'Calls',
    operationId,
    summary,
    description,
    parameters: [callIdInPath],
    body: { required: control.bodyRequired === true, content: jsonContent(body, example) },
    answers: {
      202: {
        description: accepted,
        headers: locationOf('call'),
        content: jsonContent(controlledCallSchema),
      },
    },
    problems: [
      'no-such-call',
      'call-removed',
      'state-conflict',
      ...bodyProblems,
      'key-missing',
      'temporal-unavailable',
      'store-unavailable',
    ],
    serve: (tools) => controlCall(tools, name),
  };
});

/**
 * Sends the control to the call as a workflow update. A refusal of the call becomes 409 with the call's own
 * sentence.
 */
function controlCall(tools: ApiTools, name: ControlName) {
  const control: CallControl = callControls[name];
  return async (c: ApiContext): Promise<Response> => {
    const body = await readBody(c, control.body, { optional: control.bodyRequired !== true });
    if ('refusal' in body) return body.refusal;
    const callId = callIdIn(c, 2);
    if (callId === null) return noSuchCall(c);
    const handle = tools.temporal.workflow.getHandle(callId);
    const by = c.get('client');
    const input = { ...body.input, ...(by === undefined ? {} : { by }) };
    try {
      const found = await withDeadline(tools.temporal, updateWithinMs, () => handle.describe());
      if (found.type !== callWorkflowType) return noSuchCall(c);
      if (!isRunning(found)) return conflict(c, 'The call is already over.');
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const row = await tools.store.findCallState(callId);
      return row === null ? missingCall(tools, c, callId) : conflict(c, 'The call is already over.');
    }
    try {
      await withDeadline(tools.temporal, updateWithinMs, () =>
        handle.executeUpdate(control.update, { args: [input] }),
      );
      if (name === 'reschedule') await recordNewTime(tools, callId, body.input);
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
        `No worker answered the request ${control.purpose} within five seconds. Check GET /readyz, and try again once a worker runs.`,
      );
    await withDeadline(tools.temporal, updateWithinMs, () => cancelWithoutWorker(handle, input));
    return accepted(c, callId);
  };
}

/** Counts of waiting calls read the store only. */
async function recordNewTime({ store }: ApiTools, callId: string, { at }: { at?: unknown }): Promise<void> {
  const until = parseRfc3339(at);
  await store.recordHindrance({ callId, by: 'rescheduled', until }).catch(() => {});
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
    `${why} Nothing was changed. GET /calls/{callId} shows the state of the call.`,
  );
}
