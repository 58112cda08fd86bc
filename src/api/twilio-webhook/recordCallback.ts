import { WorkflowNotFoundError } from '@temporalio/client';
import { callIdOfSegment } from '../../../activities/twilio/callIdSegment.js';
import type { CallUpdate } from '../../../workflows/callOutcome.js';
import { updateFromCallback } from '../../../workflows/rules/callUpdate.js';
import { isTerminal, mustSignal, stateOf } from '../../../workflows/rules/twilioStatus.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import type { CallbackResult } from '../http/apiMetrics.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { callIdIn, pathSegment } from '../http/requestTarget.js';
import { isCallWorkflow } from './isCallWorkflow.js';
import { attemptOwner, type Signer } from './signingAccount.js';
import { storeWithin } from './storeWithin.js';
import type { FormParameters } from './twilioSignature.js';

/** Twilio waits 15 s for all its tries together. A quick failure leaves time for the next try. */
const signalWithinMs = 3_000;

/**
 * Returns a function that makes a callback durable and answers 204: signaled to Temporal, or stored if the
 * workflow does not need it. The signature has been checked already.
 */
export function recordCallback(
  tools: ApiTools,
): (c: ApiContext, parameters: FormParameters, signer: Signer) => Promise<Response> {
  const ownerOf = attemptOwner(tools);
  const isCall = isCallWorkflow(tools);
  return async (c, parameters, signer) => {
    const callId = callIdIn(c, 3, callIdOfSegment);
    const attempt = pathSegment(c, 4) ?? '';
    if (callId === null || !/^[1-9]\d{0,5}$/.test(attempt)) return unknownCall(tools, c);
    const params = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        Array.isArray(value) ? (value[0] ?? '') : value,
      ]),
    );
    const parsed = updateFromCallback(params);
    const update = parsed && { ...parsed, receivedAt: new Date().toISOString() };
    const owner = await ownerOf({ callId, attempt: Number(attempt) }, signer);
    if (owner === 'other') return ofOtherAccount(tools, c);
    const callback = {
      callId,
      attempt: Number(attempt),
      update,
      ...(owner === 'own' ? {} : { account: signer.sid }),
    };
    if (owner === 'own' && update !== null && !mustSignal(update.status, tools.progress)) {
      // Storing it is enough if the placement journal knows the attempt of this SID.
      if (await storeProgress(tools, callback)) {
        count(tools, 'stored');
        return c.body(null, 204);
      }
    }
    const stored = await storedCallbacks(tools, callback);
    // A stored attempt proves that the workflow is a call.
    if (stored === null && !(await isCall(callId))) return unknownCall(tools, c);
    return signalCall(tools, c, callback, params, stored ?? []);
  };
}

async function signalCall(
  tools: ApiTools,
  c: ApiContext,
  callback: ParsedCallback,
  params: Record<string, string>,
  stored: CallUpdate[],
): Promise<Response> {
  const { callId, attempt, account, update } = callback;
  const receivedAt = update?.receivedAt;
  try {
    await withDeadline(tools.temporal, signalWithinMs, (workflow) =>
      workflow.getHandle(callId).signal('twilioStatus', {
        attempt,
        params,
        ...(stored.length > 0 ? { stored } : {}),
        ...(account === undefined ? {} : { account }),
        ...(receivedAt === undefined ? {} : { receivedAt }),
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return answerAfterEnd(tools, c, callback, error);
    if (isTemporalUnavailable(error)) count(tools, 'temporal-unavailable');
    throw error;
  }
  count(tools, 'signaled');
  // Only for lists of calls: Twilio's answer does not wait for it.
  if (account === undefined) void storeProgress(tools, callback);
  return c.body(null, 204);
}

/** No such workflow runs: the call is over, or it never existed. */
async function answerAfterEnd(
  tools: ApiTools,
  c: ApiContext,
  { callId, attempt, update, account }: ParsedCallback,
  error: WorkflowNotFoundError,
): Promise<Response> {
  // The server has one error for both; only its text differs. The store knows calls that Temporal has
  // forgotten.
  const over =
    /already completed/.test(error.message) ||
    (await storeWithin(tools.store.findCallState(callId))) !== null;
  if (!over) return unknownCall(tools, c);
  count(tools, 'already-over');
  // If its workflow was terminated, the number must not stay blocked by a call that is over.
  if (account === undefined && update !== null && isTerminal(update.status))
    await storeWithin(tools.store.markEnded({ callId, attempt, callSid: update.callSid })).catch(
      (err: unknown) => {
        tools.log.warn({ err, attempt }, 'the end of a Twilio call whose workflow is over was not stored');
      },
    );
  return c.body(null, 204);
}

/** As if it were forged: whoever has the token of one account may say nothing about the calls of another one. */
function ofOtherAccount(tools: ApiTools, c: ApiContext): Response {
  count(tools, 'forged');
  return problem(
    c,
    'bad-signature',
    'The callback is signed with the token of a Twilio account that did not place this call. It was dropped.',
  );
}

function unknownCall(tools: ApiTools, c: ApiContext): Response {
  count(tools, 'no-such-call');
  return problem(c, 'no-such-call', 'There is no such call or attempt. The callback was dropped.');
}

interface ParsedCallback {
  callId: string;
  attempt: number;
  update: CallUpdate | null;
  /** The account that signed it, if nobody could tell yet whether the call is its own. */
  account?: string | null;
}

/**
 * Stores the progress of a running call. True if the placement journal knows the attempt of this SID, so that
 * no signal is needed. False also while the store is not available.
 */
async function storeProgress(tools: ApiTools, { callId, attempt, update }: ParsedCallback): Promise<boolean> {
  const state = update && stateOf(update.status);
  if (!update || !state) return false;
  try {
    return (await storeWithin(tools.store.recordProgress({ callId, attempt, state, update }))).known;
  } catch (err) {
    tools.log.warn({ err, attempt, status: update.status }, 'the progress of a call was not stored');
    return false;
  }
}

/**
 * The callbacks of this Twilio call that were stored and not signaled; null if the store knows nothing about
 * it.
 */
async function storedCallbacks(
  tools: ApiTools,
  { callId, attempt, update }: ParsedCallback,
): Promise<CallUpdate[] | null> {
  if (update === null || tools.progress === 'signal') return null;
  const { callSid } = update;
  return storeWithin(tools.store.storedUpdates({ callId, callSid })).catch((err: unknown) => {
    tools.log.warn({ err, attempt }, 'stored callbacks of a call could not be read: its outcome lacks them');
    return null;
  });
}

function count(tools: ApiTools, result: CallbackResult): void {
  tools.measures.callbacks.inc({ result });
}
