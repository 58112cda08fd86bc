import { callRequestSchema } from '../../../activities/validation/callRequestSchema.js';
import { type Fault, show } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import { type TwilioParameter, twilioParameters } from '../../../activities/validation/twilioParameters.js';
import { BrokenCsv, bareCell, csvRecords, type Delimiter } from '../csv/csvRecords.js';
import { cellsByColumn, type Header, headerOf } from '../csv/headerOf.js';
import type { IncomingRow } from './loadBatch.js';

/** Without a limit a quote that is never closed would hold the whole file in memory. */
const longestRowBytes = 64 * 1024;

/**
 * How to read the cells of columns that are not text. An unreadable cell stays text, and the check of the
 * request names it.
 */
const meanings: Record<string, (cell: string) => unknown> = {
  ringTimeoutSeconds: wholeNumber,
  maxDurationSeconds: wholeNumber,
  retry: (cell) => (cell.startsWith('{') ? jsonOr(cell) : cell),
  urgent: yesOrNo,
  priority: wholeNumber,
  allowParallel: yesOrNo,
  notifyOn: words,
  'callingWindow.start': timeOfDay,
  'callingWindow.end': timeOfDay,
  'callingWindow.days': (cell) => words(cell).map(wholeNumber),
  'callingWindow.blockedDates': words,
  ...Object.fromEntries(
    Object.entries(twilioParameters).map(([name, { type }]) => [`twilio.${name}`, meaningOf(type)]),
  ),
};

/** `metadata.NAME`, `callingWindow.…` and `twilio.NAME` are columns of their own. */
const columns = [
  ...Object.keys(callRequestSchema.shape).filter(
    (name) => name !== 'metadata' && name !== 'callingWindow' && name !== 'twilio',
  ),
  ...['timeZone', 'start', 'end', 'days', 'blockedDates'].map((name) => `callingWindow.${name}`),
];
const twilioColumns = Object.keys(twilioParameters).map((name) => `twilio.${name}`);
const columnByLowerCase = new Map([...columns, ...twilioColumns].map((name) => [name.toLowerCase(), name]));
const expected = `${columns.join(', ')}, or metadata.NAME, or twilio.NAME with a parameter of Twilio's create`;

/** Cells whose invisible characters may mean something: what people wrote, and what the callee hears. */
const isFreeText = (column: string) => column === 'twiml' || column.startsWith('metadata.');

/**
 * The rows of a CSV file with a header, one by one as they come in. Ignores empty lines and empty cells. A
 * faulty header or unreadable CSV is yielded as a row with faults, and is the last one. Throws what `text`
 * throws.
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  delimiter: Delimiter | undefined,
): AsyncGenerator<IncomingRow> {
  let head: Header | null = null;
  let row = 0;
  const unnamed = new Set<number>();
  try {
    for await (const { cells, line } of csvRecords(text, { delimiter, longestRecord: longestRowBytes })) {
      if (cells.every((cell) => bareCell(cell) === '')) continue;
      if (head === null) {
        head = headerOf(cells, columnOf, expected);
        if (head.faults.length === 0) continue;
        yield { row: 0, line, request: {}, faults: head.faults, ofWholeFile: true };
        return;
      }
      row++;
      const found = cellsByColumn(cells, head.names);
      if ('cells' in found) yield { row, line, request: requestOf(head.names, found.cells), faults: [] };
      else if ('tooMany' in found)
        yield { row, line, request: {}, faults: [tooMany(found.tooMany, head.names.length)] };
      else if (!unnamed.has(found.unnamed)) {
        // A fault of the first line, and only one, however many rows have text in that column.
        unnamed.add(found.unnamed);
        const text = show(cells[found.unnamed]);
        const message = `has no name, but row ${row} has ${text} in it`;
        const fault = { path: `column ${found.unnamed + 1}`, message };
        yield { row: 0, line: 1, request: {}, faults: [fault], ofWholeFile: true };
      }
    }
    if (head === null)
      yield {
        row: 0,
        line: 1,
        request: {},
        faults: [{ path: '', message: 'is empty; the first line must name the columns' }],
      };
  } catch (error) {
    if (!(error instanceof BrokenCsv)) throw error;
    yield {
      // The header is a record too.
      row: Math.max(row + 1, error.record - 1),
      line: error.line,
      request: {},
      faults: [{ path: '', message: error.message }],
      ofWholeFile: true,
    };
  }
}

function columnOf(name: string): string | null {
  const [, metadata] = /^metadata\.(.+)$/is.exec(name) ?? [];
  return metadata === undefined
    ? (columnByLowerCase.get(name.toLowerCase()) ?? null)
    : `metadata.${metadata}`;
}

function tooMany(cells: number, columnCount: number): Fault {
  return { path: '', message: `has ${cells} cells; must have ${columnCount}, as the first line` };
}

function requestOf(names: string[], cells: string[]): PartialCallRequest {
  const fields = new Map<string, unknown>();
  const inner: Record<string, [string, unknown][]> = { metadata: [], callingWindow: [], twilio: [] };
  for (const [nth, name] of names.entries()) {
    const written = cells[nth] as string;
    const cell = isFreeText(name) ? written : bareCell(written);
    if (cell === '') continue;
    const value = meanings[name]?.(cell) ?? cell;
    const [, object, field] = /^(metadata|callingWindow|twilio)\.(.+)$/s.exec(name) ?? [];
    if (field === undefined) fields.set(name, value);
    else inner[object as string]?.push([field, value]);
  }
  // fromEntries also makes own properties of names such as __proto__.
  for (const [name, entries] of Object.entries(inner))
    if (entries.length > 0) fields.set(name, Object.fromEntries(entries));
  return Object.fromEntries(fields);
}

function meaningOf(type: TwilioParameter['type']): (cell: string) => unknown {
  if (type === 'integer') return wholeNumber;
  if (type === 'boolean') return yesOrNo;
  return type === 'array' ? words : (cell) => cell;
}

function words(cell: string): string[] {
  return cell.split(/[\s,;]+/);
}

/** Spreadsheets write 08:00 as 8:00 or 08:00:00. */
function timeOfDay(cell: string): unknown {
  const [, hour, minute] = /^(\d\d?):(\d\d)(?::00)?$/.exec(cell) ?? [];
  return hour === undefined ? cell : `${hour.padStart(2, '0')}:${minute}`;
}

/** Spreadsheets write TRUE and FALSE. */
function yesOrNo(cell: string): unknown {
  const word = cell.toLowerCase();
  return word === 'true' || word === 'false' ? word === 'true' : cell;
}

function wholeNumber(cell: string): unknown {
  return /^\d{1,9}$/.test(cell) ? Number(cell) : cell;
}

function jsonOr(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
