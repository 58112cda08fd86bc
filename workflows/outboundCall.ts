import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { isFinal } from './call/attempt.js';
import type { CallSnapshot } from './call/callSnapshot.js';
import { RunningCall } from './call/runningCall.js';
import type { Forbidden, ForgottenPlacement } from './callActivities.js';
import type { Attempt, CallOutcome } from './callOutcome.js';
import type { CallRequest } from './callRequest.js';
import {
  canceledDecision,
  type Decision,
  decisionWithoutAttempt,
  type NotPlaced,
  rejectedByLookup,
} from './rules/decision.js';
import { acceptRequest } from './steps/acceptRequest.js';
import { awaitFinalStatus } from './steps/awaitFinalStatus.js';
import {
  announceRetry,
  plannedRetry,
  planRetry,
  type Retry,
  verdictChanged,
  waitForRetry,
} from './steps/awaitRetry.js';
import { duplicatesEnded, endDuplicateCalls } from './steps/endDuplicateCalls.js';
import { notifyCallEnded } from './steps/notifyClient.js';
import { type Placed, placeCallOnce, recoverForgotten } from './steps/placeCallOnce.js';
import { recordOutcome } from './steps/recordOutcome.js';
import { settleAttempt } from './steps/settleAttempt.js';
import { waitUntilAllowed } from './steps/waitUntilAllowed.js';

/**
 * Each outbound call runs as this workflow. It performs Lookup, places the call, waits for a status signal sent by the webhook
 * server, and falls back to polling the Call resource on timeout before it records the final outcome. In between it places the
 * call again while the retry policy allows it. The workflow id is the call id.
 *
 * Fails with `InvalidCallRequest`, which names every fault, before anything is dialed. `resumed`: a call that has waited for
 * long goes on in a new run, with what it knew.
 */
export async function outboundCall(
  request: CallRequest,
  resumed: CallSnapshot | null = null,
): Promise<CallOutcome> {
  const call = new RunningCall(request, resumed);
  // A cancellation is a request like any other: what Twilio has begun is still followed to its end.
  return CancellationScope.nonCancellable(async () => {
    void endDuplicateCalls(call);
    // Checks the request, freezes the plan, performs Lookup.
    const forbidden = resumed === null ? await acceptRequest(call) : null;
    let decision = rejectedByLookup(call) ?? (await attemptUnlessForbidden(call, forbidden));

    let recorded = await recordOutcome(call, decision);
    // After a reset the journal may know a placement that this run does not: follow that one first.
    while ('forgotten' in recorded) {
      const followed = await followForgotten(call, recorded.forgotten);
      if (followed) decision = { ...followed, endedBecause: decision.endedBecause };
      recorded = await recordOutcome(call, decision);
    }
    await notifyCallEnded(call, recorded);
    await duplicatesEnded(call);
    await condition(allHandlersFinished);
    return recorded;
  });
}

async function attemptUnlessForbidden(call: RunningCall, forbidden: Forbidden | null): Promise<Decision> {
  return forbidden ? decisionWithoutAttempt(call, forbidden, null) : attemptUntilResolved(call);
}

/** Makes attempts until one of them, or what forbids the next one, decides how the call turns out. */
async function attemptUntilResolved(call: RunningCall): Promise<Decision> {
  let retry = plannedRetry(call);
  let { decision } = call;
  for (;;) {
    const next = await placeNextAttempt(call, retry);
    if ('by' in next) return decisionWithoutAttempt(call, next, decision);
    // Waits for a status signal, and polls on timeout. A late callback may also prove a call of which nobody knew.
    const isAlive = next.attempt.callSid !== null && !isFinal(next.attempt);
    if (isAlive) await awaitFinalStatus(call, next.attempt);

    decision = await settleAttempt(call, next.attempt);
    if (!isAlive && next.kind === 'superseded' && call.cancelRequested)
      return canceledDecision(call, decision);
    const step = planRetry(call, next.attempt, decision);
    if (step.kind === 'stop') return { ...decision, endedBecause: step.endedBecause };
    await announceRetry(call, step);
    Object.assign(call, { decision, retry: step });
    retry = step;
  }
}

/**
 * Waits until the next attempt is due and allowed, then places its call. `superseded`: before anything was dialed, a late
 * update changed what follows from the last attempt, which is returned to be settled again.
 */
async function placeNextAttempt(
  call: RunningCall,
  retry: Retry | null,
): Promise<{ kind: Placed | 'superseded'; attempt: Attempt } | NotPlaced> {
  // Only a retry can be superseded: there is no update about an attempt before the first.
  const superseded = () => retry !== null && verdictChanged(call, retry);
  const lastAgain = { kind: 'superseded', attempt: retry?.after as Attempt } as const;
  // An attempt that was placed before begins at once: a callback may name it, and placing it looks at the rest again.
  const stopped =
    call.nextPlacement > 1 || call.isPlacedAtOnce
      ? null
      : ((retry && (await waitForRetry(call, retry, superseded))) ??
        (await waitUntilAllowed(call, superseded)));
  if (stopped === 'superseded' || superseded()) return lastAgain;
  if (stopped) return stopped;

  const attempt = call.beginAttempt();
  const placed = await placeCallOnce(call, attempt, superseded);
  if (placed === 'placed' || placed === 'refused' || placed === 'unresolved')
    return { kind: placed, attempt };
  call.dropAttempt(attempt);
  return placed === 'superseded' || superseded() ? lastAgain : placed;
}

/** Follows an attempt that only the journal remembers, after a reset. Null: it made no call and says nothing. */
async function followForgotten(
  call: RunningCall,
  forgotten: ForgottenPlacement['forgotten'],
): Promise<Decision | null> {
  const attempt = call.beginAttempt(forgotten.attempt);
  const recovered = await recoverForgotten(call, attempt, forgotten);
  if (recovered === null) {
    call.dropAttempt(attempt);
    return null;
  }
  if (recovered === 'placed') await awaitFinalStatus(call, attempt);
  return settleAttempt(call, attempt);
}
