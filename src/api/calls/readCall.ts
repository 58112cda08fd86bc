import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import type { Attempt, CallOutcome, CallState } from '../../../workflows/callOutcome.js';
import { callStates } from '../../../workflows/callOutcome.js';
import { orderOf, stateOf } from '../../../workflows/rules/twilioStatus.js';
import { callWorkflowType } from '../../temporal/startCallWorkflow.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest, problem } from '../http/problem.js';
import { callIdIn } from '../http/requestTarget.js';

/** A CallState as the API gives it. */
export interface CallAnswer extends CallState {
  /** Why there is no outcome although the call is over: its workflow failed, or somebody terminated it. */
  error?: string;
  /** True when the call itself could not be asked: this is the last that was recorded of it. */
  stale?: true;
}

const describeWithinMs = 3_000;
const queryWithinMs = 3_000;
/** A workflow closes so soon after its outcome was recorded, unless no worker is there. */
const closesWithinMs = 3_000;
const longestWaitSeconds = 60;

const notWaiting = { waitingFor: null, nextAttemptAt: null, paused: false, pauseReason: null } as const;

/** `GET /calls/{callId}`: the call's own word while it runs, the record once it is over. */
export function readCall(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const wait = waitSeconds(c.req.queries('wait') ?? []);
    if (wait === null)
      return invalidRequest(c, [
        { path: 'wait', message: `must be one number of seconds, 0..${longestWaitSeconds}` },
      ]);
    const callId = callIdIn(c, 2);
    const found = callId === null ? null : await findCall(tools, callId, wait, clientGone(tools, c));
    return found === null ? noSuchCall(c) : c.json(found);
  };
}

/** Aborted when the asker has gone, or the server is to stop. */
function clientGone({ stopping }: ApiTools, c: ApiContext): AbortSignal {
  const gone = c.req.raw.signal;
  return stopping ? AbortSignal.any([gone, stopping]) : gone;
}

export function noSuchCall(c: ApiContext): Response {
  return problem(
    c,
    'no-such-call',
    'There is no call of this id, neither running nor recorded; check the id, or search with GET /calls.',
  );
}

async function findCall(
  tools: ApiTools,
  callId: string,
  wait: number,
  gone: AbortSignal,
): Promise<CallAnswer | null> {
  const recorded = await tools.store.findCallState(callId).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) return error;
    throw error;
  });
  const row = recorded instanceof StoreUnavailable ? null : recorded;
  if (row?.state === 'done') {
    await untilClosed(tools, row);
    return row;
  }

  const handle = tools.temporal.workflow.getHandle(callId);
  let description: WorkflowExecutionDescription;
  try {
    description = await withDeadline(tools.temporal, describeWithinMs, () => handle.describe());
  } catch (error) {
    if (row !== null) return { ...row, stale: true };
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    if (recorded instanceof StoreUnavailable) throw recorded;
    return null;
  }
  if (description.type !== callWorkflowType) return null;
  if (description.status.name !== 'RUNNING') return finalState(tools, handle, row, describeWithinMs);
  if (wait > 0) {
    const over = await whenOver(tools, handle, row, wait, gone);
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
    // No worker answers: what is written down is the best that can be said.
    return { ...(row ?? stateOfDescription(description)), stale: true };
  }
}

/** The outcome is recorded a moment before its workflow closes. Whoever reads `done` here is to find it closed there. */
async function untilClosed({ temporal }: ApiTools, { callId, outcome }: CallState): Promise<void> {
  if (outcome === null || Date.now() - Date.parse(outcome.endedAt) > closesWithinMs) return;
  await withDeadline(temporal, closesWithinMs, (workflow) => workflow.getHandle(callId).result()).catch(
    () => {},
  );
}

/** The end of a running call if it comes within so many seconds and the asker is still there, else null. */
async function whenOver(
  tools: ApiTools,
  handle: WorkflowHandle,
  row: CallState | null,
  seconds: number,
  gone: AbortSignal,
): Promise<CallAnswer | null> {
  try {
    return await tools.temporal.withAbortSignal(gone, () => finalState(tools, handle, row, seconds * 1000));
  } catch (error) {
    if (isGrpcDeadlineError(error) || isGrpcCancelledError(error)) return null;
    throw error;
  }
}

async function finalState(
  tools: ApiTools,
  handle: WorkflowHandle,
  row: CallState | null,
  withinMs: number,
): Promise<CallAnswer> {
  const callId = handle.workflowId;
  const over = { state: 'done', ...notWaiting } as const;
  try {
    const outcome: CallOutcome = await withDeadline(tools.temporal, withinMs, () => handle.result());
    const { to, from, metadata, startedAt, attempts } = outcome;
    return { callId, to, from, metadata, startedAt, ...over, attempts, outcome };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const why = error.cause?.message ?? error.message;
    return {
      ...(row ?? (await stateWithoutWorker(handle))),
      ...over,
      outcome: null,
      error: `The workflow of this call ended without an outcome: ${why}`,
    };
  }
}

/** A call's own word, and what was noted of its Twilio call since. */
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

/** All that is known of a call that no worker has taken up yet. */
async function stateWithoutWorker(handle: WorkflowHandle): Promise<CallState> {
  return stateOfDescription(await handle.describe());
}

function stateOfDescription(description: WorkflowExecutionDescription): CallState {
  const known = description.searchAttributes.RingtrueState?.[0];
  const to = description.searchAttributes.RingtrueTo?.[0];
  return {
    callId: description.workflowId,
    to: typeof to === 'string' ? to : null,
    from: null,
    metadata: {},
    startedAt: description.startTime.toISOString(),
    state: callStates.find((state) => state === known) ?? 'looking-up',
    attempts: [],
    outcome: null,
    ...notWaiting,
    waitingFor: 'a worker that takes up the call',
  };
}

function waitSeconds(values: string[]): number | null {
  if (values.length === 0) return 0;
  const seconds = values[0]?.trim() ? Number(values[0]) : Number.NaN;
  return values.length === 1 && seconds >= 0 && seconds <= longestWaitSeconds ? seconds : null;
}
