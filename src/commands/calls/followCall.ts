import { setTimeout as pause } from 'node:timers/promises';
import type { CallAnswer } from '../../api/calls/callAnswer.js';
import { type ApiClient, ApiRefusal } from '../../client/apiClient.js';
import { progressLine } from '../../terminal/callTable.js';
import { printProgress } from '../../terminal/print.js';
import { whyNotRinging } from '../../terminal/whyNotRinging.js';

/** How long one request waits for the end of the call: a change in between is shown so late at most. */
const waitSeconds = 1;
const retrySeconds = 2;

/**
 * Waits until the call is over, and prints a line on stderr for each change on the way. Goes on while the API
 * is away or busy, once the call is `known` to exist. Throws `ApiRefusal` if the call ends without an
 * outcome.
 */
export async function followCall(api: ApiClient, callId: string, known: boolean): Promise<CallAnswer> {
  printProgress(callId);
  let last = '';
  let before: string | null = null;
  let printed: string | null = null;
  for (let found = known; ; ) {
    let call: CallAnswer;
    try {
      // The first answer comes at once, so that even a short call shows its progress.
      call = await api.get(callId, last === '' ? 0 : waitSeconds);
    } catch (error) {
      if (!found || !(error instanceof ApiRefusal) || !error.isTemporary) throw error;
      await pause(Math.min(Math.max(error.retryAfterSeconds ?? retrySeconds, 1), 60) * 1000);
      continue;
    }
    found = true;
    if (call.outcome !== null) return call;
    if (call.state === 'done') throw new ApiRefusal(call.error ?? `${callId} ended without an outcome.`);
    const line = progressLine(call);
    if (line !== last) printProgress(line);
    last = line;
    // Twice in a row: what lasts a moment only needs no remedy.
    const why = whyNotRinging(call);
    if (why !== null && why === before && why !== printed) {
      printProgress(why);
      printed = why;
    }
    before = why;
  }
}
