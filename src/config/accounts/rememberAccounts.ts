import { setTimeout as pause } from 'node:timers/promises';
import { knownSids, rememberedOf } from '../../../activities/accounts/account.js';
import type { RememberedAccounts } from '../../../activities/store/rememberedAccounts.js';
import type { Log } from '../../process/log.js';
import type { Readiness } from '../../process/readiness.js';
import type { LiveAccounts } from './liveAccounts.js';

/** The file is checked at least this often, whether calls come or not. */
const checkFileMs = 1_000;
/** The store is asked this often what other processes have. */
const askStoreMs = 4_000;
const part = 'accounts';

/**
 * Keeps the accounts of the file in the store, and reads from there which other ones have calls, until the signal aborts. Shows in
 * `readiness` a file that cannot be used, and accounts that are not configured and have calls which are not over. Neither
 * makes the process unready: all other calls go on.
 */
export async function rememberAccounts(
  accounts: LiveAccounts,
  parts: {
    store: RememberedAccounts;
    readiness: Pick<Readiness, 'report' | 'note'>;
    log: Pick<Log, 'error'>;
    signal: AbortSignal;
  },
): Promise<void> {
  const { store, readiness, log, signal } = parts;
  let stored = '';
  let comparedAt = Number.NEGATIVE_INFINITY;
  let lastMissing = '';
  let missing = '';

  async function compareWithStore(): Promise<void> {
    const configured = [...accounts.configured().values()].map(rememberedOf);
    const text = JSON.stringify(configured);
    if (text === stored && performance.now() - comparedAt < askStoreMs) return;
    if (text !== stored) await store.rememberAccounts(configured);
    stored = text;
    accounts.remember(await store.rememberedAccounts());
    comparedAt = performance.now();
    const sids = new Set(configured.map(({ sid }) => sid));
    const others = [...knownSids(accounts)].filter((sid) => !sids.has(sid));
    const withCalls = await store.accountsWithCalls(others);
    const names = [...withCalls].map((sid) => `account "${accounts.remembered().get(sid)?.name}" (${sid})`);
    missing =
      names.length === 0
        ? ''
        : `${names.join(', ')} is not configured and has calls that are not over: they wait until RINGTRUE_ACCOUNTS has it again`;
    if (missing !== lastMissing && missing !== '') log.error(`${missing}.`);
    lastMissing = missing;
  }

  while (!signal.aborted) {
    // While the store is away, its own check says so.
    await compareWithStore().catch(() => {});
    const faults = accounts.faults();
    if (faults.length > 0)
      readiness.note(
        part,
        `RINGTRUE_ACCOUNTS has changed and cannot be used, so the accounts before the change stay: ${faults.join('; ')}`,
      );
    else if (missing !== '') readiness.note(part, missing);
    else if (accounts.path !== null || accounts.remembered().size > 0) readiness.report(part, null);
    await pause(checkFileMs, undefined, { signal, ref: false }).catch(() => {});
  }
}
