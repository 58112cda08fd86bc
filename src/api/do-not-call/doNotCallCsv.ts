import type { CountryCode } from 'libphonenumber-js';
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import type { NewDoNotCallEntry } from '../../../activities/store/do-not-call/doNotCallList.js';
import { type Fault, show } from '../../../activities/validation/fault.js';
import { withoutInvisible } from '../../../activities/validation/withoutInvisible.js';
import { e164 } from '../../../workflows/rules/phoneNumber.js';
import { parseRfc3339 } from '../../../workflows/rules/rfc3339.js';
import { BrokenCsv, bareCell, csvRecords } from '../csv/csvRecords.js';
import { decodedText, UnreadableText } from '../csv/decodedText.js';
import { cellsByColumn } from '../csv/headerOf.js';
import { isNumber } from '../http/queryParameters.js';
import { expiryRule, longestReason, reasonRule } from './doNotCallSchema.js';

/** More than a million numbers with a short reason each. */
export const importLimitBytes = 64 * 1024 * 1024;

const columns = ['to', 'reason', 'expires_at'] as const;
/** An export has these too. An import does not read them. */
const exportedColumns = ['source', 'added_at', 'expired'];
const knownColumns: readonly string[] = [...columns, ...exportedColumns];
const maxFaults = 100;
const longestRecord = 16_384;

/** The body is longer than an import may be. */
export class ImportTooLarge extends Error {
  override readonly name = 'ImportTooLarge';
}

interface ImportOptions {
  now?: number;
  limitBytes?: number;
  /** The encoding that the client names. */
  charset?: string | null;
  /** The country whose national numbers the file has. */
  country?: CountryCode | undefined;
}

/**
 * Reads a do-not-call list as CSV. The header names `to` and, optionally, `reason` and `expires_at`, in any
 * order. With `country` numbers may be national ones, and the file may be that of a registry: no header, and
 * in each row a number in one cell or in several. Returns all entries, or every fault by row and column. Rows
 * count as in a spreadsheet. Empty rows are ignored.
 *
 * Throws `ImportTooLarge` and errors of the connection.
 */
export async function readDoNotCallCsv(
  body: ReadableStream<Uint8Array> | null,
  { now = Date.now(), limitBytes = importLimitBytes, charset = null, country }: ImportOptions = {},
): Promise<{ entries: NewDoNotCallEntry[] } | { faults: Fault[] }> {
  const entries: NewDoNotCallEntry[] = [];
  const faults = new Faults();
  let header: string[] | null = null;
  let row = 0;
  const takeRow = (written: string[]) => {
    row += 1;
    const cells = written.map(bareCell);
    if (cells.every((cell) => cell === '')) return;
    if (header === null && country !== undefined && isRegistryRow(cells)) header = registryHeader;
    if (header === null) {
      header = cells.map((name) => (knownColumns.includes(name.toLowerCase()) ? name.toLowerCase() : name));
      faults.add(faultsInHeader(header));
      // Without known columns no row can be checked.
      if (faults.any) header = [];
    } else if (header.length > 0) {
      const found = header === registryHeader ? { cells: [cells.join('')] } : cellsByColumn(written, header);
      const read = rowOf(found, cells, header, { now, country });
      if ('faults' in read)
        faults.add(read.faults.map((fault) => ({ ...fault, path: `rows.${row}${fault.path}` })));
      else if (!faults.any) entries.push(read.entry);
    }
  };
  try {
    const text = decodedText(limited(body, limitBytes), charset);
    for await (const { cells } of csvRecords(text, { longestRecord })) takeRow(cells);
  } catch (error) {
    if (error instanceof UnreadableText) faults.add([{ path: '', message: error.message }]);
    else if (error instanceof BrokenCsv)
      faults.add([{ path: `rows.${error.record}`, message: error.message }]);
    else throw error;
  }
  if (header === null && !faults.any)
    faults.add([{ path: 'rows.1', message: `is missing; must be a header: ${columns.join(',')}` }]);
  return faults.any ? { faults: faults.all() } : { entries };
}

async function* limited(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > limitBytes) throw new ImportTooLarge();
    yield part;
  }
}

