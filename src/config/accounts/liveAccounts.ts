import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import {
  type FurtherAccount,
  type FurtherAccounts,
  rememberedOf,
} from '../../../activities/accounts/account.js';
import type { RememberedAccount } from '../../../activities/store/rememberedAccounts.js';
import type { Log } from '../../process/log.js';
import { fingerprintOf } from '../fingerprintOf.js';
import { type AccountDefaults, readAccounts } from './readAccounts.js';

/** Where the accounts besides the main one come from. */
export interface AccountSource {
  /** `RINGTRUE_ACCOUNTS`; null: there is no file. */
  path: string | null;
  defaults: AccountDefaults;
  /** The accounts that were read at start, by name. */
  atStart: Map<string, FurtherAccount>;
}

/** The accounts besides the main one, as the file has them now. */
export interface LiveAccounts extends FurtherAccounts {
  path: string | null;
  /** What is wrong with the file since its last change. Then the accounts before it are in force. */
  faults(): readonly string[];
  /** Sets what the store remembers. */
  remember(accounts: readonly RememberedAccount[]): void;
}

/**
 * Follows the file of accounts as `livePolicies` follows that of policies: it checks the file at most once within
 * `checkEveryMs`; a faulty change is logged once, with every fault, and the accounts before it stay in force.
 *
 * `secrets`: what the log hides. New secrets are added to it.
 */
export function liveAccounts(
  { path, defaults, atStart }: AccountSource,
  {
    log,
    metrics,
    secrets,
    checkEveryMs = 1000,
  }: { log: Pick<Log, 'info' | 'error'>; metrics: Registry; secrets: string[]; checkEveryMs?: number },
): LiveAccounts {
  let configured: ReadonlyMap<string, FurtherAccount> = atStart;
  let faults: string[] = [];
  // The store is told of those at start before anything else, however long that takes.
  const ownAtStart = [...atStart.values()].map((one) => [one.twilio.accountSid, rememberedOf(one)] as const);
  let remembered: ReadonlyMap<string, RememberedAccount> = new Map(ownAtStart);
  const removed = new Map<string, FurtherAccount>();
  let lastFingerprint: string | null = null;
  let checkedAt = Number.NEGATIVE_INFINITY;
  hideSecrets();

  function hideSecrets(): void {
    for (const secret of secretsOf(configured.values())) if (!secrets.includes(secret)) secrets.push(secret);
  }

  function checkFile(file: string): void {
    const fingerprint = fingerprintOf(file);
    if (fingerprint === lastFingerprint) return;
    lastFingerprint = fingerprint;
    const before = faults;
    const read = readAccounts(file, defaults);
    faults = 'faults' in read ? read.faults : [];
    if ('faults' in read) {
      const what = 'RINGTRUE_ACCOUNTS has changed and cannot be used: the accounts before the change stay.';
      log.error({ faults }, `${what} Correct the file; no restart is needed.`);
      return;
    }
    const changed = JSON.stringify([...read.accounts]) !== JSON.stringify([...configured]);
    takeOut(read.accounts);
    configured = read.accounts;
    hideSecrets();
    const names = [...configured.keys()].join(', ') || 'none';
    if (before.length > 0) log.info(`RINGTRUE_ACCOUNTS is valid again: ${names}.`);
    else if (changed) log.info(`RINGTRUE_ACCOUNTS has changed: ${names}.`);
  }

  function takeOut(next: ReadonlyMap<string, FurtherAccount>): void {
    const stays = new Set([...next.values()].map(({ twilio }) => twilio.accountSid));
    for (const sid of stays) removed.delete(sid);
    for (const account of configured.values())
      if (!stays.has(account.twilio.accountSid)) removed.set(account.twilio.accountSid, account);
  }

  function refresh(): void {
    // The wall clock may be set back.
    const moment = performance.now();
    if (path === null || moment - checkedAt < checkEveryMs) return;
    checkedAt = moment;
    checkFile(path);
  }

  const live: LiveAccounts = {
    path,
    configured() {
      refresh();
      return configured;
    },
    removed() {
      refresh();
      return removed;
    },
    remembered: () => remembered,
    faults() {
      refresh();
      return faults;
    },
    remember(accounts) {
      remembered = new Map([...ownAtStart, ...accounts.map((one) => [one.sid, one] as const)]);
    },
  };
  if (path !== null)
    new Gauge({
      name: 'ringtrue_account_faults',
      help: 'Faults in the file of accounts since its last change; above 0, the accounts before it are in force.',
      registers: [metrics],
      collect() {
        this.set(live.faults().length);
      },
    });
  return live;
}

/** What the log must not show. */
export function secretsOf(accounts: Iterable<FurtherAccount>): string[] {
  return [...accounts].flatMap(({ authTokens, twilio: { username, password } }) => [
    ...authTokens,
    password,
    // As requests to Twilio carry them.
    Buffer.from(`${username}:${password}`).toString('base64'),
  ]);
}
