import type { BatchResult } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';

const rowsPerRead = 1000;

/** The columns of the results, except metadata. */
const columns: [name: string, cell: (result: BatchResult) => string | number | null][] = [
  ['row', ({ row }) => row],
  ['callId', ({ callId }) => callId],
  ['to', ({ to }) => to],
  ['state', ({ state }) => state],
  ['outcome', ({ outcome }) => outcome],
  ['reason', ({ reason }) => reason],
  ['attempts', ({ attempts }) => attempts],
  ['startedAt', ({ startedAt }) => startedAt],
  ['endedAt', ({ endedAt }) => endedAt],
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
  yield csvLine([...columns.map(([name]) => name), ...names]);
  for (let after = 0; ; ) {
    const results = await store.batchResults(batchId, { after, limit: rowsPerRead });
    if (results.length === 0) return;
    yield results.map((result) => csvLine(cellsOf(result, metadataNames))).join('');
    after = results.at(-1)?.row ?? after;
  }
}

function cellsOf(result: BatchResult, metadataNames: string[]): (string | number | null)[] {
  const { metadata } = result;
  const own = columns.map(([, cell]) => cell(result));
  if (metadataNames.length > 0) return [...own, ...metadataNames.map((name) => metadata[name] ?? null)];
  return [...own, Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : null];
}

/** Source: RFC 4180. */
export function csvLine(cells: (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * A cell that spreadsheets take for text: one that looks like a formula gets an apostrophe in front. Phone
 * numbers stay as they are. Source: OWASP, "CSV Injection".
 */
function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const harmless =
    typeof value === 'number' || e164.test(text) || !/^(\s*[=+\-@＝＋－＠]|[\t\r\n])/.test(text);
  const safe = harmless ? text : `'${text}`;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
