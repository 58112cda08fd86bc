import { type CallStateName, callStates } from '../../workflows/callOutcome.js';
import type { CallAccount } from '../../workflows/callRequest.js';
import { type Database, json } from './database/database.js';

/** What the store remembers of a Twilio account that some process had in `RINGTRUE_ACCOUNTS`. */
export interface RememberedAccount extends CallAccount {
  /** Caller id of requests that name none. */
  defaultFrom: string | null;
}

/**
 * The accounts besides the main one that any process ever had. They never leave the store: a call can wait for months, and
 * must not wait unseen because its account was taken out.
 */
export interface RememberedAccounts {
  rememberAccounts(accounts: RememberedAccount[]): Promise<void>;
  /** In the order in which they were last remembered. */
  rememberedAccounts(): Promise<RememberedAccount[]>;
  /** Those of these accounts, by SID, that have a call which is not over. */
  accountsWithCalls(sids: string[]): Promise<Set<string>>;
}

export function rememberedAccountRows(db: Database): RememberedAccounts {
  return {
    async rememberAccounts(accounts) {
      if (accounts.length > 0) await db.query(rememberAccounts, [json(accounts)]);
    },

    async rememberedAccounts() {
      return db.query<RememberedAccount>(rememberedAccounts);
    },

    async accountsWithCalls(sids) {
      if (sids.length === 0) return new Set();
      const rows = await db.query<{ sid: string }>(accountsWithCalls, [sids, unfinished]);
      return new Set(rows.map(({ sid }) => sid));
    },
  };
}

const unfinished: CallStateName[] = callStates.filter((state) => state !== 'done');

const rememberAccounts = `
  insert into further_accounts (account_sid, name, default_from)
  select sid, name, "defaultFrom" from jsonb_to_recordset($1::jsonb) as given (sid text, name text, "defaultFrom" text)
  on conflict (account_sid) do update
    set name = excluded.name, default_from = excluded.default_from, seen_at = clock_timestamp()`;

const rememberedAccounts = `
  select account_sid as sid, name, default_from as "defaultFrom" from further_accounts order by seen_at, account_sid`;

const accountsWithCalls = `
  select account_sid as sid from further_accounts where account_sid = any($1::text[])
    and (exists (select from placements where placements.account_sid = further_accounts.account_sid and ended_at is null
        and claimed_at > clock_timestamp() - longest_in_flight())
      or exists (select from calls where state = any($2::text[]) and request ->> 'account' = further_accounts.name))`;
