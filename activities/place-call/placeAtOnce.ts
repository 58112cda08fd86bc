import { activityInfo } from '@temporalio/activity';
import type { PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import { ofAccount } from '../deps/activityDeps.js';
import { blockedBeforeClaim } from './blockedBeforeClaim.js';
import { claimRequestOf } from './claimPlacement.js';
import { resultFromJournal } from './claimRefusal.js';
import { sendClaimed } from './sendClaimed.js';
import type { PlaceCallDeps } from './sendPlacement.js';

/** Placements of this kind that may be under way: while Twilio hangs, the worker has other calls to accept. */
const maxUnderWay = 50;
/** If Lookup takes longer than this, somebody may have canceled or paused the call meanwhile: only the workflow knows. */
const beginWithinMs = 1_000;
/** Reasons for a refusal that most calls of the account share. For so long after one, the others are not even tried. */
const reasonsOfAccount: string[] = ['paused', 'breaker', 'account-limit', 'rate-limit'];
const pauseAfterRefusalMs = 200;

/**
 * Places the first attempt of a call that was just accepted, if nothing makes it wait: then it needs no task of its own.
 * `startedAt`: when the activity began, by this process's clock, in ms. Null: nothing was sent, and the call takes its place in the
 * dial queue, where everything is looked at again. Never throws.
 *
 * The claim decides, as it does for every placement. If the worker of an earlier execution was lost, the journal says what that
 * one placed, and this one sends nothing.
 */
export function placeAtOnce(
  deps: PlaceCallDeps,
): (input: PlaceCallInput, startedAt: number) => Promise<PlaceCallResult | null> {
  const { settings, store } = deps;
  let underWay = 0;
  /** By account: a SID, or '' for the main one. */
  const pausedUntil = new Map<string, number>();

  return async (input, startedAt) => {
    if (activityInfo().attempt > 1) return placedBefore(input).catch(() => null);
    const now = Date.now();
    const isPaused = now < (pausedUntil.get(input.plan.account?.sid ?? '') ?? 0);
    if (underWay >= maxUnderWay || isPaused || now - startedAt > beginWithinMs) return null;
    underWay++;
    try {
      const result = await claimAndSend(input, startedAt);
      const { account = { name: null } } = input.plan;
      if (result) deps.emit({ kind: 'placement', result: result.kind, by: '', ...ofAccount(account) });
      return result;
    } catch {
      return null;
    } finally {
      underWay--;
    }
  };

  async function placedBefore(input: PlaceCallInput): Promise<PlaceCallResult | null> {
    const entry = await store.findPlacement(input);
    return entry && resultFromJournal(input, entry, await store.databaseNow());
  }

  async function claimAndSend(input: PlaceCallInput, startedAt: number): Promise<PlaceCallResult | null> {
    if (await hasToWait(input)) return null;
    const request = claimRequestOf(settings, input);
    const claim = await store.claimPlacement({ ...request, atOnce: true });
    if (claim.claimed) return sendClaimed(deps, input, claim, startedAt);
    const isOfOneCountry = claim.by === 'breaker' && claim.prefixes !== null;
    if (reasonsOfAccount.includes(claim.by) && !isOfOneCountry)
      pausedUntil.set(input.plan.account?.sid ?? '', Date.now() + pauseAfterRefusalMs);
    return null;
  }

  /** What the claim does not look at. An eligibility server may be slow, so the dial worker asks it. */
  async function hasToWait(input: PlaceCallInput): Promise<boolean> {
    const { notBefore, giveUpAt, eligibilityUrl } = input.plan;
    if (eligibilityUrl !== null || settings.doNotCall.eligibilityUrl !== null) return true;
    const now = await store.databaseNow();
    if (notBefore !== null && Date.parse(notBefore) > now) return true;
    if (giveUpAt !== null && Date.parse(giveUpAt) < now) return true;
    return (await blockedBeforeClaim(deps, input)) !== null;
  }
}
