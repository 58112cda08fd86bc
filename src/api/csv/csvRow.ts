import { e164 } from '../../../workflows/rules/phoneNumber.js';

/** Spreadsheets read a file as UTF-8 only if it begins with this. */
export const utf8Mark = '\uFEFF';

export type Cell = string | number | null;

/** One line of CSV with its end. Source: RFC 4180. */
export function csvRow(cells: Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** Begins a formula in a spreadsheet, in East Asian width too. Source: OWASP, "CSV Injection". */
const formulaStart = '[=+\\-@＝＋－＠]';
const startsFormula = new RegExp(`^(\\s*${formulaStart}|[\\t\\r\\n])`);
/**
 * A spreadsheet that splits at other characters than commas takes our quotes for text: what follows any of
 * these is a cell of its own there.
 */
const formulaAfterSeparator = new RegExp(`([;\\t|\\r\\n][\\s"]*)(?=${formulaStart})`, 'g');

/**
 * A cell that spreadsheets take for text: an apostrophe stands in front of what looks like a formula, at the
 * beginning and after each character at which a spreadsheet may split. Phone numbers stay as they are.
 */
function csvCell(value: Cell): string {
  const text = value === null ? '' : String(value);
  const harmless = typeof value === 'number' || e164.test(text);
  const safe = harmless
    ? text
    : `${startsFormula.test(text) ? "'" : ''}${text.replaceAll(formulaAfterSeparator, "$1'")}`;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
