import { type Fault, show } from '../../../activities/validation/fault.js';
import { bareCell } from './csvRecords.js';

/** The columns of a file. */
export interface Header {
  /** Empty for a column without a name. */
  names: string[];
  /** `path` is a column. */
  faults: Fault[];
}

/** Reads the first line. `nameOf` gives the column that a name means, or null when it means none. */
export function headerOf(cells: string[], nameOf: (name: string) => string | null, expected: string): Header {
  const bare = cells.map(bareCell);
  const names = bare.map((name) => (name === '' ? '' : (nameOf(name) ?? name)));
  const faults = names.flatMap((name, nth): Fault[] => {
    if (name === '') return [];
    if (names.indexOf(name) !== nth) return [{ path: name, message: 'comes twice' }];
    return nameOf(bare[nth] as string) === null
      ? [{ path: name, message: `is an unknown column; must be one of ${expected}` }]
      : [];
  });
  if (!names.includes('to')) faults.push({ path: 'to', message: `is missing; ${whyMissing(bare)}` });
  return { names, faults };
}

function whyMissing(cells: string[]): string {
  const looksLikeRow = cells.some((cell) => /^[+\d][\d\s().-]{5,}$/.test(cell));
  return looksLikeRow
    ? `the first line must name the columns, such as "to", and is ${show(cells.join(', '))}`
    : `the columns are ${show(cells.join(', '))}`;
}

/**
 * The cells of a row by column. Cells that are missing at its end are empty, and empty cells beyond the last column
 * do not count.
 */
export function cellsByColumn(
  cells: string[],
  names: string[],
): { cells: string[] } | { unnamed: number } | { tooMany: number } {
  const last = cells.findLastIndex((cell) => bareCell(cell) !== '');
  if (last >= names.length) return { tooMany: last + 1 };
  const unnamed = names.findIndex((name, nth) => name === '' && bareCell(cells[nth] ?? '') !== '');
  if (unnamed !== -1) return { unnamed };
  return { cells: names.map((_, nth) => cells[nth] ?? '') };
}
