import { WorkflowNotFoundError } from '@temporalio/client';
import type { CallUpdate } from '../../../workflows/callOutcome.js';
import { updateFromCallback } from '../../../workflows/rules/callUpdate.js';
import { isTerminal, mustSignal, stateOf } from '../../../workflows/rules/twilioStatus.js';
import { withDeadline } from '../../temporal/withDeadline.js';
import { callIdInPath } from '../calls/readCall.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import type { CallbackResult } from '../http/apiMetrics.js';
import { isTemporalUnavailable, problem } from '../http/problem.js';
import { RateLimit, remoteNetwork } from '../http/rateLimit.js';
import { callIdIn, pathSegment, requestTarget } from '../http/requestTarget.js';
import type { Route } from '../http/route.js';
import { isCallWorkflow } from './isCallWorkflow.js';
import { storeWithin } from './storeWithin.js';
import { baseOf, formParameters, isSignedByTwilio } from './twilioSignature.js';

/** Twilio waits 15 s for all its tries together. A quick failure leaves time for the next try. */
const signalWithinMs = 3_000;

export const statusCallbackRoute: Route = {
  method: 'post',
  path: '/twilio/status/{callId}/{attempt}',
  open: true,
  tag: 'Twilio',
  operationId: 'twilioStatus',
  summary: "Twilio's status callback",
  description: 'Only for Twilio: the signature is checked first.',
  parameters: [
    callIdInPath,
    {
      name: 'attempt',
      in: 'path',
      required: true,
      description: 'The attempt, from 1.',
      schema: { type: 'integer', minimum: 1 },
      example: 1,
    },
    {
      name: 'X-Twilio-Signature',
      in: 'header',
      required: true,
      description: "Twilio's signature of URL and parameters.",
      schema: { type: 'string' },
    },
  ],
  body: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: {
          type: 'object',
          properties: { CallSid: { type: 'string' }, CallStatus: { type: 'string' } },
          additionalProperties: { type: 'string' },
        },
      },
    },
  },
  answers: { 204: { description: 'The callback is durable, or the call is over.' } },
  problems: [
    'bad-signature',
    'no-such-call',
    'too-large',
    'unsupported-media-type',
    'too-many-requests',
    'temporal-unavailable',
    'store-unavailable',
  ],
  serve: statusCallback,
};

/**
 * Answers 204 once the callback is durable: signaled to Temporal, or stored if the workflow does not need it.
 * Checks the signature first, so that only Twilio learns which calls exist.
 */
function statusCallback(tools: ApiTools) {
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
        `This address sent more than ${badSignaturesPerMinute} callbacks without a valid signature within a minute.`,
      );
      if (refusal === null) return badSignature(c);
      // Each further guess needs a new connection.
      c.header('Connection', 'close');
      return refusal;
    }
    if (!isForm) {
      count(tools, 'malformed');
      return problem(
        c,
        'unsupported-media-type',
        'A status callback must be a form: application/x-www-form-urlencoded.',
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
  // Only for lists of calls: Twilio's answer does not wait for it.
  void storeProgress(tools, callback);
  return c.body(null, 204);
}

/** No such workflow runs: the call is over, or it never existed. */
async function answerAfterEnd(
  tools: ApiTools,
  c: ApiContext,
  { callId, attempt, update }: ParsedCallback,
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
  if (update !== null && isTerminal(update.status))
    await storeWithin(tools.store.markEnded({ callId, attempt, callSid: update.callSid })).catch(
      (err: unknown) => {
        tools.log.warn({ err, attempt }, 'the end of a Twilio call whose workflow is over was not stored');
      },
    );
  return c.body(null, 204);
}

function badSignature(c: ApiContext): Response {
  return problem(
    c,
    'bad-signature',
    'X-Twilio-Signature does not match this URL, these parameters and our auth token. If Twilio sent this, check TWILIO_AUTH_TOKEN, and compare RINGTRUE_PUBLIC_URL with the URL that Twilio requests.',
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
