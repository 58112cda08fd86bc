import type { Batch } from '../client/ringtrue.js';
import { byWhomAt } from './byWhomAt.js';
import { tableOf } from './tableOf.js';

/** A list of batches, one line for each. */
export function batchesTable(batches: Batch[]): string {
  if (batches.length === 0) return 'No batches.';
  return tableOf(
    ['BATCH', 'STATE', 'TOTAL', 'WAITING', 'RUNNING', 'DONE', 'CREATED', 'NAME'],
    batches.map(({ batchId, state, counts, createdAt, name }) => [
      batchId,
      state,
      ...[counts.total, counts.waiting, counts.running, counts.done].map(String),
      createdAt,
      name ?? '',
    ]),
  );
}

/** Everything about one batch. */
export function batchSheet({
  batchId,
  name,
  state,
  counts,
  window,
  redialOf,
  cancelReason,
  requestedBy,
  controls,
  createdAt,
  endedAt,
}: Batch): string {
  const facts: [string, string | number | null | undefined][] = [
    ['batch', batchId],
    ['name', name],
    ['state', state],
    ['canceled because', cancelReason],
    ['redial of', redialOf && JSON.stringify(redialOf)],
    ['calls', counts.total],
    ['waiting', counts.waiting],
    ['running', `${counts.running} (${window} at most)`],
    ['done', counts.done],
    ...Object.entries(counts.outcomes).map(([outcome, count]): [string, number] => [`  ${outcome}`, count]),
    ['refused', counts.refused],
    ['withdrawn', counts.withdrawn],
    ['requested by', requestedBy],
    ['created', createdAt],
    ...controls.map(({ at, control, by }): [string, string] => [control, byWhomAt(at, by)]),
    ['ended', endedAt],
  ];
  return tableOf(
    ['', ''],
    facts.filter(([, value]) => value != null).map(([what, value]) => [what, String(value)]),
  );
}

/** Where a batch stands, in one line. */
export function batchLine({ batchId, state, counts }: Batch): string {
  const { total, waiting, running, done, refused, withdrawn } = counts;
  const rest = [
    [waiting, 'wait'],
    [running, 'run'],
    [refused, 'refused'],
    [withdrawn, 'withdrawn'],
  ].filter(([count]) => count !== 0);
  return `${batchId} is ${state}: ${[`${done} of ${total} done`, ...rest.map(([count, what]) => `${count} ${what}`)].join(', ')}`;
}
