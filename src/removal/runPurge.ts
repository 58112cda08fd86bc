import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { type PurgeAge, type PurgeCounts, purgedKinds } from '../../activities/store/removal/purge.js';

/** Short enough to hold up nobody: some milliseconds. */
const rowsAtOnce = 500;
const pauseMs = 50;
const answersWithinMs = 5000;
/** A placement counts as in flight for 26 hours at most, and an unclear one is looked for within that time. */
const shortestJournalSeconds = 27 * 3600;

/** Purges step by step, until nothing so old is left or the signal aborts. Returns what was removed. */
export async function runPurge(
  store: OutcomeStore,
  age: PurgeAge,
  { signal, onStep = () => {} }: { signal: AbortSignal; onStep?: (sum: PurgeCounts) => void },
): Promise<PurgeCounts> {
  const sum = Object.fromEntries(purgedKinds.map((kind) => [kind, 0])) as PurgeCounts;
  for (let left = true; left && !signal.aborted; ) {
    const counts = await store.purgeStep(age, rowsAtOnce);
    for (const kind of purgedKinds) sum[kind] += counts[kind];
    onStep(sum);
    left = purgedKinds.some((kind) => counts[kind] > 0);
    if (left) await pause(pauseMs, undefined, { signal, ref: false }).catch(() => {});
  }
  return sum;
}

/** How old each kind must be. What protects a number is kept as long as the limits of this configuration look back. */
export function purgeAge(
  seconds: number,
  limits: { contactsPerNumber: { seconds: number } | null; rememberInvalidSeconds: number },
  temporalSeconds: number | null,
): PurgeAge {
  const journalSeconds = Math.max(
    shortestJournalSeconds,
    limits.contactsPerNumber?.seconds ?? 0,
    limits.rememberInvalidSeconds,
  );
  return { seconds, journalSeconds, temporalSeconds };
}

/** How long Temporal keeps closed workflows, in seconds; null when it cannot be asked. */
export async function retentionOf(temporal: Client): Promise<number | null> {
  const { namespace } = temporal.options;
  const describe = () => temporal.workflowService.describeNamespace({ namespace });
  try {
    const { config } = await temporal.withDeadline(Date.now() + answersWithinMs, describe);
    const seconds = config?.workflowExecutionRetentionTtl?.seconds;
    return seconds === null || seconds === undefined ? null : Number(seconds);
  } catch {
    return null;
  }
}
