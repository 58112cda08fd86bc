import { createHash, randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import { checkCallRequest } from '../../../activities/validation/callRequestSchema.js';
import type { Fault } from '../../../activities/validation/fault.js';
import type { CallState } from '../../../workflows/callOutcome.js';
import type { CallRequest, RetryPolicy } from '../../../workflows/callRequest.js';
import { startCallWorkflow } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { readJson } from '../http/jsonBody.js';
import { invalidRequest, isTemporalUnavailable, problem } from '../http/problem.js';
import { callUrl } from '../http/requestTarget.js';

const startWithinMs = 10_000;

/** `POST /calls`: starts a call, or finds the one that the same Idempotency-Key started before. */
export function startCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const json = await readJson(c);
    if ('refusal' in json) return json.refusal;
    const key = c.req.header('Idempotency-Key');

    const checked = checkCallRequest(json.body, {
      policies: tools.policies(),
      defaultFrom: tools.defaultFrom,
    });
    const late = giveUpAtFaults(json.body);
    const faults = [
      'faults' in checked ? checked.faults : [],
      key === undefined ? [] : keyFaults(key),
    ].flat();
    if (faults.length > 0 || 'faults' in checked) return invalidRequest(c, [...faults, ...late]);

    // Temporal gets the request as it was sent, but for its policy; the defaults are filled in when the call begins.
    const request = json.body as CallRequest;
    if (key === undefined) {
      if (late.length > 0) return invalidRequest(c, late);
      return startNew(tools, c, `call-${randomUUID()}`, request, false);
    }
    return startOnce(tools, c, callIdOfKey(key), request, late);
  };
}

/** The id of the call that this Idempotency-Key stands for. */
export function callIdOfKey(key: string): string {
  return `call-${createHash('sha256').update(key).digest('hex')}`;
}

/**
 * Starts the call of an Idempotency-Key unless it exists. Temporal alone would do while it remembers the workflow;
 * the store is asked first because it remembers longer. While the store is away nobody can tell a new key from
 * one that Temporal has forgotten: such a request is refused rather than dialed a second time.
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
        request: withFrozenPolicy(request, tools.policies()),
        batchId: null,
        memo: { requestHash: hashOf(request) },
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
        ? 'Temporal did not confirm in time that the call was started. Send the request again with the same Idempotency-Key: it starts the call once at most.'
        : 'Temporal did not confirm in time that the call was started; it may have been. Look for callId before you send the request again, and send an Idempotency-Key to be able to repeat safely.',
      { callId },
    );
  }
}

/**
 * A policy is frozen into the call here: the worker that takes the call up may have read its file before or after we
 * read ours, and know no policy of this name, or another one.
 */
function withFrozenPolicy(request: CallRequest, policies: Record<string, RetryPolicy>): CallRequest {
  const { retry = 'default' } = request;
  if (typeof retry !== 'string' || !Object.hasOwn(policies, retry)) return request;
  return { ...request, retry: policies[retry] as RetryPolicy };
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
    'A different request was sent with this Idempotency-Key before; nothing was started. Use a new key for a new call, or send the first request unchanged to get its call.',
    { callId },
  );
}

function answer(c: ApiContext, status: 200 | 202, callId: string, runId: string | null): Response {
  const url = callUrl(c, callId);
  c.header('Location', url);
  return c.json({ callId, runId, url }, status);
}

/** A policy that was given by name stands in the first request as it was then, and may be another one by now. */
function isSameRequest(first: CallRequest, repeat: CallRequest): boolean {
  const { retry, ...rest } = repeat;
  return (
    hashOf({ ...rest, retry: null }) === hashOf({ ...first, retry: null }) &&
    (typeof retry !== 'object' || hashOf(retry) === hashOf(first.retry))
  );
}

/**
 * Temporal has forgotten the call, and the store never had the request. What the outcome keeps of the request decides;
 * a call that never got an outcome is taken for the same.
 */
function seemsSameRequest({ outcome }: CallState, request: CallRequest): boolean {
  if (outcome === null) return true;
  return (
    outcome.to === request.to &&
    (request.from === undefined || outcome.from === request.from) &&
    hashOf(outcome.metadata) === hashOf(request.metadata ?? {})
  );
}

/** A hash that does not depend on the order in which the fields were written. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

export function keyFaults(key: string): Fault[] {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return [];
  return [
    {
      path: 'Idempotency-Key',
      message: `has ${key.length} characters or some that are not printable ASCII; must be 1..255 printable ASCII characters`,
    },
  ];
}

/** Only here, not in the workflow: by the time a workflow begins, `giveUpAt` may rightly have passed. */
export function giveUpAtFaults(body: unknown): Fault[] {
  const giveUpAt = (body as Partial<CallRequest> | null)?.giveUpAt;
  if (typeof giveUpAt !== 'string' || !(Date.parse(giveUpAt.toUpperCase()) <= Date.now())) return [];
  return [
    { path: 'giveUpAt', message: `is ${JSON.stringify(giveUpAt)}, which has passed; must lie in the future` },
  ];
}
