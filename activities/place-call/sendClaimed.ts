import { setTimeout as sleep } from 'node:timers/promises';
import type { PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import { placingAccount } from '../accounts/account.js';
import type { ClaimResult } from '../store/placements/placementJournal.js';
import { isOutsideWindow } from './blockedBeforeClaim.js';
import { type PlaceCallDeps, sendPlacement } from './sendPlacement.js';
import { certainlyNotSent } from './settlePlacement.js';

/** A create request that starts within this and its HTTP timeout still ends before the activity times out. */
const mustSendWithinMs = 12_000;

export type Claimed = ClaimResult & { claimed: true };

/**
 * Sends a claimed placement at its send time, unless it has become too late for that. `startedAt`: when the activity began, by
 * this process's clock, in ms. Never throws.
 */
export async function sendClaimed(
  deps: PlaceCallDeps,
  input: PlaceCallInput,
  claim: Claimed,
  startedAt: number,
): Promise<PlaceCallResult> {
  const databaseNow = databaseClock(claim);
  if (claim.waitSeconds > 0) await sleep(claim.waitSeconds * 1000);
  const hasWindowClosed = await isOutsideWindow(input, databaseNow());
  // Nothing is awaited between this look at the clock and the create request: a worker that was frozen
  // before it must not dial when the workflow has long gone on without it.
  const tooLate = whyTooLate(input, startedAt, { hasWindowClosed, now: databaseNow() });
  const account = placingAccount(deps.settings, input.plan.account);
  if (tooLate === null && account !== null) return sendPlacement(deps, input, account, databaseNow);
  const why = tooLate ?? 'its account is not configured any more';
  return certainlyNotSent(deps, input, { why, retryAfterSeconds: 0 });
}

/** What time it is by the database's clock, in milliseconds, as the claim told it. */
function databaseClock({ sendAt, waitSeconds }: Claimed): () => number {
  const claimedAt = Date.parse(sendAt) - waitSeconds * 1000;
  const since = performance.now();
  return () => claimedAt + (performance.now() - since);
}

/**
 * Why the placement must not be sent any more, now that it has waited for its claim and its send time. `now`
 * is the database's clock.
 */
function whyTooLate(
  { plan }: PlaceCallInput,
  startedAt: number,
  { hasWindowClosed, now }: { hasWindowClosed: boolean; now: number },
): string | null {
  if (Date.now() - startedAt > mustSendWithinMs) return 'the worker took too long before it could dial';
  if (plan.giveUpAt !== null && Date.parse(plan.giveUpAt) < now)
    return `giveUpAt passed before it could dial: ${plan.giveUpAt}`;
  return hasWindowClosed ? 'the calling window closed before it could dial' : null;
}
