import type { Forgotten } from '../workflows/callActivities.js';
import type { CallOutcome } from '../workflows/callOutcome.js';
import { sipMeaning, sipUnwanted } from '../workflows/sipResponse.js';
import { callIdTaken } from './callIdTaken.js';
import { fromJournal } from './notClaimed.js';
import type { World } from './world.js';

/**
 * Writes the outcome of a call and, where that is configured, a callee's wish not to be called. Throws while the store
 * is away; the workflow has Temporal try for as long as it takes.
 */
export function recordOutcome({ settings, store, notice }: World) {
  return async ({ outcome, after }: Order): Promise<CallOutcome | Forgotten> => {
    const forgotten = after ? await forgottenBy(outcome, after) : null;
    if (forgotten) return { forgotten };
    const recorded = await store.saveOutcome(outcome);
    if (recorded.to !== outcome.to || recorded.from !== outcome.from) throw callIdTaken(outcome.callId);
    if (settings.consent.suppressOptOuts && hasOptedOut(recorded))
      await store.suppress({
        to: recorded.to,
        reason: `${sipMeaning(sipUnwanted)} (SIP ${sipUnwanted}, call ${recorded.callId})`,
        source: 'opt-out',
        expiresAt: null,
      });
    notice({ kind: 'recorded', outcome: recorded.outcome, decidedBy: recorded.decidedBy });
    return recorded;
  };

  /** What the journal tells of a create that the outcome does not account for; null when there is none, or the call is on record. */
  async function forgottenBy(
    { callId, to, from, attempts }: CallOutcome,
    after: { attempt: number; round: number },
  ): Promise<Forgotten['forgotten'] | null> {
    const later = await store.findLaterDial({ callId, ...after, besides: attempts.map((one) => one.number) });
    if (later === null || (await store.findCallState(callId))?.outcome) return null;
    const { attempt, round, entry } = later;
    return { attempt, round, dialled: fromJournal({ callId, plan: { to, from } }, entry) };
  }
}

interface Order {
  outcome: CallOutcome;
  after?: { attempt: number; round: number };
}

function hasOptedOut({ attempts }: CallOutcome): boolean {
  return attempts.some(({ sipResponseCode }) => sipResponseCode === sipUnwanted);
}
