import { setTimeout as pause } from 'node:timers/promises';
import type { CallsApi } from '../../client/ringtrue.js';
import { printProgress } from '../../terminal/print.js';
import { whyNotRinging } from '../../terminal/whyNotRinging.js';

/** A call that rings is placed within this time, unless something keeps it. */
const looksForMs = 3_000;
const everyMs = 150;

/** Says on stderr why a call that was just placed does not ring, and what to do about it. Never throws. */
export async function hintNotRinging(calls: CallsApi, callId: string): Promise<void> {
  const giveUpAt = Date.now() + looksForMs;
  for (;;) {
    const call = await calls.get(callId).catch(() => null);
    if (call === null) return;
    const why = whyNotRinging(call);
    // A call that is being placed usually rings a moment later.
    const mayStillRing =
      !call.stale && ['looking-up', 'placing'].includes(call.state) && Date.now() < giveUpAt;
    if (!mayStillRing) {
      if (why !== null) printProgress(why);
      return;
    }
    await pause(everyMs);
  }
}
