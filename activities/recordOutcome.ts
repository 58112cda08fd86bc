import { isDeepStrictEqual } from 'node:util';
import type { CallActivities, ForgottenPlacement, RecordOutcomeResult } from '../workflows/callActivities.js';
import type { CallOutcome } from '../workflows/callOutcome.js';
import { sipMeaning, sipUnwantedCode } from '../workflows/rules/sipResponse.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { callIdTaken, resultFromJournal } from './place-call/claimRefusal.js';

/**
 * Writes the outcome of a call, and puts a callee who opted out on the do-not-call list if that is
 * configured. Throws `CallIdTaken`, and while the store is away; then Temporal retries for as long as it
 * takes.
 */
export function recordOutcome({ settings, store, emit }: ActivityDeps) {
  return async ({ outcome, after }: RecordOutcomeInput): Promise<RecordOutcomeResult> => {
    const forgotten = await findForgotten(outcome, after);
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
    // Repeated in the workflow's history only if it is not what the workflow knows.
    return { recorded: isDeepStrictEqual(recorded, outcome) ? null : recorded };
  };

  /**
   * A placement in the journal that the outcome does not have. Null when there is none, or an outcome is on
   * record.
   */
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

type RecordOutcomeInput = Parameters<CallActivities['recordOutcome']>[0];

function hasOptedOut({ attempts }: CallOutcome): boolean {
  return attempts.some(({ sipResponseCode }) => sipResponseCode === sipUnwantedCode);
}
