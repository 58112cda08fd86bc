import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { StoredCall } from '../../../activities/store/calls/callStore.js';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import type { Attempt, CallOutcome, CallState } from '../../../workflows/callOutcome.js';
import { callStates } from '../../../workflows/callOutcome.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import { orderOf, stateOf } from '../../../workflows/rules/twilioStatus.js';
import { MissingEncryptionKey } from '../../encryption/encryptionCodec.js';
import { type CallEnd, callEnd, isRunning, missingEnd } from '../../temporal/callEnd.js';
import { callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest, problem } from '../http/problem.js';
import { readQuery, waitParameter } from '../http/queryParameters.js';
import { callIdIn } from '../http/requestTarget.js';
import { jsonContent, type Parameter, queryParameters, type Route, rolesFor } from '../http/route.js';
import { whileWanted } from '../http/whileWanted.js';
import { type CallAnswer, callAnswer } from './callAnswer.js';
import { callAnswerSchema, exampleCallId } from './callAnswerSchema.js';

const describeWithinMs = 3_000;
const queryWithinMs = 3_000;
/** A workflow closes within this time after its outcome was recorded, if a worker runs. */
const closesWithinMs = 3_000;

const notWaiting = { waitingFor: null, nextAttemptAt: null, paused: false, pauseReason: null } as const;

export const callIdInPath: Parameter = {
  name: 'callId',
  in: 'path',
  required: true,
  description: 'The call id, which is the Temporal workflow id. Percent-encoded.',
  schema: { type: 'string', minLength: 1 },
  example: exampleCallId,
};

const wait = waitParameter('Waits so many seconds for the end of the call. Answers early once it is over.');
const filters = { wait: wait.parameter };

export const readCallRoute: Route = {
  method: 'get',
  path: '/calls/{callId}',
  roles: rolesFor.readingCalls,
  tag: 'Calls',
  operationId: 'readCall',
  summary: 'Read the state of a call',
  parameters: [callIdInPath, ...queryParameters(filters)],
  answers: { 200: { description: 'The state of the call.', content: jsonContent(callAnswerSchema) } },
  problems: [
    'no-such-call',
    'call-removed',
    'invalid-request',
    'key-missing',
    'temporal-unavailable',
    'store-unavailable',
  ],
  serve: readCall,
};

/** Answers the state of the running call, or the record once the call is over. */
function readCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const parsed = readQuery(c, filters);
    if ('faults' in parsed) return invalidRequest(c, parsed.faults);
    const seconds = wait.secondsOf(parsed.query.wait);
    const callId = callIdIn(c, 2);
    const found =
      callId === null
        ? null
        : await whileWanted(tools, c, (signal) => findCall(tools, callId, seconds, signal));
    return found === null ? missingCall(tools, c, callId) : c.json(found);
  };
}

export function noSuchCall(c: ApiContext): Response {
  return problem(
    c,
    'no-such-call',
    'There is no call with this id, neither running nor recorded. Check the id, or search with GET /calls.',
  );
}

/** The answer about a call that nobody knows, or whose record was removed. */
export async function missingCall(
  { store }: ApiTools,
  c: ApiContext,
  callId: string | null,
): Promise<Response> {
  const why = callId === null ? null : await store.whyRemoved(callId);
  if (why === null) return noSuchCall(c);
  const how = why === 'erased' ? 'with everything about its number' : 'because it was old';
  return problem(c, 'call-removed', `The record of this call was removed ${how}. The call itself is over.`);
}

async function findCall(
  tools: ApiTools,
  callId: string,
  wait: number,
  signal: AbortSignal,
): Promise<CallAnswer | null> {
  const recorded = await tools.store.findCallState(callId).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return error;
    throw error;
  });
  const row = recorded instanceof StoreUnavailable ? null : recorded;
  if (row?.outcome) {
    await untilClosed(tools, row);
    return row;
  }

  const handle = tools.temporal.workflow.getHandle(callId);
  let description: WorkflowExecutionDescription;
  try {
    description = await withDeadline(tools.temporal, describeWithinMs, () => handle.describe());
  } catch (error) {
    const isMissing = error instanceof WorkflowNotFoundError;
    if (row !== null) {
      if (isMissing) return withoutOutcome(row, missingEnd);
      const why = error instanceof MissingEncryptionKey ? { waitingFor: error.message } : {};
      return { ...callAnswer(row), ...why, stale: true };
    }
    if (!isMissing) throw error;
    if (recorded instanceof StoreUnavailable) throw recorded;
    return null;
  }
  if (description.type !== callWorkflowType) return null;
  if (!isRunning(description)) return finalState(tools, description, row);
  if (wait > 0) {
    const over = await whenOver(tools, handle, row, wait, signal);
    if (over !== null) return over;
  }
  try {
    const state = await withDeadline(tools.temporal, queryWithinMs, () =>
      handle.query<CallState, []>('state'),
    );
    return tools.progress === 'store'
      ? withStoredProgress(state, await tools.store.findCallState(callId).catch(() => null))
      : state;
  } catch {
    // No worker answers: the recorded state is the best one known.
    return { ...(row === null ? stateOfDescription(description) : runningAgain(row)), stale: true };
  }
}

