import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { CallSnapshot } from '../call/callSnapshot.js';
import type { RunningCall } from '../call/runningCall.js';
import type { CallOutcome } from '../callOutcome.js';
import type { CallRequest } from '../callRequest.js';

/**
 * Goes on in a new run when this one's history has grown long, so that a call can wait for months. Only while nothing is at
 * Twilio: the next run begins before `placement` of the next attempt.
 */
export async function continueIfLong(call: RunningCall, placement: number): Promise<void> {
  if (!workflowInfo().continueAsNewSuggested) return;
  await condition(allHandlersFinished);
  const { cancelRequested, rescheduledTo } = call.controls;
  const isBusy = call.duplicates.length > call.duplicatesEnded || call.hasCallbackBeforeSid;
  const hasNews =
    cancelRequested || rescheduledTo !== null || call.attempts.some((one) => call.hasLateUpdate(one));
  // Then another time: what is under way here is not carried over.
  if (isBusy || hasNews) return;
  await continueAsNew<(request: CallRequest, resumed: CallSnapshot) => Promise<CallOutcome>>(
    call.request,
    snapshotOf(call, placement),
  );
}

/** What the next run needs to go on, before `placement` of the next attempt. */
function snapshotOf(call: RunningCall, placement: number): CallSnapshot {
  return {
    startedAt: call.startedAt,
    plan: call.plan,
    lookup: call.lookup,
    // Only what has been dialed.
    attempts: call.attempts.filter(({ outcome }) => outcome !== null),
    decision: call.decision,
    retry: call.retry,
    placement,
    lastPlacement: call.lastPlacement,
    notifiedRevisions: [...call.notifiedRevisions],
    timeline: [...call.timeline],
    paused: call.controls.paused,
    pauseReason: call.controls.pauseReason,
    controls: [...call.controls.uses],
    callbacksBeforeAttempt: [...call.inbox.beforeAttempt],
  };
}
