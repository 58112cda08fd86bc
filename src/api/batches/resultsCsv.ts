import type { BatchResult } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { type Cell, csvRow, utf8Mark } from '../csv/csvRow.js';

const rowsPerRead = 1000;

/** The columns of the results, except metadata. */
const columns: [name: string, cell: (result: BatchResult) => Cell][] = [
  ['row', ({ row }) => row],
  ['callId', ({ callId }) => callId],
  ['to', ({ to }) => to],
  ['state', ({ state }) => state],
  ['outcome', ({ outcome }) => outcome],
  ['reason', ({ reason }) => reason],
  ['attempts', ({ attempts }) => attempts],
  ['startedAt', ({ startedAt }) => toMilliseconds(startedAt)],
  ['endedAt', ({ endedAt }) => toMilliseconds(endedAt)],
  ['durationSeconds', ({ durationSeconds }) => durationSeconds],
  ['answeredBy', ({ answeredBy }) => answeredBy],
  ['errorCode', ({ errorCode }) => errorCode],
  ['sipResponseCode', ({ sipResponseCode }) => sipResponseCode],
  ['from', ({ from }) => from],
  ['reachability', ({ reachability }) => reachability],
  ['decidedBy', ({ decidedBy }) => decidedBy],
  ['callSid', ({ callSid }) => callSid],
  ['endedBecause', ({ endedBecause }) => endedBecause && `${endedBecause.code}: ${endedBecause.message}`],
];

/** The results of all rows as CSV, line by line. Metadata becomes columns named `metadata.NAME`. */
export async function* resultsCsv(
  store: OutcomeStore,
  batchId: string,
  metadataNames: string[],
): AsyncGenerator<string> {
  const names = metadataNames.length > 0 ? metadataNames.map((name) => `metadata.${name}`) : ['metadata'];
  yield utf8Mark + csvRow([...columns.map(([name]) => name), ...names]);
  for (let after = 0; ; ) {
    const results = await store.batchResults(batchId, { after, limit: rowsPerRead });
    if (results.length === 0) return;
    yield results.map((result) => csvRow(cellsOf(result, metadataNames))).join('');
    after = results.at(-1)?.row ?? after;
  }
}

function cellsOf(result: BatchResult, metadataNames: string[]): Cell[] {
  const { metadata } = result;
  const own = columns.map(([, cell]) => cell(result));
  if (metadataNames.length > 0) return [...own, ...metadataNames.map((name) => metadata[name] ?? null)];
  return [...own, Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : null];
}

/** Times of running calls come with microseconds, those of outcomes do not. A column has one form. */
function toMilliseconds(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
