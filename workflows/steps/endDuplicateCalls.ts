import { condition } from '@temporalio/workflow';
import { endDuplicateCall } from '../activityProxies.js';
import type { RunningCall } from '../call/runningCall.js';

/** Ends the second Twilio calls of an attempt as they are reported, beside the call. Never returns. */
export async function endDuplicateCalls(call: RunningCall): Promise<void> {
  for (;;) {
    await condition(() => call.duplicates.length > call.duplicatesEnded);
    const duplicate = call.duplicates[call.duplicatesEnded];
    // Bounded, and only an alarm: the call itself goes on.
    if (duplicate) await endDuplicateCall(duplicate).catch(() => {});
    call.duplicatesEnded++;
  }
}

/** Resolves once every second call that was reported has been seen to. */
export function duplicatesEnded(call: RunningCall): Promise<void> {
  return condition(() => call.duplicates.length === call.duplicatesEnded);
}
