import type { PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import { placingAccount } from '../accounts/account.js';
import { nextAllowedTime } from '../calling-window/findAllowedTime.js';
import type { ActivityDeps } from '../deps/activityDeps.js';
import { forbiddenDestination } from '../destinations/forbiddenDestination.js';
import { askEligibility } from './askEligibility.js';
import { notYet } from './claimRefusal.js';

type BlockDeps = Pick<ActivityDeps, 'settings' | 'store'>;

/**
 * What blocks a placement now and is not for the database to decide: an account that is not configured, the destination, the
 * calling window and the eligibility URLs. Null: nothing does. A placement that was claimed before is never blocked here, since the claim tells
 * what became of it.
 */
export async function blockedBeforeClaim(
  deps: BlockDeps,
  input: PlaceCallInput,
): Promise<PlaceCallResult | null> {
  const blocked =
    blockedByAccount(deps, input) ??
    blockedByDestination(deps, input) ??
    (await blockedByWindow(deps, input)) ??
    (await blockedByEligibility(deps, input));
  return blocked && !(await wasPlacedBefore(deps, input)) ? blocked : null;
}

/** It may have been taken out while the call waited; or this worker has not read it yet. */
function blockedByAccount({ settings }: BlockDeps, { plan }: PlaceCallInput): PlaceCallResult | null {
  const { account } = plan;
  if (account === undefined || placingAccount(settings, account) !== null) return null;
  return notYet({ by: 'unconfigured-account', ...account });
}

/** Checked again here: the setting may have changed since the request was accepted. */
function blockedByDestination({ settings }: BlockDeps, { plan }: PlaceCallInput): PlaceCallResult | null {
  const forbidden = forbiddenDestination(plan.to, settings.destinations);
  return forbidden && { kind: 'forbidden', forbidden };
}

/** Was this very placement claimed before, or did an earlier one of the attempt turn out to have made a call? */
async function wasPlacedBefore({ store }: BlockDeps, input: PlaceCallInput): Promise<boolean> {
  if ((await store.findPlacement(input)) !== null) return true;
  for (let placement = input.placement - 1; placement > 0; placement--)
    if ((await store.findPlacement({ ...input, placement }))?.callSid) return true;
  return false;
}

/**
 * Is the calling window closed at this moment, by the database's clock? The call may have waited in the queue until after its
 * end.
 */
export async function isOutsideWindow(input: PlaceCallInput, nowMs: number): Promise<boolean> {
  return (await closedWindow(input, nowMs)) !== null;
}

/** By the database's clock: a worker whose clock is wrong must not let a phone ring at night. */
async function blockedByWindow({ store }: BlockDeps, input: PlaceCallInput): Promise<PlaceCallResult | null> {
  const { callingWindow, urgent } = input.plan;
  return callingWindow === null || urgent ? null : closedWindow(input, await store.databaseNow());
}

async function closedWindow(
  { plan, requestedAt }: PlaceCallInput,
  nowMs: number,
): Promise<PlaceCallResult | null> {
  // Never before `requestedAt`: the workflow found the window open then, by Temporal's clock.
  const from = new Date(Math.max(nowMs, Date.parse(requestedAt)));
  const { opensAt } = await nextAllowedTime(plan, from);
  if (opensAt === null) return { kind: 'too-late' };
  return opensAt <= from.toISOString() ? null : notYet({ by: 'calling-window', until: opensAt });
}

async function blockedByEligibility(deps: BlockDeps, input: PlaceCallInput): Promise<PlaceCallResult | null> {
  const nobodyToAsk = deps.settings.doNotCall.eligibilityUrl === null && input.plan.eligibilityUrl === null;
  if (nobodyToAsk) return null;
  return (await blockedByStore(deps, input)) ?? (await blockedByEndpoint(deps, input));
}

/**
 * Spares eligibility endpoints: they are not asked while nothing is dialed anyway, nor about a number that is
 * listed.
 */
async function blockedByStore(
  { settings, store }: BlockDeps,
  input: PlaceCallInput,
): Promise<PlaceCallResult | null> {
  const accountSid = input.plan.account?.sid ?? settings.twilio.accountSid;
  const { to, requestedTo = to } = input.plan;
  const [{ paused, breaker }, ...entries] = await Promise.all([
    store.readDialing({ accountSid }),
    ...[...new Set([to, requestedTo])].map((spelling) => store.findDoNotCall(spelling)),
  ]);
  if (paused !== null) return notYet({ by: 'paused', reason: paused.reason });
  // A breaker that is `trying` lets single calls through. Which ones, the claim decides.
  const { prefixes } = breaker;
  const isHeld = prefixes === null || prefixes.some((prefix) => to.startsWith(prefix));
  if (breaker.state === 'open' && isHeld) return notYet({ by: 'breaker', reason: breaker.reason, prefixes });
  const listed = entries.find((entry) => entry !== null && !entry.expired);
  if (!listed) return null;
  const { reason, source } = listed;
  return { kind: 'forbidden', forbidden: { by: 'do-not-call', reason, source } };
}

async function blockedByEndpoint(deps: BlockDeps, input: PlaceCallInput): Promise<PlaceCallResult | null> {
  const eligibility = await askEligibility(deps, input);
  switch (eligibility.kind) {
    case 'eligible':
      return null;
    case 'refused':
      return { kind: 'forbidden', forbidden: { by: 'not-eligible', reason: eligibility.reason } };
    case 'unknown':
      return notYet({ by: 'eligibility', why: eligibility.why, everyCall: eligibility.everyCall });
  }
}
