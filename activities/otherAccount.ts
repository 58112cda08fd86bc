import { log } from '@temporalio/activity';
import type { ActivityDeps } from './deps/activityDeps.js';
import { isNotFound, retryLater, withRefusal } from './twilio/retryable.js';
import type { TwilioRestError } from './twilio/twilioRestError.js';

/**
 * The account that is configured now knows nothing of a request that went to another one. The call waits, visibly, for a
 * worker with the right account.
 */
export function otherAccount(
  type: 'CallNotOver' | 'CallNotSeen',
  what: string,
  { placedBy, configured }: { placedBy: string; configured: string },
) {
  const message = `Twilio account ${placedBy} ${what}, but this worker has account ${configured}. Run a worker with TWILIO_ACCOUNT_SID=${placedBy} until that is settled`;
  log.error(message);
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