/** A workflow that was reset goes on, and the record may not know it yet. */
function runningAgain({ workflowEnd, ...row }: StoredCall): CallState {
  return workflowEnd === undefined ? row : { ...row, state: workflowEnd.lastState };
}

/**
 * The outcome is recorded a moment before its workflow closes. A client that reads `done` shall find it
 * closed.
 */
async function untilClosed({ temporal }: ApiTools, { callId, outcome }: CallState): Promise<void> {
  if (outcome === null || Date.now() - Date.parse(outcome.endedAt) > closesWithinMs) return;
  await withDeadline(temporal, closesWithinMs, (workflow) => workflow.getHandle(callId).result()).catch(
    () => {},
  );
}

/** The final state of a running call; null if it does not end in time or the client has gone. */
async function whenOver(
  tools: ApiTools,
  handle: WorkflowHandle,
  row: StoredCall | null,
  seconds: number,
  signal: AbortSignal,
): Promise<CallAnswer | null> {
  // Temporal's client notices an abort only while a gRPC call runs, not when it starts the next one.
  if (signal.aborted) return null;
  const aborted = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
  const over = tools.temporal
    .withAbortSignal(signal, () => endWithin(tools, handle, row, seconds * 1000))
    .catch((error: unknown) => {
      if (isGrpcDeadlineError(error) || isGrpcCancelledError(error)) return null;
      throw error;
    });
  return Promise.race([over, aborted]);
}

async function endWithin(
  tools: ApiTools,
  handle: WorkflowHandle,
  row: StoredCall | null,
  withinMs: number,
): Promise<CallAnswer> {
  try {
    return doneWith(await withDeadline(tools.temporal, withinMs, () => handle.result()));
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return finalState(
      tools,
      await withDeadline(tools.temporal, describeWithinMs, () => handle.describe()),
      row,
    );
  }
}

async function finalState(
  tools: ApiTools,
  description: WorkflowExecutionDescription,
  row: StoredCall | null,
): Promise<CallAnswer> {
  const end = await callEnd(tools.temporal, description, describeWithinMs);
  if (end.outcome !== null) return doneWith(end.outcome);
  return withoutOutcome(row ?? stateOfDescription(description), end);
}

function doneWith(outcome: CallOutcome): CallAnswer {
  const { callId, to, from, metadata, startedAt, attempts, requestedBy, controls } = outcome;
  const request = { callId, to, from, metadata, startedAt };
  return { ...request, state: 'done', attempts, outcome, ...notWaiting, requestedBy, controls };
}

/** The last state of a call whose workflow ended so. */
function withoutOutcome(call: StoredCall, { status, at, reason }: CallEnd & { outcome: null }): CallAnswer {
  const lastState = call.workflowEnd?.lastState ?? call.state;
  return callAnswer({
    ...call,
    state: 'done',
    outcome: null,
    ...notWaiting,
    workflowEnd: { status, at, reason, lastState },
  });
}

/** The state of a running call, completed by the progress that callbacks stored and did not signal. */
function withStoredProgress(state: CallState, row: CallState | null): CallState {
  const [own, stored] = [state.attempts.at(-1), row?.attempts.at(-1)];
  const same = own && stored && own.number === stored.number && own.callSid === stored.callSid;
  if (!row || !same || (state.state !== 'queued' && state.state !== 'ringing')) return state;
  if (stateOf(stored.status ?? '') !== row.state || progressRank(stored) <= progressRank(own)) return state;
  const updates = stored.evidence.updates.filter(({ source }) => source === 'webhook');
  const answered = updates.find(({ status }) => status === 'in-progress');
  const attempt: Attempt = {
    ...own,
    status: stored.status,
    answeredAt: own.answeredAt ?? answered?.at ?? null,
    evidence: { ...own.evidence, updates },
  };
  return { ...state, state: row.state, attempts: [...state.attempts.slice(0, -1), attempt] };
}

function progressRank({ status }: Attempt): number {
  return orderOf(status ?? 'queued');
}

/** The state of a call that no worker has begun yet. */
function stateOfDescription(description: WorkflowExecutionDescription): CallState {
  const known = description.searchAttributes.RingtrueState?.[0];
  const to = description.searchAttributes.RingtrueTo?.[0];
  const requestedBy = description.memo?.requestedBy;
  return {
    callId: description.workflowId,
    // Encrypted calls have no number there.
    to: typeof to === 'string' && e164.test(to) ? to : null,
    from: null,
    metadata: {},
    startedAt: description.startTime.toISOString(),
    state: callStates.find((state) => state === known) ?? 'looking-up',
    attempts: [],
    outcome: null,
    ...notWaiting,
    waitingFor: 'a worker that begins the call',
    requestedBy: typeof requestedBy === 'string' ? requestedBy : null,
    controls: [],
  };
}
