import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { namedAccounts } from '../../../activities/accounts/account.js';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import { callRequestSchema, checkCallRequest } from '../../../activities/validation/callRequestSchema.js';
import type { Fault } from '../../../activities/validation/fault.js';
import type { CallState } from '../../../workflows/callOutcome.js';
import type { CallRequest } from '../../../workflows/callRequest.js';
import { startCallWorkflow } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { hashOf, idempotencyKey, idOfKey, keyFaults } from '../http/idempotencyKey.js';
import { bodyProblems, readJson } from '../http/jsonBody.js';
import { invalidRequest, isTemporalUnavailable, problem } from '../http/problem.js';
import { oneOf, readQuery } from '../http/queryParameters.js';
import { callUrl } from '../http/requestTarget.js';
import { jsonContent, locationOf, queryParameters, type Route, rolesFor } from '../http/route.js';
import { exampleCallId, exampleCallUrl } from './callAnswerSchema.js';
import { dryRunOf, dryRunSchema } from './dryRun.js';
import { momentFaults } from './momentFaults.js';

const startWithinMs = 10_000;

const startedCallSchema = z
  .object({
    callId: z.string(),
    runId: z.nullable(z.string()).meta({
      description:
        "Temporal's run id. Null if Temporal has forgotten the call and only the store remembers it.",
    }),
    url: z.string().meta({ format: 'uri', description: 'The URL of the call.' }),
  })
  .meta({ id: 'StartedCall', example: { callId: exampleCallId, runId: 'b6f1…', url: exampleCallUrl } });

const parameters = {
  dryRun: oneOf(
    ['true', 'false'],
    'true: dials nothing, and shows what would become of the call. The Idempotency-Key stays free.',
  ),
};

export const startCallRoute: Route = {
  method: 'post',
  path: '/calls',
  roles: rolesFor.changingCalls,
  tag: 'Calls',
  operationId: 'startCall',
  summary: 'Start a call',
  description:
    'Accepted once Temporal has stored the call. With an `Idempotency-Key` you can repeat the request without dialing twice. The call id is then `call-` and the SHA-256 of the key in hex.',
  parameters: [idempotencyKey('call', 'order-4711-reminder'), ...queryParameters(parameters)],
  body: { required: true, content: jsonContent(callRequestSchema) },
  answers: {
    202: {
      description: 'The call was started.',
      headers: locationOf('call'),
      content: jsonContent(startedCallSchema),
    },
    200: {
      description:
        'The call that this Idempotency-Key started before. With dryRun: what would become of the call.',
      headers: locationOf('call'),
      content: jsonContent(z.union([startedCallSchema, dryRunSchema])),
    },
  },
  problems: [...bodyProblems, 'key-reused', 'temporal-unavailable', 'store-unavailable'],
  serve: startCall,
};

function startCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const read = readQuery(c, parameters);
    const key = c.req.header('Idempotency-Key');

    const checked = checkCallRequest(json.body, {
      policies: tools.policies(),
      defaultFrom: tools.defaultFrom,
      accounts: namedAccounts(tools.accounts),
    });
    const faults = [
      ...('faults' in read ? read.faults : []),
      ...('faults' in checked ? checked.faults : []),
      ...keyFaults(key),
    ];
    // Of the moment: a repeat of a request that had none when it came is still a repeat.
    const late = momentFaults(json.body, checked, tools.rules);
    if (faults.length > 0 || 'faults' in checked || 'faults' in read)
      return invalidRequest(c, [...faults, ...late]);
    if (read.query.dryRun === 'true') {
      // What the operator's window and destinations rule out, a dry run shows.
      const { notify } = tools.rules;
      const own = momentFaults(json.body, checked, { callingWindow: null, destinations: null, notify });
      return own.length > 0 ? invalidRequest(c, own) : c.json(await dryRunOf(tools, checked.request));
    }

    // Temporal gets the request as it was sent, except for its policy and the spelling of its numbers. The
    // workflow fills in the defaults.
    const request = withCanonicalNumbers(json.body, checked.request);
    if (key === undefined) {
      if (late.length > 0) return invalidRequest(c, late);
      return startNew(tools, c, `call-${randomUUID()}`, request, false);
    }
    return startOnce(tools, c, idOfKey('call', key), request, late);
  };
}

function withCanonicalNumbers(body: unknown, { to, from }: CallRequest): CallRequest {
  return { ...(body as CallRequest), to, ...(from === undefined ? {} : { from }) };
}

