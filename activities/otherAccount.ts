import { log } from '@temporalio/activity';
import type { ActivityDeps } from './deps/activityDeps.js';
import { isNotFound, retryLater, withRefusal } from './twilio/retryable.js';
import type { TwilioRestError } from './twilio/twilioRestError.js';

/** Pairs of accounts that the log of this process names already. */
const logged = new Set<string>();

/**
 * The account that is configured now knows nothing of a request that went to another one. The call waits, visibly, for a
 * worker with the right account.
 */
export function otherAccount(
  type: 'CallNotOver' | 'CallNotSeen',
  what: string,
  { placedBy, configured }: { placedBy: string; configured: string },
) {
  const rest = `but this worker has account ${configured}. Run a worker with TWILIO_ACCOUNT_SID=${placedBy} until that is settled`;
  const message = `Twilio account ${placedBy} ${what}, ${rest}`;
  // Once, not for each call and each retry: there may be thousands, and every one shows it itself.
  const accounts = `${placedBy} ${configured}`;
  if (!logged.has(accounts)) log.error(`Twilio account ${placedBy} placed calls that are not over, ${rest}`);
  logged.add(accounts);
  return withRefusal(retryLater(type, message), { code: 20404, httpStatus: 404, message });
}

/** Throws if Twilio does not know the call because another account placed it. */
export async function throwIfOtherAccount(
  { store, settings }: Pick<ActivityDeps, 'store' | 'settings'>,
  callSid: string,
  error: TwilioRestError,
): Promise<void> {
  if (!isNotFound(error)) return;
  const configured = settings.twilio.accountSid;
  const placedBy = await store.accountOf(callSid);
  if (placedBy !== null && placedBy !== configured)
    throw otherAccount('CallNotOver', 'placed this call', { placedBy, configured });
}
