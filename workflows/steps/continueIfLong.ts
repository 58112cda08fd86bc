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
  await call.duplicatesEnded();
  await condition(allHandlersFinished);
  if (call.cancelRequested || call.hasCallbackBeforeSid) return;
  await continueAsNew<(request: CallRequest, resumed: CallSnapshot) => Promise<CallOutcome>>(
    call.request,
    call.snapshot(placement),
  );
}
