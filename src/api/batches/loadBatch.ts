import { setImmediate as letOthers } from 'node:timers/promises';
import type { BatchDraft } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { checkCallRequest, type RequestContext } from '../../../activities/validation/callRequestSchema.js';
import { canonicalNumber } from '../../../activities/validation/canonicalNumber.js';
import type { Fault } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import { mergeRow } from '../../../activities/validation/mergeRow.js';
import { withoutInvisible } from '../../../activities/validation/withoutInvisible.js';
import { type MomentRules, momentFaults } from '../calls/momentFaults.js';

/** One call of a batch before its check. */
export interface IncomingRow {
  /** From 1. 0 is the header of a CSV file. */
  row: number;
  /** The line of the CSV file, from 1. Null for JSON. */
  line: number | null;
  request: PartialCallRequest;
  /** Faults found before the request itself is checked. */
  faults: Fault[];
  /** The faults are of the file: without this row the rest is no batch either. */
  ofWholeFile?: true;
}

/** A fault of one row. `column` is null for a fault of the whole row. */
export interface RowFault extends Fault {
  row: number;
  column: string | null;
  line?: number;
}

export type LoadResult =
  | { draft: string; total: number; metadataNames: string[]; skipped: SkippedRows }
  | { faults: RowFault[]; totalFaults: number };

/** Rows that were left out on request. */
export interface SkippedRows {
  rows: number;
  /** Why, row by row, up to a limit. */
  faults: RowFault[];
  totalFaults: number;
}

/** What each row is checked against. */
export type BatchContext = RequestContext & { rules: MomentRules };

const maxRows = 1_000_000;
const maxFaults = 100;
/** Rows that are left out are named one by one, so that they can be corrected. */
const maxSkippedFaults = 10_000;
/** With more names the results get one column for all metadata. */
const maxMetadataNames = 100;
const rowsAtOnce = 2_000;
/** Limits the size of one SQL statement. */
const charactersAtOnce = 2_000_000;
/** After so many rows other requests get to run. */
const checkedAtOnce = 200;

/**
 * Checks each row and writes it into a draft in the store as it comes in, so that a million rows are never in
 * memory at once. If any row has a fault, the draft is discarded. With `skipFaultyRows` such rows are left
 * out instead, unless none is left or the fault is one of the whole file.
 */
export async function loadBatch(
  { store, known }: { store: OutcomeStore; known: BatchContext },
  rows: AsyncIterable<IncomingRow>,
  options: BatchDraft & RowOptions,
): Promise<LoadResult> {
  const { unique: _unique, skipFaultyRows: _skip, ...draftOf } = options;
  const draft = await store.createDraft(draftOf);
  let done = false;
  try {
    const checked = await checkRows(known, rows, options, (first, requests) =>
      store.addBatchRows(draft, first, requests),
    );
    const { faults, skipped, skippedRows, total } = checked;
    if (skippedRows > 0 && skippedRows === total && faults.total === 0)
      return { faults: skipped.first.slice(0, maxFaults), totalFaults: skipped.total };
    if (faults.total > 0) return { faults: faults.first, totalFaults: faults.total };
    done = true;
    const { metadataNames } = checked;
    const names = metadataNames.size <= maxMetadataNames ? [...metadataNames] : [];
    return {
      draft,
      total: checked.right,
      metadataNames: names,
      skipped: { rows: skippedRows, faults: skipped.first, totalFaults: skipped.total },
    };
  } finally {
    if (!done) await store.discardDraft(draft);
  }
}

/** How the rows of a batch are checked. */
export interface RowOptions {
  defaults: PartialCallRequest;
  unique: boolean;
  skipFaultyRows: boolean;
}

export interface CheckedRows {
  /** Rows of the file. */
  total: number;
  /** Rows that were handed on. */
  right: number;
  faults: RowFaults;
  skippedRows: number;
  /** Of the rows that were left out. */
  skipped: RowFaults;
  metadataNames: Set<string>;
}

