import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { purgedKinds } from '../../activities/store/removal/purge.js';
import type { Log } from '../process/log.js';
import { errorText } from '../temporal/temporalClient.js';
import { purgeAge, retentionOf, runPurge } from './runPurge.js';

const secondsPerDay = 86_400;
/** All processes together. */
const everySeconds = 3600;
const askEveryMs = 60_000;

/** Purges what is older than `RINGTRUE_RETENTION_DAYS`, once an hour, in one of the processes. Ends with the signal. */
export async function watchPurge(parts: {
  store: OutcomeStore;
  temporal: Client;
  retentionDays: number;
  limits: Parameters<typeof purgeAge>[1];
  log: Pick<Log, 'info' | 'warn'>;
  signal: AbortSignal;
}): Promise<void> {
  const { store, temporal, retentionDays, limits, log, signal } = parts;
  while (!signal.aborted) {
    try {
      if (await store.takePurge(everySeconds)) {
        const age = purgeAge(retentionDays * secondsPerDay, limits, await retentionOf(temporal));
        const counts = await runPurge(store, age, { signal });
        if (purgedKinds.some((kind) => counts[kind] > 0))
          log.info(counts, `Purged what is older than RINGTRUE_RETENTION_DAYS (${retentionDays}).`);
      }
    } catch (error) {
      log.warn(`Could not purge old calls: ${errorText(error)}. ringtrue tries again within the hour.`);
    }
    await pause(askEveryMs * (0.75 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
  }
}
