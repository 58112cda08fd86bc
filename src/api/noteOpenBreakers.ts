import { setTimeout as pause } from 'node:timers/promises';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { Readiness } from '../process/readiness.js';
import type { ApiDependencies } from './http/apiDependencies.js';

const checkEveryMs = 5_000;
const part = 'dialing';

/**
 * Shows in `/readyz` of the API which accounts have an open circuit breaker, and why, until the signal aborts. The API serves
 * all the same: workers are not ready then.
 */
export async function noteOpenBreakers(
  { accountSid, accounts }: Pick<ApiDependencies, 'accountSid' | 'accounts'>,
  parts: {
    store: Pick<OutcomeStore, 'readDialing'>;
    readiness: Pick<Readiness, 'note' | 'forget'>;
    signal: AbortSignal;
  },
): Promise<void> {
  const { store, readiness, signal } = parts;
  const troubleOf = async (whose: string, sid: string) => {
    const { breaker } = await store.readDialing({ accountSid: sid });
    return breaker.state === 'closed' ? [] : [`${whose}The circuit breaker is open: ${breaker.reason}`];
  };
  while (!signal.aborted) {
    const all = [
      troubleOf('', accountSid),
      ...[...accounts.configured()].map(([name, { twilio }]) =>
        troubleOf(`Account "${name}": `, twilio.accountSid),
      ),
    ];
    // While the store is away, its own check says so.
    const troubles = await Promise.all(all).catch(() => null);
    if (troubles !== null && troubles.flat().length > 0) readiness.note(part, troubles.flat().join('; '));
    else if (troubles !== null) readiness.forget(part);
    await pause(checkEveryMs, undefined, { signal, ref: false }).catch(() => {});
  }
}
