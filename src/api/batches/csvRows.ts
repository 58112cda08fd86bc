import { CsvError, parse } from 'csv-parse';
import { callRequestSchema } from '../../../activities/validation/callRequestSchema.js';
import { type Fault, show } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
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
  'callingWindow.days': (cell) => words(cell).map(wholeNumber),
  'callingWindow.blockedDates': words,
};

/** `metadata.NAME` and `callingWindow.…` are columns of their own. */
const columns = [
  ...Object.keys(callRequestSchema.shape).filter((name) => name !== 'metadata' && name !== 'callingWindow'),
  ...['timeZone', 'start', 'end', 'days', 'blockedDates'].map((name) => `callingWindow.${name}`),
];

interface Header {
  names: string[];
  faults: Fault[];
}

/**
 * The rows of a CSV file with a header, one by one as they come in. Ignores empty lines and empty cells. A
 * faulty header or unreadable CSV is yielded as a row with faults, and is the last one.
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  delimiter: ',' | ';' | '\t',
): AsyncGenerator<IncomingRow> {
  const parser = parse({
    delimiter,
    info: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: longestRowBytes,
  });
  let stopped = false;
  const feeding = feed(parser, text, () => stopped);
  let head: Header | null = null;
  let row = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      const line = info.lines;
      if (head === null) {
        head = headerOf(record);
        if (head.faults.length === 0) continue;
        yield { row: 0, line, request: {}, faults: head.faults };
        return;
      }
      row++;
      yield { row, line, ...requestOf(head.names, record) };
    }
    await feeding;
    if (head === null)
      yield {
        row: 0,
        line: 1,
        request: {},
        faults: [{ path: '', message: 'is empty; the first line must name the columns' }],
      };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield {
      row: row + 1,
      line: typeof error.lines === 'number' ? error.lines : null,
      request: {},
      faults: [{ path: '', message: `${reasons[error.code] ?? `cannot be read (${error.message})`}` }],
    };
  } finally {
    stopped = true;
    parser.destroy();
  }
}

/** The parser's own messages would quote the row. Source: csv-parse, "Errors". */
const reasons: Partial<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed; the rest of the file could not be read',
  CSV_INVALID_CLOSING_QUOTE:
    'has text after a closing quote; double each quote inside a quoted cell. The rest of the file could not be read',
  INVALID_OPENING_QUOTE:
    'has a quote inside an unquoted cell; quote the whole cell and double the quotes inside. The rest of the file could not be read',
  CSV_MAX_RECORD_SIZE: `is longer than ${longestRowBytes} bytes; perhaps a quote is not closed. The rest of the file could not be read`,
};

/**
 * Writes the text to the parser at its pace. Drops text after the parser has stopped. Passes failures on to
 * the parser.
 */
async function feed(
  parser: ReturnType<typeof parse>,
  text: AsyncIterable<string>,
  stopped: () => boolean,
): Promise<void> {
  let goOn = () => {};
  parser.on('drain', () => goOn());
  parser.on('close', () => goOn());
  try {
    for await (const part of text) {
      if (stopped() || parser.destroyed || parser.write(part)) continue;
      await new Promise<void>((resolve) => {
        goOn = resolve;
        if (parser.destroyed) resolve();
      });
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

function headerOf(record: string[]): Header {
  const faults = record.flatMap((name, nth): Fault[] => {
    if (name === '') return [{ path: `column ${nth + 1}`, message: 'has no name' }];
    if (record.indexOf(name) !== nth) return [{ path: name, message: 'comes twice' }];
    if (columns.includes(name) || /^metadata\../.test(name)) return [];
    return [
      { path: name, message: `is an unknown column; must be one of ${columns.join(', ')}, or metadata.NAME` },
    ];
  });
  if (!record.includes('to'))
    faults.push({ path: 'to', message: `is missing; the columns are ${show(record.join(', '))}` });
  return { names: record, faults };
}

function requestOf(names: string[], record: string[]): { request: PartialCallRequest; faults: Fault[] } {
  const faults: Fault[] =
    record.length === names.length
      ? []
      : [{ path: '', message: `has ${record.length} cells; must have ${names.length}, as the first line` }];
  const fields = new Map<string, unknown>();
  const inner = { metadata: [] as [string, unknown][], callingWindow: [] as [string, unknown][] };
  for (const [nth, name] of names.entries()) {
    const cell = record[nth];
    if (cell === undefined || cell === '') continue;
    const value = meanings[name]?.(cell) ?? cell;
    const [, object, field] = /^(metadata|callingWindow)\.(.+)$/s.exec(name) ?? [];
    if (field === undefined) fields.set(name, value);
    else inner[object as keyof typeof inner].push([field, value]);
  }
  // fromEntries also makes own properties of names such as __proto__.
  for (const [name, entries] of Object.entries(inner))
    if (entries.length > 0) fields.set(name, Object.fromEntries(entries));
  return { request: Object.fromEntries(fields), faults };
}

function words(cell: string): string[] {
  return cell.split(/[\s,]+/);
}

function yesOrNo(cell: string): unknown {
  return cell === 'true' || cell === 'false' ? cell === 'true' : cell;
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
