import type { ForgottenPlacement } from '../workflows/callActivities.js';
import type { CallOutcome } from '../workflows/callOutcome.js';
import { sipMeaning, sipUnwantedCode } from '../workflows/rules/sipResponse.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { callIdTaken, resultFromJournal } from './place-call/claimRefusal.js';

/**
 * Writes the outcome of a call and, where that is configured, a callee's wish not to be called. Throws while the store
 * is away; the workflow has Temporal try for as long as it takes.
 */
export function recordOutcome({ settings, store, emit }: ActivityDeps) {
  return async ({ outcome, after }: RecordOutcomeInput): Promise<CallOutcome | ForgottenPlacement> => {
    const forgotten = after ? await findForgotten(outcome, after) : null;
    if (forgotten) return { forgotten };
    const recorded = await store.saveOutcome(outcome);
    if (recorded.to !== outcome.to || recorded.from !== outcome.from) throw callIdTaken(outcome.callId);
    if (settings.doNotCall.addOptOuts && hasOptedOut(recorded))
      await store.addToDoNotCall({
        to: recorded.to,
        reason: `${sipMeaning(sipUnwantedCode)} (SIP ${sipUnwantedCode}, call ${recorded.callId})`,
        source: 'opt-out',
        expiresAt: null,
      });
    emit({ kind: 'recorded', outcome: recorded.outcome, decidedBy: recorded.decidedBy });
    return recorded;
  };

  /** What the journal tells of a create that the outcome does not account for; null when there is none, or the call is on record. */
  async function findForgotten(
    { callId, to, from, attempts }: CallOutcome,
    after: { attempt: number; placement: number },
  ): Promise<ForgottenPlacement['forgotten'] | null> {
    const laterPlacement = await store.findLaterPlacement({
      callId,
      ...after,
      besides: attempts.map((attempt) => attempt.number),
    });
    if (laterPlacement === null || (await store.findCallState(callId))?.outcome) return null;
    const { attempt, placement, entry } = laterPlacement;
    return { attempt, placement, result: resultFromJournal({ callId, plan: { to, from } }, entry) };
  }
}

interface RecordOutcomeInput {
  outcome: CallOutcome;
  after?: { attempt: number; placement: number };
}

function hasOptedOut({ attempts }: CallOutcome): boolean {
  return attempts.some(({ sipResponseCode }) => sipResponseCode === sipUnwantedCode);
}
