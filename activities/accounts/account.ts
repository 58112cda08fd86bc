import type { CallAccount } from '../../workflows/callRequest.js';
import type { DialLimits } from '../store/placements/dialLimits.js';
import type { RememberedAccount } from '../store/rememberedAccounts.js';
import type { TwilioSettings } from '../twilio/twilioClient.js';

/** A Twilio account with all that calls through it go by. */
export interface Account extends Pick<DialLimits, 'callsPerSecond' | 'callsInFlight'> {
  /** Its name in `RINGTRUE_ACCOUNTS`; null: the main account. */
  name: string | null;
  twilio: TwilioSettings;
  /** Caller id of requests that name none. */
  defaultFrom: string | null;
}

/** An account of `RINGTRUE_ACCOUNTS`. */
export interface FurtherAccount extends Account {
  name: string;
  /** Tokens with which Twilio may sign callbacks about its calls. */
  authTokens: string[];
}

/** The accounts besides the main one, as they are at this moment: the file may change while the process runs. */
export interface FurtherAccounts {
  /** Those of the file, by name. */
  configured(): ReadonlyMap<string, FurtherAccount>;
  /** Those that were taken out while this process runs, by SID: what they have placed is still followed with them. */
  removed(): ReadonlyMap<string, FurtherAccount>;
  /** Those that any process ever had, by SID. They may have calls that are not over. */
  remembered(): ReadonlyMap<string, RememberedAccount>;
}

/** For a deployment with one account. */
export const noFurtherAccounts: FurtherAccounts = {
  configured: () => new Map(),
  removed: () => new Map(),
  remembered: () => new Map(),
};

/** The main account, and those besides it. */
export interface AccountSettings extends Omit<Account, 'name'> {
  accounts: FurtherAccounts;
}

export function mainAccount(settings: Omit<AccountSettings, 'accounts'>): Account {
  const { twilio, defaultFrom, callsPerSecond, callsInFlight } = settings;
  return { name: null, twilio, defaultFrom, callsPerSecond, callsInFlight };
}

/** The account that places the call now; null if it is not configured. Absent: the main account. */
export function placingAccount(
  settings: AccountSettings,
  account: Pick<CallAccount, 'sid'> | undefined,
): Account | null {
  const main = mainAccount(settings);
  if (account === undefined || account.sid === main.twilio.accountSid) return main;
  return configuredAccount(settings.accounts, account.sid);
}

/** The account of the file with this SID. */
export function configuredAccount({ configured }: FurtherAccounts, sid: string): FurtherAccount | null {
  for (const one of configured().values()) if (one.twilio.accountSid === sid) return one;
  return null;
}

/** The account with which a call that was placed is followed: also one that was taken out. Null: there is none. */
export function followingAccount(
  settings: AccountSettings,
  account: Pick<CallAccount, 'sid'> | undefined,
): Account | null {
  return (
    placingAccount(settings, account) ??
    (account === undefined ? null : (settings.accounts.removed().get(account.sid) ?? null))
  );
}

/** The main account and all that the file has. */
export function configuredAccounts(settings: AccountSettings): Account[] {
  return [mainAccount(settings), ...settings.accounts.configured().values()];
}

/** Every account besides the main one whose calls may be waiting, configured or not. */
export function knownSids({ configured, removed, remembered }: FurtherAccounts): Set<string> {
  return new Set([
    ...[...configured().values()].map(({ twilio }) => twilio.accountSid),
    ...removed().keys(),
    ...remembered().keys(),
  ]);
}

/**
 * What a request may name: the accounts of the file that the store remembers. The worker that accepts the request may
 * not have read the file yet, and then looks there.
 */
export function namedAccounts(accounts: FurtherAccounts): ReadonlyMap<string, RememberedAccount> {
  const remembered = accounts.remembered();
  return new Map(
    [...accounts.configured()]
      .filter(([, { twilio }]) => remembered.has(twilio.accountSid))
      .map(([name, account]) => [name, rememberedOf(account)]),
  );
}

/**
 * What a request that has been accepted may name: also accounts that only another process has read yet, or that were
 * taken out since then.
 */
export function everNamedAccounts(accounts: FurtherAccounts): ReadonlyMap<string, RememberedAccount> {
  const remembered = [...accounts.remembered().values()].map((one) => [one.name, one] as const);
  const configured = [...accounts.configured()].map(
    ([name, account]) => [name, rememberedOf(account)] as const,
  );
  return new Map([...remembered, ...configured]);
}

export function rememberedOf({ name, twilio, defaultFrom }: FurtherAccount): RememberedAccount {
  return { name, sid: twilio.accountSid, defaultFrom };
}
