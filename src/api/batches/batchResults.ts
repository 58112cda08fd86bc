import type { BatchResult } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { invalidRequest } from '../http/problem.js';
import { unknownCursor } from '../http/queryParameters.js';
import { batchOf, noSuchBatch, pageOf } from './readBatch.js';

const rowsPerRead = 1000;

/** What stands in each column of the results, metadata aside. */
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
];

/** `GET /batches/{batchId}/results`: what became of each row, page by page. */
export function batchResults(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const page = pageOf(c, { most: 1000, standard: 200 });
    if ('faults' in page) return invalidRequest(c, page.faults);
    const { limit, cursor = '0' } = page;
    if (!/^\d{1,8}$/.test(cursor)) return invalidRequest(c, [unknownCursor(cursor)]);
    const found = await batchOf(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId, counts } = found.progress;
    const results = await tools.store.batchResults(batchId, { after: Number(cursor), limit });
    const last = results.at(-1)?.row ?? counts.total;
    return c.json({ results, nextCursor: last < counts.total ? String(last) : null });
  };
}

/** `GET /batches/{batchId}/results.csv`: what became of each row, all of them, as they stand when they are read. */
export function batchResultsCsv(tools: ApiTools) {
  return async (c: ApiContext): Promise<Response> => {
    const found = await batchOf(tools, c);
    if (found === null) return noSuchBatch(c);
    const { batchId } = found.progress;
    const lines = csvLines(tools.store, batchId, found.metadataNames);
    c.header('Content-Type', 'text/csv; charset=utf-8; header=present');
    c.header('Content-Disposition', `attachment; filename="${batchId.replaceAll(/[^\w.-]/g, '_')}.csv"`);
    // A failure in the middle breaks the answer off, so that nobody takes a part for the whole.
    return c.body(ReadableStream.from(lines).pipeThrough(new TextEncoderStream()));
  };
}

async function* csvLines(store: OutcomeStore, batchId: string, metadataNames: string[]) {
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
 * A cell that is nothing but text to spreadsheets, too: what they would take for a formula gets an apostrophe in front.
 * Phone numbers stay as they are. Source: OWASP, "CSV Injection".
 */
function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const harmless =
    typeof value === 'number' || e164.test(text) || !/^(\s*[=+\-@＝＋－＠]|[\t\r\n])/.test(text);
  const safe = harmless ? text : `'${text}`;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
