import { WorkflowNotFoundError } from '@temporalio/client';
import { type CallUpdate, updateFromCallback } from '../../workflows/callUpdate.js';
import { isTerminal, mustBeHeard, stateOf } from '../../workflows/twilioStatus.js';
import type { ApiContext, ApiTools } from './apiDependencies.js';
import type { CallbackResult } from './apiMetrics.js';
import { ourCalls } from './ourCalls.js';
import { isTemporalUnavailable, problem } from './problem.js';
import { RateLimit, remoteNetwork } from './rateLimit.js';
import { callIdIn, pathSegment, requestTarget } from './requestTarget.js';
import { storeSoon } from './storeSoon.js';
import { calls } from './temporalCalls.js';
import { baseOf, formParameters, isSignedByTwilio } from './twilioSignature.js';

/** Twilio waits 15 s for all its tries together; a quick no leaves room for the next one. */
const signalWithinMs = 3_000;

/**
 * `POST /twilio/status/{callId}/{attempt}`: hands a status callback to its call.
 *
 * 204 only once Temporal has it, or the call is over; of what the call need not hear, once the store has it. The signature comes before everything else, so that nobody
 * but Twilio learns which calls exist.
 */
export function statusCallback(tools: ApiTools) {
  const base = baseOf(tools.publicUrl);
  const isOurs = ourCalls(tools);
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
    const told = { callId, attempt: Number(attempt), update };
    if (update !== null && !mustBeHeard(update.status, tools.progress)) {
      const { known, watched } = await noteProgress(tools, told);
      if (known && !(watched && mustBeHeard(update.status, 'signal'))) {
        count(tools, 'noted');
        return c.body(null, 204);
      }
    }
    const heard = await noted(tools, told);
    // What is on record of the attempt proves whose it is.
    if (heard === null && !(await isOurs(callId))) return unknownCall(tools, c);
    return deliver(tools, c, told, params, heard ?? []);
  };
}

async function deliver(
  tools: ApiTools,
  c: ApiContext,
  told: Told,
  params: Record<string, string>,
  heard: CallUpdate[],
): Promise<Response> {
  const { callId, attempt } = told;
  try {
    await calls(tools.temporal, signalWithinMs, (workflow) =>
      workflow
        .getHandle(callId)
        .signal('twilioStatus', { attempt, params, ...(heard.length > 0 ? { heard } : {}) }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return afterTheEnd(tools, c, told, error);
    if (isTemporalUnavailable(error)) count(tools, 'temporal-unavailable');
    throw error;
  }
  count(tools, 'signalled');
  // Only a courtesy to lists: Twilio's answer does not wait for it.
  void noteProgress(tools, told);
  return c.body(null, 204);
}

/** No such workflow runs: the call is over, or there never was one. */
async function afterTheEnd(
  tools: ApiTools,
  c: ApiContext,
  { callId, attempt, update }: Told,
  error: WorkflowNotFoundError,
): Promise<Response> {
  // The server has one class for both and tells them apart by its words. What it has forgotten, the store knows.
  const over =
    /already completed/.test(error.message) || (await storeSoon(tools.store.findCallState(callId))) !== null;
  if (!over) return unknownCall(tools, c);
  count(tools, 'already-over');
  // Its workflow may have been terminated: the number is not to be held for a call that is over.
  if (update !== null && isTerminal(update.status))
    await storeSoon(tools.store.noteOver({ callId, attempt, callSid: update.callSid })).catch(
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

interface Told {
  callId: string;
  attempt: number;
  update: CallUpdate | null;
}

/**
 * Writes down how far a running call is. That is enough when the journal knows whose the Twilio call is (`known`), and
 * nobody looks at the call itself (`watched`); while the store is away the call must hear of it.
 */
async function noteProgress(
  tools: ApiTools,
  { callId, attempt, update }: Told,
): Promise<{ known: boolean; watched: boolean }> {
  const state = update && stateOf(update.status);
  if (!update || !state) return { known: false, watched: false };
  try {
    return await storeSoon(tools.store.noteProgress({ callId, attempt, state, update }));
  } catch (err) {
    tools.log.warn({ err, attempt, status: update.status }, 'progress of a call was not noted');
    return { known: false, watched: false };
  }
}

/** What was written down of this Twilio call instead of being signalled; null when nothing is known of it. */
async function noted(tools: ApiTools, { callId, attempt, update }: Told): Promise<CallUpdate[] | null> {
  if (update === null || tools.progress === 'signal') return null;
  const { callSid } = update;
  return storeSoon(tools.store.progressOf({ callId, callSid })).catch((err: unknown) => {
    tools.log.warn({ err, attempt }, 'what was noted of a call could not be read: its outcome goes without');
    return null;
  });
}

function count(tools: ApiTools, result: CallbackResult): void {
  tools.measures.callbacks.inc({ result });
}
