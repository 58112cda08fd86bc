import type { BatchDryRun, DryRun } from '../client/ringtrue.js';
import { count } from './count.js';

/** What would become of a call. */
export function dryRunSheet({ request, earliestAttemptAt, ...preview }: DryRun): string {
  return [
    earliestAttemptAt === null
      ? `${request.to} would not be called.`
      : `${request.to} would be called at ${earliestAttemptAt} at the earliest.`,
    ...preview.forbiddenBy.map(({ by, message }) => `  forbidden by ${by}: ${message}`),
    ...preview.delayedBy.map(({ by, message }) => `  delayed by ${by}: ${message}`),
    ...preview.unchecked.map(({ message }) => `  ${message}`),
    'Nothing was dialed.',
  ].join('\n');
}

/** What would become of the calls of a batch. */
export function batchDryRunSheet(preview: BatchDryRun): string {
  const { total, faultyRows, faults, totalFaults, forbidden, delayed } = preview;
  return [
    `${count(total, 'row')}: ${faultyRows} with faults, ${forbidden} forbidden, ${delayed} delayed.`,
    ...preview.forbiddenBy.map(
      ({ by, calls, message }) => `  ${count(calls, 'call')} forbidden by ${by}: ${message}`,
    ),
    ...preview.delayedBy.map(
      ({ by, calls, message }) => `  ${count(calls, 'call')} delayed by ${by}: ${message}`,
    ),
    ...faults.map(({ row, path, message }) => `  row ${row}: ${path} ${message}`),
    ...(totalFaults > faults.length ? [`  and ${totalFaults - faults.length} more faults`] : []),
    ...preview.unchecked.map(({ message }) => `  ${message}`),
    'Nothing was started.',
  ].join('\n');
}
