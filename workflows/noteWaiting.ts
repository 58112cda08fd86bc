import { recordingQuickly } from './activityOptions.js';
import type { RunningCall } from './runningCall.js';

/** Lists show that the call waits; should the store be away, they go on showing what went before. */
export async function noteWaiting(call: RunningCall): Promise<void> {
  await recordingQuickly.noteWaiting({ callId: call.callId }).catch(() => {});
}
