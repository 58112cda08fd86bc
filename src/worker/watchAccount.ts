import { setTimeout as pause } from 'node:timers/promises';
import { type Account, type AccountSettings, configuredAccounts } from '../../activities/accounts/account.js';
import { type ActivityEvent, ofAccount } from '../../activities/deps/activityDeps.js';
import { createTwilioClient } from '../../activities/twilio/twilioClient.js';
import { TwilioRestError } from '../../activities/twilio/twilioRestError.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { retryForever } from '../process/retryForever.js';
import { accountPart, accountParts } from './accountPart.js';

/**
 * Asks Twilio at start whether it accepts the account, and repeats that until it does. The question is for
 * the newest call: it costs nothing, and every key that suits ringtrue may read it. Until Twilio has
 * answered, `readiness` says so, and the worker counts as ready.
 */
export async function watchAccount(
  account: Pick<Account, 'name' | 'twilio'>,
  parts: { readiness: Readiness; emit: (event: ActivityEvent) => void; log: Log; signal: AbortSignal },
): Promise<void> {
  const { readiness, log, signal } = parts;
  const emit = (event: ActivityEvent) => parts.emit({ ...event, ...ofAccount(account) });
  const part = accountPart('twilioAccount', account);
  const whose = account.name === null ? '' : ` for account "${account.name}"`;
  const { calls } = createTwilioClient(account.twilio);
  const ask = () =>
    calls.page({ pageSize: 1 }).catch((error) => {
      // Any other answer says nothing against the account.
      if (!(error instanceof TwilioRestError) || [401, 403].includes(error.error.httpStatus)) throw error;
    });
  let lastTrouble = '';
  const onFailure = (error: unknown, seconds: number) => {
    if (error instanceof TwilioRestError) {
      const { httpStatus, code, message } = error.error;
      return emit({ kind: httpStatus === 401 ? 'account-trouble' : 'reads-refused', code, message });
    }
    const trouble = `Twilio cannot be reached${whose}: ${(error as Error).message}`;
    readiness.note(part, `not known yet: ${trouble}`);
    if (trouble !== lastTrouble) log.warn(`${trouble}. Next try in ${seconds} s.`);
    lastTrouble = trouble;
  };
  readiness.note(part, 'not asked yet');
  try {
    await retryForever(ask, { signal, onFailure });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  emit({ kind: 'reads-ok' });
  emit({ kind: 'account-ok' });
}

type WatchParts = Parameters<typeof watchAccount>[1];

/** How soon a new account is asked about. */
const lookAgainMs = 1_000;

/**
 * Does so for every account that is configured, also for those that come while the process runs, and once more for one
 * whose credentials change. An account that is taken out is shown no more.
 */
export async function watchAccounts(
  settings: AccountSettings,
  parts: WatchParts & { readiness: Pick<Readiness, 'forget'> },
): Promise<void> {
  const { signal, readiness } = parts;
  const known = new Map<string, { account: Account; stop: AbortController }>();
  while (!signal.aborted) {
    const configured = new Map(configuredAccounts(settings).map((one) => [JSON.stringify(one.twilio), one]));
    for (const [key, { account, stop }] of known) {
      if (configured.has(key)) continue;
      stop.abort();
      known.delete(key);
      // Metrics show no trouble of it any more.
      for (const kind of ['account-ok', 'reads-ok'] as const) parts.emit({ kind, ...ofAccount(account) });
      for (const part of accountParts) readiness.forget(accountPart(part, account));
    }
    for (const [key, account] of configured) {
      if (known.has(key)) continue;
      const stop = new AbortController();
      known.set(key, { account, stop });
      void watchAccount(account, { ...parts, signal: AbortSignal.any([signal, stop.signal]) });
    }
    await pause(lookAgainMs, undefined, { signal, ref: false }).catch(() => {});
  }
}
