import { CsvError, parse } from 'csv-parse';
import { show } from '../../../activities/validation/fault.js';
import { withoutInvisible } from '../../../activities/validation/withoutInvisible.js';

/** One record of a CSV file. */
export interface CsvRecord {
  /** Without blanks and invisible characters around each cell that is not quoted. */
  cells: string[];
  /** The line of the file in which it ends, from 1. */
  line: number;
}

const delimiters = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

/** The file cannot be read as CSV from here on. The message completes "The row …". */
export class BrokenCsv extends Error {
  override readonly name = 'BrokenCsv';
  constructor(
    message: string,
    readonly line: number | null,
    /** Which record it is, from 1. Some records before it may not have been given out. */
    readonly record: number,
  ) {
    super(message);
  }
}

/**
 * The records of CSV text, one by one as they come in. Lines may end in LF, CRLF and CR, in one file too. Empty
 * lines are records with one empty cell.
 *
 * Without `delimiter` it is that of a first line `sep=;`, which spreadsheets write and read, else the one of `,`,
 * `;`, tab and `|` that the first line with text has most often. Throws `BrokenCsv`, and what `text` throws.
 */
export async function* csvRecords(
  text: AsyncIterable<string>,
  { delimiter, longestRecord }: { delimiter?: Delimiter | undefined; longestRecord: number },
): AsyncGenerator<CsvRecord> {
  const head = await readHead(text, longestRecord);
  const parser = parse({
    delimiter: delimiter ?? head.delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true,
    trim: true,
    relax_column_count: true,
    max_record_size: longestRecord,
  });
  let stopped = false;
  const feeding = feed(parser, head.text, () => stopped);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>)
      yield { cells: record, line: info.lines + head.offset };
    await feeding;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines + head.offset : null;
    const { records } = error as CsvError & { records?: unknown };
    const record = typeof records === 'number' ? records + 1 : 1;
    throw new BrokenCsv(whyBroken(error, longestRecord), line, record);
  } finally {
    stopped = true;
    parser.destroy();
  }
}

/** A cell that is not free text: without invisible characters, and without blanks at its ends. */
export function bareCell(cell: string): string {
  return withoutInvisible(cell).trim();
}

/** A line `sep=;`, as spreadsheets write it in front of the first line. */
const separatorMarker = /^"?sep=([^\r\n])"?[^\S\r\n]*(\r\n|\n|\r)/i;

async function readHead(text: AsyncIterable<string>, longest: number) {
  const parts = text[Symbol.asyncIterator]();
  let head = '';
  let done = false;
  while (!done && head.length <= longest && !hasHeader(head)) {
    const next = await parts.next();
    if (next.done) done = true;
    else head += next.value;
  }
  const bare = withoutMark(head);
  const [marker = '', separator] = separatorMarker.exec(bare) ?? [];
  const rest = bare.slice(marker.length);
  const delimiter = delimiters.find((one) => one === separator);
  if (separator !== undefined && delimiter === undefined)
    throw new BrokenCsv(
      `names the separator ${show(separator)}, which cannot be read; must be one of , ; | and tab. Save the file with one of them`,
      1,
      1,
    );
  return {
    delimiter: delimiter ?? likeliestDelimiter(rest),
    offset: marker === '' ? 0 : 1,
    text: (async function* () {
      yield rest;
      for (let next = await parts.next(); !next.done; next = await parts.next()) yield next.value;
    })(),
  };
}

/** Is the line that names the columns complete, after a line `sep=;` and empty lines? */
function hasHeader(head: string): boolean {
  const bare = withoutMark(head);
  const [marker = ''] = separatorMarker.exec(bare) ?? [];
  return /[\r\n]/.test(bare.slice(marker.length).trimStart());
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF+/, '');
}

function likeliestDelimiter(text: string): Delimiter {
  const lines = text.replaceAll(/"[^"]*"/g, 'x').split(/[\r\n]/);
  const line = lines.find((one) => one.trim() !== '') ?? '';
  const count = (delimiter: Delimiter) => line.split(delimiter).length;
  return delimiters.reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** The parser's own messages would quote the row. Source: csv-parse, "Errors". */
function whyBroken({ code, message }: CsvError, longestRecord: number): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'opens a quote that is never closed; the rest of the file could not be read';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'has text after a closing quote; double each quote inside a quoted cell. The rest of the file could not be read';
    case 'INVALID_OPENING_QUOTE':
      return 'has a quote inside an unquoted cell; quote the whole cell and double the quotes inside. The rest of the file could not be read';
    case 'CSV_MAX_RECORD_SIZE':
      return `is longer than ${longestRecord} bytes; perhaps a quote is not closed. The rest of the file could not be read`;
    default:
      return `cannot be read (${message})`;
  }
}

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
