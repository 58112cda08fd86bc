import { ApplicationFailure } from '@temporalio/common';
import type { PlaceCallInput, PlaceCallResult, WaitingFor } from '../../workflows/callActivities.js';
import { ofAccount } from '../deps/activityDeps.js';
import { blockedBeforeClaim } from './blockedBeforeClaim.js';
import { claimPlacement } from './claimPlacement.js';
import { claimRefusal, notYet } from './claimRefusal.js';
import { keyedMutex } from './keyedMutex.js';
import { sendClaimed } from './sendClaimed.js';
import type { PlaceCallDeps } from './sendPlacement.js';

/** How long a placement waits here for another one between the same two numbers. */
const maxPairWaitMs = 3_000;

/** Called when a placement enters a stage. Returns what is to be called when the stage ends. */
export type OnStage = () => () => void;

const ignoreStage: OnStage = () => () => {};

/**
 * Creates the call at Twilio.
 *
 * A create request is not idempotent, and Twilio takes no key that would make it so. Therefore each one is
 * claimed in the placement journal before it is sent. A second execution (after a pause, a reset or a lost
 * worker) finds the claim, sends nothing, and returns what the journal knows.
 *
 * `onCheck`: while it looks at what blocks the placement before the claim. `onClaim`: from the claim to the
 * end, while the placement counts in the store. Throws `CallIdTaken`; everything else that can go wrong is a
 * result.
 */
export function placeCall(
  deps: PlaceCallDeps,
  onClaim = ignoreStage,
  onCheck = ignoreStage,
): (input: PlaceCallInput) => Promise<PlaceCallResult> {
  const runExclusive = keyedMutex();

  return async (input) => {
    const startedAt = Date.now();
    const result = await place(input, startedAt);
    await recordHindrance(deps, input, result);
    const { account = { name: null } } = input.plan;
    deps.emit({ kind: 'placement', result: result.kind, by: notPlacedBy(result), ...ofAccount(account) });
    return result;
  };

  async function place(input: PlaceCallInput, startedAt: number): Promise<PlaceCallResult> {
    const { plan } = input;
    try {
      // The call decides by Temporal's clock, so this is no final answer.
      if (plan.giveUpAt !== null && Date.parse(plan.giveUpAt) < (await deps.store.databaseNow()))
        return notYet({ by: 'database-clock', giveUpAt: plan.giveUpAt });
      const endCheck = onCheck();
      const blocked = await blockedBeforeClaim(deps, input).finally(endCheck);
      if (blocked) return blocked;
      // One placement at a time between two numbers: then a call in Twilio's list can belong to this attempt
      // only.
      return await runExclusive(`${plan.from}>${plan.to}`, maxPairWaitMs, () =>
        claimAndSend(deps, input, startedAt, onClaim),
      );
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      // Everything from the create request on returns a result, so this execution sent nothing. Whether
      // another one did is in the journal: the call must repeat this very placement, and not make another one
      // in its place.
      return notYet({ by: 'store', why: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function claimAndSend(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  startedAt: number,
  onClaim: OnStage,
): Promise<PlaceCallResult> {
  const claim = await claimPlacement(deps, input);
  if (!claim.claimed) return claimRefusal(input, claim, await deps.store.databaseNow());
  const endClaim = onClaim();
  return sendClaimed(deps, input, claim, startedAt).finally(endClaim);
}

/** For lists and counts of waiting calls: the result counts, whether or not the store can be told. */
async function recordHindrance(
  { store }: PlaceCallDeps,
  { callId }: PlaceCallInput,
  result: PlaceCallResult,
): Promise<void> {
  const by = hindranceOf(result);
  if (by === null || by === 'store') return;
  const until = result.kind === 'not-yet' && 'until' in result.hindrance ? result.hindrance.until : null;
  await store.recordHindrance({ callId, by, until }).catch(() => {});
}

function hindranceOf(result: PlaceCallResult): WaitingFor | null {
  if (result.kind === 'not-yet') return result.hindrance.by;
  const { kind } = result;
  return kind === 'not-sent' || kind === 'account-trouble' || kind === 'unclear' ? kind : null;
}

/** What hinders or forbids the placement, for the metrics; empty for every other result. */
function notPlacedBy(result: PlaceCallResult) {
  if (result.kind === 'not-yet') return result.hindrance.by;
  return result.kind === 'forbidden' ? result.forbidden.by : '';
}
