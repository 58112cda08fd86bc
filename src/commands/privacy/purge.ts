import { openStore } from '../../../activities/store/openStore.js';
import { type PurgeCounts, purgedKinds } from '../../../activities/store/removal/purge.js';
import { purgeConfiguration } from '../../config/configuration.js';
import { createLog } from '../../process/log.js';
import { stopSignal } from '../../process/stopSignal.js';
import { purgeAge, retentionOf, runPurge } from '../../removal/runPurge.js';
import { lazyClient } from '../../temporal/temporalClient.js';
import { UsageError } from '../../terminal/apiOptions.js';
import { print } from '../../terminal/print.js';
import { tableOf } from '../../terminal/tableOf.js';

const secondsPer: Record<string, number> = { h: 3600, d: 86_400 };

/** `ringtrue purge`: on the database itself. Stops between two steps on a signal. */
export async function purge(options: { olderThan?: string; dryRun: boolean; json: boolean }): Promise<void> {
  const configuration = purgeConfiguration(process.env);
  const seconds = ageIn(options.olderThan, configuration.retentionDays);
  const log = createLog({ level: configuration.logLevel, secrets: configuration.secrets });
  const signal = stopSignal();
  const temporal = lazyClient(configuration.temporal);
  const store = await openStore({ databaseUrl: configuration.databaseUrl }, log);
  try {
    const age = purgeAge(seconds, configuration.limits, await retentionOf(temporal));
    const counts = options.dryRun ? await store.countPurgeable(age) : await runPurge(store, age, { signal });
    print(
      options,
      { dryRun: options.dryRun, olderThanSeconds: seconds, ...counts },
      tableFor(counts, options.dryRun),
    );
  } finally {
    await store.close();
    await temporal.connection.close();
  }
}

function ageIn(olderThan: string | undefined, retentionDays: number | null): number {
  if (olderThan === undefined) {
    if (retentionDays !== null) return retentionDays * (secondsPer.d as number);
    throw new UsageError('purge needs --older-than, such as 90d, or RINGTRUE_RETENTION_DAYS');
  }
  const [, amount, unit = ''] = /^(\d{1,5})([hd])$/.exec(olderThan) ?? [];
  const seconds = Number(amount) * (secondsPer[unit] ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw new UsageError(
    `--older-than is ${JSON.stringify(olderThan)}; must be days or hours, such as 90d or 48h`,
  );
}

const names: Record<keyof PurgeCounts, string> = {
  calls: 'calls with their attempts',
  batchRows: 'rows of batches',
  placements: 'entries of the placement journal',
  deadLetters: 'dead letters',
  invalidNumbers: 'remembered invalid numbers',
  doNotCallRemovals: 'removals from the do-not-call list',
  removedCalls: 'notes of removed calls',
};

function tableFor(counts: PurgeCounts, isDryRun: boolean): string {
  return tableOf(
    [isDryRun ? 'WOULD REMOVE' : 'REMOVED', ''],
    purgedKinds.map((kind) => [names[kind], String(counts[kind])]),
  );
}