/**
 * Starts the call of an Idempotency-Key unless it exists. Asks the store first, because it remembers calls
 * longer than Temporal does. While the store is not available, a new key looks like one that Temporal has
 * forgotten: the request is refused, so that no call is dialed twice.
 */
async function startOnce(
  tools: ApiTools,
  c: ApiContext,
  callId: string,
  request: CallRequest,
  late: Fault[],
): Promise<Response> {
  const recorded = await tools.store.findCallState(callId).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return error;
    throw error;
  });
  // Its record was purged or erased: the call was, and is not dialed again.
  if (recorded === null && (await tools.store.whyRemoved(callId)) !== null)
    return answer(c, 200, callId, null);
  if (recorded === null && late.length === 0) return startNew(tools, c, callId, request, true);

  const known = await findInTemporal(tools, callId);
  if (known !== null) return answerRepeat(c, callId, known.runId, known.requestHash === hashOf(request));
  if (recorded instanceof StoreUnavailable) throw recorded;
  if (recorded === null) return invalidRequest(c, late);
  const first = await tools.store.findRequest(callId);
  const same = first ? isSameRequest(first, request) : seemsSameRequest(recorded, request);
  return answerRepeat(c, callId, null, same);
}

async function startNew(
  tools: ApiTools,
  c: ApiContext,
  callId: string,
  request: CallRequest,
  repeatable: boolean,
): Promise<Response> {
  try {
    const handle = await withDeadline(tools.temporal, startWithinMs, (workflow) =>
      startCallWorkflow(workflow, {
        callId,
        taskQueue: tools.taskQueue,
        request,
        batchId: null,
        requestedBy: c.get('client') ?? null,
        memo: { requestHash: hashOf(request) },
        policies: tools.policies(),
        hiding: tools.encryption?.hiding ?? null,
      }),
    );
    tools.measures.callsStarted.inc();
    return answer(c, 202, callId, handle.firstExecutionRunId);
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      const known = await findInTemporal(tools, callId);
      if (known !== null) return answerRepeat(c, callId, known.runId, known.requestHash === hashOf(request));
    }
    if (!isTemporalUnavailable(error)) throw error;
    tools.log.error({ err: error, requestId: c.get('requestId') }, 'a call could not be started');
    return problem(
      c,
      'temporal-unavailable',
      repeatable
        ? 'Temporal did not confirm in time that the call was started. Send the request again with the same Idempotency-Key: it starts the call at most once.'
        : 'Temporal did not confirm in time that the call was started, but it may have been. Look for callId before you send the request again. With an Idempotency-Key you can repeat requests safely.',
      { callId },
    );
  }
}

async function findInTemporal(
  tools: ApiTools,
  callId: string,
): Promise<{ runId: string; requestHash: unknown } | null> {
  try {
    const found = await withDeadline(tools.temporal, startWithinMs, (workflow) =>
      workflow.getHandle(callId).describe(),
    );
    return { runId: found.runId, requestHash: found.memo?.requestHash };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function answerRepeat(c: ApiContext, callId: string, runId: string | null, same: boolean): Response {
  if (same) return answer(c, 200, callId, runId);
  return problem(
    c,
    'key-reused',
    'This Idempotency-Key belongs to a different request, so nothing was started. Use a new key for a new call, or repeat the first request unchanged to get its call.',
    { callId },
  );
}

function answer(c: ApiContext, status: 200 | 202, callId: string, runId: string | null): Response {
  const url = callUrl(c, callId);
  c.header('Location', url);
  return c.json({ callId, runId, url }, status);
}

/**
 * The first request holds the policy itself. A policy of that name may be different now, so names are not
 * compared.
 */
function isSameRequest(first: CallRequest, repeat: CallRequest): boolean {
  const { retry, ...rest } = repeat;
  return (
    hashOf({ ...rest, retry: null }) === hashOf({ ...first, retry: null }) &&
    (typeof retry !== 'object' || hashOf(retry) === hashOf(first.retry))
  );
}

/**
 * For a call that Temporal has forgotten and whose request the store never had. Compares what the outcome
 * repeats of the request. A call without an outcome counts as the same.
 */
function seemsSameRequest({ outcome }: CallState, request: CallRequest): boolean {
  if (outcome === null) return true;
  return (
    (outcome.requestedTo ?? outcome.to) === request.to &&
    (request.from === undefined || outcome.from === request.from) &&
    hashOf(outcome.metadata) === hashOf(request.metadata ?? {})
  );
}
