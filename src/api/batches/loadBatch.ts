import { setImmediate as letOthers } from 'node:timers/promises';
import type { BatchDraft } from '../../../activities/store/batches/batchStore.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { checkCallRequest, type RequestContext } from '../../../activities/validation/callRequestSchema.js';
import type { Fault } from '../../../activities/validation/fault.js';
import type { PartialCallRequest } from '../../../activities/validation/mergeRow.js';
import { mergeRow } from '../../../activities/validation/mergeRow.js';
import { giveUpAtFaults } from '../calls/startCall.js';

/** One call of a batch before its check. */
export interface IncomingRow {
  /** From 1. 0 is the header of a CSV file. */
  row: number;
  /** The line of the CSV file, from 1. Null for JSON. */
  line: number | null;
  request: PartialCallRequest;
  /** Faults found before the request itself is checked. */
  faults: Fault[];
}

/** A fault of one row. `column` is null for a fault of the whole row. */
export interface RowFault extends Fault {
  row: number;
  column: string | null;
  line?: number;
}

export type LoadResult =
  | { draft: string; total: number; metadataNames: string[] }
  | { faults: RowFault[]; totalFaults: number };

const maxRows = 1_000_000;
const maxFaults = 100;
/** With more names the results get one column for all metadata. */
const maxMetadataNames = 100;
const rowsAtOnce = 2_000;
/** Limits the size of one SQL statement. */
const charactersAtOnce = 2_000_000;
/** After so many rows other requests get to run. */
const checkedAtOnce = 200;

/**
 * Checks each row and writes it into a draft in the store as it comes in, so that a million rows are never in
 * memory at once. If any row has a fault, the draft is discarded.
 */
export async function loadBatch(
  { store, known }: { store: OutcomeStore; known: RequestContext },
  rows: AsyncIterable<IncomingRow>,
  options: BatchDraft & { unique: boolean },
): Promise<LoadResult> {
  const { unique, ...draftOf } = options;
  const draft = await store.createDraft(draftOf);
  const faults = new RowFaults();
  const metadataNames = new Set(Object.keys(options.defaults.metadata ?? {}));
  const seen = new Map<string, number>();
  let batch: PartialCallRequest[] = [];
  let characters = 0;
  let stored = 0;
  let total = 0;
  const flush = async () => {
    if (batch.length > 0) await store.addBatchRows(draft, stored + 1, batch);
    stored += batch.length;
    batch = [];
    characters = 0;
  };

  let done = false;
  try {
    for await (const incoming of rows) {
      const { row, request } = incoming;
      total = Math.max(total, row);
      faults.add(incoming, incoming.faults.length > 0 ? incoming.faults : faultsOf(request, options, known));
      if (total > maxRows) {
        faults.add(incoming, [
          { path: '', message: `is one too many; a batch may have at most ${maxRows} calls` },
        ]);
        break;
      }
      if (unique && typeof request.to === 'string') {
        const first = seen.get(request.to);
        if (first === undefined) seen.set(request.to, row);
        else faults.add(incoming, [{ path: 'to', message: `is already the number of row ${first}` }]);
      }
      if (total % checkedAtOnce === 0) await letOthers();
      // After the first fault nothing is stored, but the other rows are still checked.
      if (faults.total > 0) continue;
      for (const name of Object.keys(request.metadata ?? {})) metadataNames.add(name);
      batch.push(request);
      characters += charactersOf(request);
      if (batch.length >= rowsAtOnce || characters >= charactersAtOnce) await flush();
    }
    if (total === 0 && faults.total === 0)
      faults.add({ row: 0, line: null }, [{ path: '', message: 'has no call; at least one is needed' }]);
    if (faults.total > 0) return { faults: faults.first, totalFaults: faults.total };
    await flush();
    done = true;
    const names = metadataNames.size <= maxMetadataNames ? [...metadataNames] : [];
    return { draft, total, metadataNames: names };
  } finally {
    if (!done) await store.discardDraft(draft);
  }
}

class RowFaults {
  readonly first: RowFault[] = [];
  total = 0;

  add({ row, line }: { row: number; line: number | null }, faults: Fault[]): void {
    for (const fault of faults) {
      this.total++;
      if (this.first.length >= maxFaults) continue;
      const place = line === null ? { row } : { row, line };
      this.first.push({ ...place, column: fault.path === '' ? null : fault.path, ...fault });
    }
  }
}

function faultsOf(own: PartialCallRequest, { defaults }: BatchDraft, known: RequestContext): Fault[] {
  const request = mergeRow(defaults, own);
  const checked = checkCallRequest(request, known);
  return [...('faults' in checked ? checked.faults : []), ...giveUpAtFaults(request)];
}

function charactersOf(request: PartialCallRequest): number {
  let size = 100 + (request.twiml?.length ?? 0) + (request.url?.length ?? 0);
  for (const [name, value] of Object.entries(request.metadata ?? {})) size += name.length + value.length;
  return size;
}
