import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import type { NewDoNotCallEntry } from '../../../activities/store/do-not-call/doNotCallList.js';
import { type Fault, show } from '../../../activities/validation/fault.js';
import { parseRfc3339 } from '../../../workflows/rules/rfc3339.js';
import { isNumber } from '../http/queryParameters.js';
import { expiryRule, longestReason, reasonRule } from './doNotCallSchema.js';

/** More than a million numbers with a short reason each. */
export const importLimitBytes = 64 * 1024 * 1024;

const columns = ['to', 'reason', 'expires_at'] as const;
const maxFaults = 100;
const longestRecord = 16_384;

/** The body is longer than an import may be. */
export class ImportTooLarge extends Error {
  override readonly name = 'ImportTooLarge';
}

/**
 * Reads a do-not-call list as CSV in UTF-8, with commas and double quotes. The header names `to` and,
 * optionally, `reason` and `expires_at`, in any order. Returns all entries, or every fault by row and column.
 * Rows count as in a spreadsheet. Empty rows are ignored.
 *
 * Throws `ImportTooLarge` and errors of the connection.
 */
export async function readDoNotCallCsv(
  body: ReadableStream<Uint8Array> | null,
  { now = Date.now(), limitBytes = importLimitBytes } = {},
): Promise<{ entries: NewDoNotCallEntry[] } | { faults: Fault[] }> {
  const entries: NewDoNotCallEntry[] = [];
  const faults = new Faults();
  let header: string[] | null = null;
  let row = 0;
  const takeRow = (cells: string[]) => {
    row += 1;
    if (cells.length === 1 && cells[0] === '') return;
    if (header === null) {
      header = cells;
      faults.add(faultsInHeader(cells));
      // Without known columns no row can be checked.
      if (faults.any) header = [];
    } else if (header.length > 0) {
      const found = faultsInRow(cells, header, now);
      faults.add(found.map((fault) => ({ ...fault, path: `rows.${row}${fault.path}` })));
      if (!faults.any) entries.push(entryOf(cells, header));
    }
  };
  const records = parse({
    relax_column_count: true,
    trim: true,
    max_record_size: longestRecord,
    on_record: (cells: string[]) => {
      takeRow(cells);
      return null;
    },
  });
  try {
    await pipeline(Readable.from(textOf(body, limitBytes)), records.resume());
  } catch (error) {
    if (error instanceof NotUtf8) faults.add([{ path: '', message: 'is not UTF-8; save the file as UTF-8' }]);
    else if (error instanceof CsvError)
      faults.add([{ path: `rows.${row + 1}`, message: whatIsBroken(error) }]);
    else throw error;
  }
  if (header === null && !faults.any)
    faults.add([{ path: 'rows.1', message: `is missing; must be a header: ${columns.join(',')}` }]);
  return faults.any ? { faults: faults.all() } : { entries };
}

class NotUtf8 extends Error {}

async function* textOf(body: ReadableStream<Uint8Array> | null, limitBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (part?: Uint8Array) => {
    try {
      return decoder.decode(part, { stream: part !== undefined });
    } catch {
      throw new NotUtf8();
    }
  };
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > limitBytes) throw new ImportTooLarge();
    yield decode(part);
  }
  yield decode();
}

function faultsInHeader(header: string[]): Fault[] {
  const right = `must be one of ${columns.join(', ')}`;
  const unknown = header.filter((name) => !(columns as readonly string[]).includes(name));
  const twice = columns.filter((name) => header.filter((other) => other === name).length > 1);
  return [
    ...unknown.map((name) => ({
      path: 'rows.1',
      message: `has the column ${show(name)}, which is unknown; ${right}`,
    })),
    ...twice.map((name) => ({ path: 'rows.1', message: `has the column ${name} more than once` })),
    ...(header.includes('to') ? [] : [{ path: 'rows.1', message: 'lacks the column to, the phone number' }]),
  ];
}

/** The path of a fault is within the row: empty, or a column. */
function faultsInRow(cells: string[], header: string[], now: number): Fault[] {
  if (cells.length !== header.length)
    return [
      { path: '', message: `has ${cells.length} columns; must have ${header.length}, like the header` },
    ];
  return header.flatMap((name, index) => {
    const cell = cells[index] ?? '';
    const { right, holds } = cellRules[name as keyof typeof cellRules];
    return holds(cell, now) ? [] : [{ path: `.${name}`, message: `is ${show(cell)}; must be ${right}` }];
  });
}

const cellRules: Record<
  (typeof columns)[number],
  { right: string; holds: (cell: string, now: number) => boolean }
> = {
  to: isNumber,
  reason: { right: reasonRule, holds: (cell) => cell.length <= longestReason },
  expires_at: {
    right: `${expiryRule}, or empty`,
    holds: (cell, now) => cell === '' || Date.parse(parseRfc3339(cell) ?? '') > now,
  },
};

function entryOf(cells: string[], header: string[]): NewDoNotCallEntry {
  const cell = (name: (typeof columns)[number]) => cells[header.indexOf(name)] ?? '';
  return { to: cell('to'), reason: cell('reason'), expiresAt: cell('expires_at') || null };
}

function whatIsBroken({ code }: CsvError): string {
  if (code === 'CSV_MAX_RECORD_SIZE')
    return `is longer than ${longestRecord} characters; perhaps a double quote is not closed`;
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'opens a double quote and never closes it';
  return 'has a double quote in the wrong place; within quotes double it, elsewhere leave it out';
}

/** Keeps the first faults and counts the rest, because a file may have a million of them. */
class Faults {
  readonly #named: Fault[] = [];
  #more = 0;

  get any(): boolean {
    return this.#named.length > 0;
  }

  add(faults: Fault[]): void {
    for (const fault of faults)
      if (this.#named.length < maxFaults) this.#named.push(fault);
      else this.#more += 1;
  }

  all(): Fault[] {
    return this.#more === 0
      ? this.#named
      : [...this.#named, { path: '', message: `has ${this.#more} more faults` }];
  }
}
