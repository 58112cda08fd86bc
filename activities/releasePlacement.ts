import { isTerminal } from '../workflows/rules/twilioStatus.js';
import { ageOf, type SearchDeps, searchAtTwilio } from './findUnclearCall.js';
import type { PlacementWithoutWorkflow } from './store/calls/workflowEnds.js';

/**
 * Ends the time in flight of a placement whose workflow is gone, once that is safe: the Twilio call is over, or
 * Twilio has shown no trace of it for long enough. Until then the placement stays as it is. Throws if Twilio or
 * the store gives no answer. Returns what it found, for the log; null if nothing has changed.
 */
export async function releasePlacement(
  deps: SearchDeps,
  placement: PlacementWithoutWorkflow,
): Promise<string | null> {
  const { store, client, settings } = deps;
  const { callId, attempt, callSid, claimedAt } = placement;
  if (callSid !== null) {
    const { sid, status } = await client.calls(callSid).fetch();
    if (sid !== callSid || !isTerminal(status)) return null;
    await store.markEnded({ callId, attempt, callSid });
    return `Twilio call ${callSid} is over (${status})`;
  }
  const entry = await store.findPlacement(placement);
  if (entry === null || entry.result !== null) return null;
  const seen = await searchAtTwilio(deps, {
    ...placement,
    numbers: [placement.to],
    ageSeconds: ageOf(entry, claimedAt),
    requiredSilenceSeconds: settings.absentAfterSeconds,
  });
  if (seen.kind === 'found') return `found at Twilio: ${seen.callSid}`;
  return seen.kind === 'absent' ? 'Twilio has no trace of the call: it was never made' : null;
}
