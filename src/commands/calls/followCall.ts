import { setTimeout as pause } from 'node:timers/promises';
import { type CallState, type CallsApi, NoOutcomeError, ProblemError } from '../../client/ringtrue.js';
import { progressLine } from '../../terminal/callTable.js';
import { printProgress } from '../../terminal/print.js';
import { isTemporary } from '../../terminal/retryWhenBusy.js';
import { whyNotRinging } from '../../terminal/whyNotRinging.js';

/** How long one request waits for the end of the call: a change in between is shown so late at most. */
const waitSeconds = 1;
const retrySeconds = 2;

/**
 * Waits until the call is over, and prints a line on stderr for each change on the way. Goes on while the API
 * is away or busy, once the call is `known` to exist. Throws `NoOutcomeError` if the call ends without an
 * outcome.
 */
export async function followCall(calls: CallsApi, callId: string, known: boolean): Promise<CallState> {
  printProgress(callId);
  let last = '';
  let before: string | null = null;
  let printed: string | null = null;
  for (let found = known; ; ) {
    let call: CallState;
    try {
      // The first answer comes at once, so that even a short call shows its progress.
      call = await calls.get(callId, last === '' ? {} : { waitSeconds });
    } catch (error) {
      if (!found || !isTemporary(error)) throw error;
      const after = error instanceof ProblemError ? error.retryAfterSeconds : null;
      await pause(Math.min(Math.max(after ?? retrySeconds, 1), 60) * 1000);
      continue;
    }
    found = true;
    if (call.outcome !== null) return call;
    if (call.state === 'done') throw new NoOutcomeError(call);
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