/** The header of files without one. */
const registryHeader = ['to'];

/** Digits only, such as an area code and a number. Source: FTC, "National Do Not Call Registry", flat files. */
function isRegistryRow(cells: string[]): boolean {
  return cells.every((cell) => /^[\d ().-]*$/.test(cell));
}

function faultsInHeader(header: string[]): Fault[] {
  const right = `must be one of ${columns.join(', ')}`;
  const unknown = header.filter((name) => name !== '' && !knownColumns.includes(name));
  const twice = columns.filter((name) => header.filter((other) => other === name).length > 1);
  return [
    ...unknown.map((name) => ({
      path: 'rows.1',
      message: `has the column ${show(name)}, which is unknown; ${right}`,
    })),
    ...twice.map((name) => ({ path: 'rows.1', message: `has the column ${name} more than once` })),
    ...(header.includes('to') ? [] : [{ path: 'rows.1', message: 'lacks the column to, the phone number' }]),
    ...(isRegistryRow(header) || header.some((name) => e164.test(name))
      ? [
          {
            path: 'rows.1',
            message:
              'has a number, and no names of columns; put a line "to" in front. For a file of national numbers, such as that of a registry, name their country instead: ?country=US, or --country US',
          },
        ]
      : []),
  ];
}

interface RowContext {
  now: number;
  country: CountryCode | undefined;
}

/** One row. The path of a fault is within the row: empty, or a column. */
function rowOf(
  found: ReturnType<typeof cellsByColumn>,
  written: string[],
  header: string[],
  { now, country }: RowContext,
): { entry: NewDoNotCallEntry } | { faults: Fault[] } {
  if ('tooMany' in found)
    return {
      faults: [
        { path: '', message: `has ${found.tooMany} columns; must have ${header.length}, like the header` },
      ],
    };
  if ('unnamed' in found)
    return {
      faults: [
        {
          path: '',
          message: `has ${show(written[found.unnamed])} in column ${found.unnamed + 1}, which has no name in the header`,
        },
      ],
    };
  const cell = (name: (typeof columns)[number]) => found.cells[header.indexOf(name)] ?? '';
  const entry = {
    to: inE164(cell('to'), country),
    // What people wrote: invisible characters may join letters there.
    reason: cell('reason').trim(),
    expiresAt: bareCell(cell('expires_at')),
  };
  const faults: Fault[] = [];
  if (!isNumber.holds(entry.to))
    faults.push({
      path: '.to',
      message: `is ${show(cell('to'))}; must be ${isNumber.right}${country === undefined ? '' : `, or a national number of ${country}`}`,
    });
  if (entry.reason.length > longestReason)
    faults.push({ path: '.reason', message: `is ${show(entry.reason)}; must be ${reasonRule}` });
  if (entry.expiresAt !== '' && !(Date.parse(parseRfc3339(entry.expiresAt) ?? '') > now))
    faults.push({
      path: '.expires_at',
      message: `is ${show(entry.expiresAt)}; must be ${expiryRule}, or empty`,
    });
  if (faults.length > 0) return { faults };
  return { entry: { ...entry, to: isNumber.read(entry.to), expiresAt: entry.expiresAt || null } };
}

/** What people write between the digits of a number, in any script of spaces and dashes. */
const betweenDigits = /[\p{Zs}\p{Pd}().]/gu;

/**
 * A number that is written with blanks, dashes and brackets, or a national one of `country`, in E.164; as it came if it is
 * neither. A list may be generous: no number is dialed that it names by mistake.
 */
function inE164(number: string, country: CountryCode | undefined): string {
  const bare = withoutInvisible(number).trim();
  const digits = bare
    .replace(/^('|tel:)/i, '')
    .replace(/^\uFF0B/, '+')
    .replace(betweenDigits, '');
  if (e164.test(digits)) return digits;
  if (country === undefined || !/^\d+$/.test(digits)) return bare;
  const parsed = parsePhoneNumberFromString(digits, { defaultCountry: country, extract: false });
  return parsed?.isPossible() && parsed.country !== undefined ? parsed.number : bare;
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
