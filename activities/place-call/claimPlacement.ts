import { setTimeout as sleep } from 'node:timers/promises';
import type { PlaceCallInput } from '../../workflows/callActivities.js';
import type { CallPlan } from '../../workflows/callRequest.js';
import { maxQueueSeconds } from '../../workflows/rules/twilioStatus.js';
import { configuredAccount, type FurtherAccounts } from '../accounts/account.js';
import type { ActivityDeps } from '../deps/activityDeps.js';
import type { CallRules } from '../deps/activitySettings.js';
import { dialLimitsOf } from '../store/placements/dialLimits.js';
import type { ClaimRequest, ClaimResult, PlacementKey } from '../store/placements/placementJournal.js';
import type { TwilioSettings } from '../twilio/twilioClient.js';

/** A send time this near is waited for here. For a later one the call goes back to the queue. */
const sendWithinSeconds = 3;
/**
 * How long a placement waits here for another claim between the same two numbers, or for a call of the
 * account, to end.
 */
const maxClaimWaitMs = 3_000;
/** For workers and a store that are away when a search would have ended. */
const searchDelaySeconds = 3600;

/**
 * How long the search for the call of an unclear placement may last: to the last moment at which Twilio can
 * hold the call, and then as long as the call waits for a final status.
 */
function longestSearchSeconds({ timeouts }: Pick<CallPlan, 'timeouts'>): number {
  return maxQueueSeconds + timeouts.decideWithinSeconds;
}

/** Claims a placement. Tries again for a moment while what stands in the way may end within seconds. */
export async function claimPlacement(
  { settings, store }: Pick<ActivityDeps, 'settings' | 'store'>,
  input: PlaceCallInput,
): Promise<ClaimResult> {
  const request = claimRequestOf(settings, input);
  const deadline = Date.now() + maxClaimWaitMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const claim = await store.claimPlacement(request);
    const mayClearSoon = !claim.claimed && (claim.by === 'pair-in-progress' || claim.by === 'account-limit');
    if (!mayClearSoon || Date.now() + pauseMs > deadline) return claim;
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}

/** What a claim goes by. `twilio` is the main account. */
export interface ClaimSettings extends CallRules {
  twilio: Pick<TwilioSettings, 'accountSid'>;
  accounts: FurtherAccounts;
}

/** What the store is asked for a placement. */
export function claimRequestOf(
  settings: ClaimSettings,
  { callId, attempt, placement, plan, lookupSaysValid }: Omit<PlaceCallInput, 'requestedAt'>,
): PlacementKey & ClaimRequest {
  const { account } = plan;
  const own = account === undefined ? null : configuredAccount(settings.accounts, account.sid);
  return {
    callId,
    attempt,
    placement,
    accountSid: account?.sid ?? settings.twilio.accountSid,
    to: plan.to,
    requestedTo: plan.requestedTo,
    from: plan.from,
    // While a search goes on, a second call between the numbers could be taken for the first one's.
    abandonedAfterSeconds: longestSearchSeconds(plan) + searchDelaySeconds,
    limits: dialLimitsOf({ ...settings, ...own }),
    parallel: plan.allowParallel,
    rememberInvalidSeconds: settings.rememberInvalidSeconds,
    // A client that switches Lookup off knows better than an older Lookup. A refused create still counts.
    lookupSaysValid: lookupSaysValid || plan.lookup === 'off',
    sendWithinSeconds,
  };
}
