import { log } from '@temporalio/activity';
import type { CallAccount } from '../../workflows/callRequest.js';
import type { PlacementJournal } from '../store/placements/placementJournal.js';
import { isNotFound, retryLater, withRefusal } from '../twilio/retryable.js';
import type { TwilioClient } from '../twilio/twilioClient.js';
import { type Account, type AccountSettings, followingAccount } from './account.js';
import type { TwilioClients } from './twilioClients.js';

interface Deps {
  store: Pick<PlacementJournal, 'accountOf'>;
  settings: AccountSettings;
  twilio: TwilioClients;
}

/** Pairs of accounts that the log of this process names already. */
const logged = new Set<string>();
/** How soon a call looks again whether its account is configured. */
const lookAgainSeconds = 15;

/**
 * The client with which a placed call is followed. Throws, and Temporal retries, if the account is not configured: the
 * call shows that, and waits.
 */
export function clientOf(
  deps: Pick<Deps, 'settings' | 'twilio'>,
  type: 'CallNotOver' | 'CallNotSeen',
  account: CallAccount | undefined,
): TwilioClient {
  const found = followingAccount(deps.settings, account);
  if (found !== null) return deps.twilio.of(found);
  throw unreadable(type, notConfigured(account as CallAccount));
}

/** As `clientOf`, for what can do without: null if the account is not configured. */
export function clientIfConfigured(
  { settings, twilio }: Pick<Deps, 'settings' | 'twilio'>,
  account: CallAccount | undefined,
): TwilioClient | null {
  const found = followingAccount(settings, account);
  return found && twilio.of(found);
}

export function notConfigured({ name, sid }: CallAccount): string {
  return `account "${name}" is not configured: ${sid} is not in RINGTRUE_ACCOUNTS. Its calls wait until it is there again`;
}

/**
 * The account to which the journal says that a request went, if it is not the account of the call: the main account was
 * exchanged. Null: it went to the call's own. Throws if no account of that SID is configured: an account knows nothing of a
 * request that went to another one.
 */
export function journaledAccount(
  { settings }: Pick<Deps, 'settings'>,
  type: 'CallNotOver' | 'CallNotSeen',
  { placedBy, expected, what }: { placedBy: string | null; expected: string; what: string },
): Account | null {
  if (placedBy === null || placedBy === expected) return null;
  const other = followingAccount(settings, { sid: placedBy });
  if (other !== null) return other;
  const rest = `but this worker has account ${expected}. Add ${placedBy} to RINGTRUE_ACCOUNTS, or run a worker with TWILIO_ACCOUNT_SID=${placedBy}, until that is settled`;
  const message = `Twilio account ${placedBy} ${what}, ${rest}`;
  // Once, not for each call and each retry: there may be thousands, and every one shows it itself.
  const accounts = `${placedBy} ${expected}`;
  if (!logged.has(accounts)) log.error(`Twilio account ${placedBy} placed calls that are not over, ${rest}`);
  logged.add(accounts);
  throw unreadable(type, message);
}

/**
 * Reads with the client of the call's account; if that account does not know the call, with the client of the account to
 * which the journal says that the create request went. Throws what the read throws.
 */
export async function withClientOf<T>(
  deps: Deps,
  { callSid, account }: { callSid: string; account?: CallAccount },
  read: (client: TwilioClient) => Promise<T>,
): Promise<T> {
  const client = clientOf(deps, 'CallNotOver', account);
  try {
    return await read(client);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const other = journaledAccount(deps, 'CallNotOver', {
      placedBy: await deps.store.accountOf(callSid),
      expected: account?.sid ?? deps.settings.twilio.accountSid,
      what: 'placed this call',
    });
    if (other === null) throw error;
    return read(deps.twilio.of(other));
  }
}

/** The call shows it as a refusal to be read. */
function unreadable(type: 'CallNotOver' | 'CallNotSeen', message: string) {
  const refusal = { code: 20404, httpStatus: 404, message };
  return withRefusal(retryLater(type, message, lookAgainSeconds), refusal);
}
