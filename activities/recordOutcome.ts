import { isDeepStrictEqual } from 'node:util';
import type { CallActivities, ForgottenPlacement, RecordOutcomeResult } from '../workflows/callActivities.js';
import type { CallOutcome } from '../workflows/callOutcome.js';
import { sipMeaning, sipUnwantedCode } from '../workflows/rules/sipResponse.js';
import { clientIfConfigured } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { callIdTaken, isBetweenSameNumbers, resultFromJournal } from './place-call/claimRefusal.js';
import { withNotifications } from './twilio/withNotifications.js';

/**
 * Writes the outcome of a call, with what Twilio noted about the call if it was answered, and puts a callee
 * who opted out on the do-not-call list if that is configured. Throws `CallIdTaken`, and while the store is away; then Temporal retries for as long as it
 * takes.
 */
export function recordOutcome(deps: ActivityDeps) {
  const { settings, store, emit } = deps;
  return async ({ outcome, account, after }: RecordOutcomeInput): Promise<RecordOutcomeResult> => {
    const [forgotten, completed] = await Promise.all([
      findForgotten(outcome, after),
      withNotifications(() => clientIfConfigured(deps, account), outcome),
    ]);
    if (forgotten) return { forgotten };
    const recorded = await store.saveOutcome(completed);
    if (!isBetweenSameNumbers(recorded, outcome)) throw callIdTaken(outcome.callId);
    if (settings.doNotCall.addOptOuts && hasOptedOut(recorded)) await addOptOut(recorded);
    emit({
      kind: 'recorded',
      outcome: recorded.outcome,
      decidedBy: recorded.decidedBy,
      ...durationsOf(recorded),
    });
    // Repeated in the workflow's history only if it is not what the workflow knows.
    return { recorded: isDeepStrictEqual(recorded, outcome) ? null : recorded };
  };

  /** In both spellings, so that the list holds also while Lookup cannot be asked. */
  async function addOptOut({ callId, to, requestedTo = to }: CallOutcome): Promise<void> {
    const reason = `${sipMeaning(sipUnwantedCode)} (SIP ${sipUnwantedCode}, call ${callId})`;
    for (const spelling of new Set([to, requestedTo]))
      await store.addToDoNotCall({ to: spelling, reason, source: 'opt-out', expiresAt: null });
  }

  /**
   * A placement in the journal that the outcome does not have. Null when there is none, or an outcome is on
   * record.
   */
  async function findForgotten(
    outcome: CallOutcome,
    after: { attempt: number; placement: number },
  ): Promise<ForgottenPlacement['forgotten'] | null> {
    const { callId, attempts } = outcome;
    const laterPlacement = await store.findLaterPlacement({
      callId,
      ...after,
      besides: attempts.map((attempt) => attempt.number),
    });
    if (laterPlacement === null || (await store.findCallState(callId))?.outcome) return null;
    const { attempt, placement, entry } = laterPlacement;
    const result = resultFromJournal({ callId, plan: outcome }, entry, await store.databaseNow());
    return { attempt, placement, result };
  }
}

type RecordOutcomeInput = Parameters<CallActivities['recordOutcome']>[0];

function durationsOf({ startedAt, endedAt, attempts }: CallOutcome) {
  const secondsUntil = (time: string) => Math.max(0, (Date.parse(time) - Date.parse(startedAt)) / 1000);
  const placedAt = attempts.find((attempt) => attempt.placedAt !== null)?.placedAt ?? null;
  return {
    secondsToPlacement: placedAt === null ? null : secondsUntil(placedAt),
    secondsToOutcome: secondsUntil(endedAt),
  };
}

function hasOptedOut({ attempts }: CallOutcome): boolean {
  return attempts.some(({ sipResponseCode }) => sipResponseCode === sipUnwantedCode);
}