/**
 * Checks each row, and hands the right ones on in portions, `first` being the number of the first one among them.
 * After the first fault of a row that is not left out, nothing more is handed on.
 */
export async function checkRows(
  known: BatchContext,
  rows: AsyncIterable<IncomingRow>,
  options: RowOptions,
  handOn: (first: number, requests: PartialCallRequest[]) => Promise<void>,
): Promise<CheckedRows> {
  const { unique, skipFaultyRows } = options;
  const faults = new RowFaults(maxFaults);
  const skipped = new RowFaults(maxSkippedFaults);
  let skippedRows = 0;
  const metadataNames = new Set(Object.keys(options.defaults.metadata ?? {}));
  const seen = new Map<string, number>();
  let portion: PartialCallRequest[] = [];
  let characters = 0;
  let right = 0;
  let total = 0;
  const flush = async () => {
    if (portion.length > 0) await handOn(right + 1, portion);
    right += portion.length;
    portion = [];
    characters = 0;
  };

  for await (const incoming of rows) {
    const { row } = incoming;
    total = Math.max(total, row);
    if (total > maxRows) {
      faults.add(incoming, [
        { path: '', message: `is one too many; a batch may have at most ${maxRows} calls` },
      ]);
      break;
    }
    const request = withOneSpelling(incoming.request);
    const found = incoming.faults.length > 0 ? incoming.faults : faultsOf(request, options, known);
    const first = unique && typeof request.to === 'string' ? seen.get(request.to) : undefined;
    if (first !== undefined) found.push({ path: 'to', message: `is already the number of row ${first}` });
    const isSkipped = found.length > 0 && skipFaultyRows && !incoming.ofWholeFile;
    (isSkipped ? skipped : faults).add(incoming, found);
    if (isSkipped) skippedRows++;
    else if (typeof request.to === 'string' && unique && first === undefined) seen.set(request.to, row);
    if (total % checkedAtOnce === 0) await letOthers();
    // After the first fault nothing is stored, but the other rows are still checked.
    if (faults.total > 0 || isSkipped) continue;
    for (const name of Object.keys(request.metadata ?? {})) metadataNames.add(name);
    portion.push(request);
    characters += charactersOf(request);
    if (portion.length >= rowsAtOnce || characters >= charactersAtOnce) await flush();
  }
  if (total === 0 && faults.total === 0)
    faults.add({ row: 0, line: null }, [{ path: '', message: 'has no call; at least one is needed' }]);
  if (faults.total === 0) await flush();
  return { total, right, faults, skippedRows, skipped, metadataNames };
}

class RowFaults {
  readonly first: RowFault[] = [];
  total = 0;

  constructor(private readonly most: number) {}

  add({ row, line }: { row: number; line: number | null }, faults: Fault[]): void {
    for (const fault of faults) {
      this.total++;
      if (this.first.length >= this.most) continue;
      const place = line === null ? { row } : { row, line };
      this.first.push({ ...place, column: fault.path === '' ? null : fault.path, ...fault });
    }
  }
}

function faultsOf(own: PartialCallRequest, { defaults }: RowOptions, known: BatchContext): Fault[] {
  const request = mergeRow(defaults, own);
  const checked = checkCallRequest(request, known);
  return ['faults' in checked ? checked.faults : [], momentFaults(request, checked, known.rules)].flat();
}

/** The row with the one spelling of its number, so that the batch shows and compares that one. */
function withOneSpelling(request: PartialCallRequest): PartialCallRequest {
  const { to } = request;
  return typeof to === 'string' ? { ...request, to: canonicalNumber(withoutInvisible(to)) } : request;
}

function charactersOf(request: PartialCallRequest): number {
  let size = 100 + (request.twiml?.length ?? 0) + (request.url?.length ?? 0);
  for (const [name, value] of Object.entries(request.metadata ?? {})) size += name.length + value.length;
  if (request.twilio !== undefined) size += JSON.stringify(request.twilio).length;
  return size;
}
