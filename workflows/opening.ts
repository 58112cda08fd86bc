import { ApplicationFailure } from '@temporalio/workflow';
import { opening } from './activityOptions.js';
import type { LookupEvidence } from './callOutcome.js';
import type { CallPlan, CallRequest } from './callRequest.js';
import type { RunningCall } from './runningCall.js';

/** What a call begins with: all that it goes by, and what Lookup says of the number; null when it was not asked. */
export interface Opened {
  plan: CallPlan;
  lookup: LookupEvidence | null;
}

/**
 * Checks the request, freezes everything that the call will go by, and performs Lookup.
 * Fails the call with `InvalidCallRequest`, every fault named.
 */
export async function acceptAndLookUp(call: RunningCall, request: CallRequest): Promise<Opened> {
  // One activity for both: each costs a task, history and, on Temporal Cloud, money.
  const { callId, startedAt, batchId } = call;
  const opened = await opening.acceptAndLookUp({
    callId,
    request,
    startedAt,
    ...(batchId === null ? {} : { batchId }),
  });
  if (!opened.accepted)
    throw ApplicationFailure.nonRetryable(
      `The call request is not valid, and nothing was dialled: ${opened.faults.join('; ')}`,
      'InvalidCallRequest',
      opened.faults,
    );
  const { plan, lookup } = opened;
  call.accepted(plan.to, plan.giveUpAt);
  if (lookup) noteLookup(call, lookup);
  return { plan, lookup };
}

function noteLookup(call: RunningCall, lookup: LookupEvidence): void {
  const says = lookup.valid === null ? 'could not say' : lookup.valid ? 'valid' : 'not a valid number';
  const line = [lookup.lineType, lookup.lineStatus].filter(Boolean).join(', ');
  call.note(`Lookup: ${says}${line && ` (${line})`}`);
}
