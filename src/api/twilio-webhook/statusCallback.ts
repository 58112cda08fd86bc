import { WorkflowNotFoundError } from '@temporalio/client';
import type { CallUpdate } from '../../../workflows/callOutcome.js';
import { updateFromCallback } from '../../../workflows/rules/callUpdate.js';
import { isTerminal, mustSignal, stateOf } from '../../../workflows/rules/twilioStatus.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import type { CallbackResult } from '../http/apiMetrics.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { RateLimit, remoteNetwork } from '../http/rateLimit.js';
import { callIdIn, pathSegment, requestTarget } from '../http/requestTarget.js';
import { isCallWorkflow } from './isCallWorkflow.js';
import { storeWithin } from './storeWithin.js';
import { baseOf, formParameters, isSignedByTwilio } from './twilioSignature.js';

/** Twilio waits 15 s for all its tries together; a quick no leaves room for the next one. */
const signalWithinMs = 3_000;

/**
 * `POST /twilio/status/{callId}/{attempt}`: hands a status callback to its call.
 *
 * Answers 204 once the callback is durable: signaled to Temporal, or stored when the workflow does not need it. The
 * signature is checked first, so that nobody but Twilio learns which calls exist.
 */
export function statusCallback(tools: ApiTools) {
  const base = baseOf(tools.publicUrl);
  const isCall = isCallWorkflow(tools);
  const { badSignaturesPerMinute } = tools.rateLimits;
  const forgeries = new RateLimit('bad-signatures', { atMost: badSignaturesPerMinute, perSeconds: 60 });
  return async (c: ApiContext): Promise<Response> => {
    const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('Content-Type') ?? '');
    const parameters = isForm ? formParameters(await c.req.text()) : {};
    const signed = isSignedByTwilio(
      { url: base + requestTarget(c), parameters, signature: c.req.header('X-Twilio-Signature') },
      tools.twilioAuthTokens,
    );
    if (!signed) {
      count(tools, 'forged');
      const refusal = await forgeries.take(
        c,
        remoteNetwork(c),
        `More than ${badSignaturesPerMinute} callbacks that Twilio did not sign came from this address within a minute.`,
      );
      if (refusal === null) return badSignature(c);
      // Each further guess costs a connection.
      c.header('Connection', 'close');
      return refusal;
    }
    if (!isForm) {
      count(tools, 'malformed');
      return problem(
        c,
        'unsupported-media-type',
        'A status callback is a form: application/x-www-form-urlencoded.',
      );
    }
    const callId = callIdIn(c, 3);
    const attempt = pathSegment(c, 4) ?? '';
    if (callId === null || !/^[1-9]\d{0,5}$/.test(attempt)) return unknownCall(tools, c);
    const params = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        Array.isArray(value) ? (value[0] ?? '') : value,
      ]),
    );
    const update = updateFromCallback(params);
    const callback = { callId, attempt: Number(attempt), update };
    if (update !== null && !mustSignal(update.status, tools.progress)) {
      // Stored is enough, once the journal knows whose Twilio call it is.
      if (await storeProgress(tools, callback)) {
        count(tools, 'stored');
        return c.body(null, 204);
      }
    }
    const stored = await storedCallbacks(tools, callback);
    // What is on record of the attempt proves whose it is.
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
  const { callId, attempt } = callback;
  try {
    await withDeadline(tools.temporal, signalWithinMs, (workflow) =>
      workflow
        .getHandle(callId)
        .signal('twilioStatus', { attempt, params, ...(stored.length > 0 ? { stored } : {}) }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return answerAfterEnd(tools, c, callback, error);
    if (isTemporalUnavailable(error)) count(tools, 'temporal-unavailable');
    throw error;
  }
  count(tools, 'signaled');
  // Only a courtesy to lists: Twilio's answer does not wait for it.
  void storeProgress(tools, callback);
  return c.body(null, 204);
}

/** No such workflow runs: the call is over, or there never was one. */
async function answerAfterEnd(
  tools: ApiTools,
  c: ApiContext,
  { callId, attempt, update }: ParsedCallback,
  error: WorkflowNotFoundError,
): Promise<Response> {
  // The server has one class for both and tells them apart by its words. What it has forgotten, the store knows.
  const over =
    /already completed/.test(error.message) ||
    (await storeWithin(tools.store.findCallState(callId))) !== null;
  if (!over) return unknownCall(tools, c);
  count(tools, 'already-over');
  // Its workflow may have been terminated: the number is not to be held for a call that is over.
  if (update !== null && isTerminal(update.status))
    await storeWithin(tools.store.markEnded({ callId, attempt, callSid: update.callSid })).catch(
      (err: unknown) => {
        tools.log.warn({ err, attempt }, 'the end of a call whose workflow is over was not noted');
      },
    );
  return c.body(null, 204);
}

function badSignature(c: ApiContext): Response {
  return problem(
    c,
    'bad-signature',
    'X-Twilio-Signature does not fit this URL, these parameters and our auth token. If this is Twilio: check RINGTRUE_PUBLIC_URL against the URL that Twilio requests, and TWILIO_AUTH_TOKEN.',
  );
}

function unknownCall(tools: ApiTools, c: ApiContext): Response {
  count(tools, 'no-such-call');
  return problem(c, 'no-such-call', 'There is no such attempt of any call; the callback was not kept.');
}

interface ParsedCallback {
  callId: string;
  attempt: number;
  update: CallUpdate | null;
}

/**
 * Stores how far a running call is. True when the journal knows whose the Twilio call is, so that the call itself need not
 * be signaled; false also while the store is away.
 */
async function storeProgress(tools: ApiTools, { callId, attempt, update }: ParsedCallback): Promise<boolean> {
  const state = update && stateOf(update.status);
  if (!update || !state) return false;
  try {
    return (await storeWithin(tools.store.recordProgress({ callId, attempt, state, update }))).known;
  } catch (err) {
    tools.log.warn({ err, attempt, status: update.status }, 'progress of a call was not noted');
    return false;
  }
}

/** What was written down of this Twilio call instead of being signaled; null when nothing is known of it. */
async function storedCallbacks(
  tools: ApiTools,
  { callId, attempt, update }: ParsedCallback,
): Promise<CallUpdate[] | null> {
  if (update === null || tools.progress === 'signal') return null;
  const { callSid } = update;
  return storeWithin(tools.store.storedUpdates({ callId, callSid })).catch((err: unknown) => {
    tools.log.warn({ err, attempt }, 'what was noted of a call could not be read: its outcome goes without');
    return null;
  });
}

function count(tools: ApiTools, result: CallbackResult): void {
  tools.measures.callbacks.inc({ result });
}
