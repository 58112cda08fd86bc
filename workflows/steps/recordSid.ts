import { recordCallSid, recordCallSidInBackground } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';
import type { Attempt } from '../callOutcome.js';

/** Keeps others from taking this call for theirs; the outcome does not depend on it. */
export async function recordSid(call: RunningCall, attempt: Attempt, placement: number): Promise<void> {
  const callSid = attempt.callSid as string;
  await recordCallSid({ callId: call.callId, attempt: attempt.number, placement, callSid }).catch(() => {});
}

/** Limits count by the journal: it is told as soon as the store is back, and the call goes on. */
export function recordSidInBackground(
  call: RunningCall,
  attempt: Attempt,
  placement: number,
  callSid: string,
): void {
  const input = { callId: call.callId, attempt: attempt.number, placement, callSid };
  recordCallSidInBackground(input).catch(() => {});
}
