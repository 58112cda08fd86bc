import type { BatchControl } from '../../../workflows/batch/batchActivities.js';
import type { BatchProgress, RedialQuery } from '../../../workflows/batch/batchProgress.js';
import type { CallStateName } from '../../../workflows/callOutcome.js';
import type { CallRequest } from '../../../workflows/callRequest.js';
import type { PartialCallRequest } from '../../validation/mergeRow.js';

/**
 * The batches of the outcome store. A batch comes in as a draft, which nobody sees and of which nothing is dialed, and
 * becomes a batch in one moment. Orders to a batch that is not there do nothing; `batchResults` and `concludeStep` throw
 * `NoSuchBatch`.
 */
export interface BatchStore {
  /** Begins a draft; comes back with its number. Drafts that were left lying for a day are thrown away. */
  createDraft(draft: BatchDraft): Promise<string>;
  /** Adds rows to a draft, numbered from `firstRow`. */
  addBatchRows(draft: string, firstRow: number, requests: readonly PartialCallRequest[]): Promise<void>;
  /** Makes a batch of the draft; false, and the draft stays one, when there is a batch of that id. */
  publishDraft(
    draft: string,
    batch: { batchId: string; total: number; contentHash: string | null; metadataNames: readonly string[] },
  ): Promise<boolean>;
  /** Throws a draft away. */
  discardDraft(draft: string): Promise<void>;

  findBatch(batchId: string): Promise<StoredBatch | null>;
  /** Newest first. `cursor` comes from an earlier page; a broken one throws `InvalidCursor`. */
  listBatches(page: {
    limit: number;
    cursor?: string;
  }): Promise<{ batches: BatchProgress[]; nextCursor: string | null }>;
  /** The rows after row `after`, in their order, and what became of each. */
  batchResults(batchId: string, page: { after: number; limit: number }): Promise<BatchResult[]>;

  /** Writes an order down; one that comes too late, or again, changes nothing. */
  controlBatch(control: BatchControl): Promise<void>;
  /** Counts the rows whose calls have an outcome by now; says how many were new. */
  countEndedRows(batchId: string): Promise<number>;
  /** Gives the next rows their turn: `slice` at most, and only so many that the window is kept; none of a paused or canceled batch. */
  releaseRows(batchId: string, limit: number): Promise<void>;
  /** Rows whose turn it is, and which may or may not have been started. */
  startingRows(batchId: string, limit: number): Promise<StartingRow[]>;
  /** The calls of these rows were started. */
  markStarted(batchId: string, rows: readonly number[]): Promise<void>;
  /** These rows get no outcome. A row whose call has one in the meantime is left alone. */
  refuseRows(batchId: string, refused: readonly { row: number; fault: string }[]): Promise<void>;
  /** Running rows of which nothing was heard for long: whose call never came on record, or takes very long. */
  staleRows(batchId: string, limit: number): Promise<number[]>;
  /** The workflows of these rows were seen to run. */
  markChecked(batchId: string, rows: readonly number[]): Promise<void>;
  /** Of a canceled batch: running rows whose calls were not asked to end yet. */
  rowsToCancel(batchId: string, limit: number): Promise<number[]>;
  markCancelRequested(batchId: string, rows: readonly number[]): Promise<void>;
  /** A worker has looked at the batch; when nothing is left to start and nothing runs, it has ended. Comes back with where it stands. */
  finishStep(batchId: string): Promise<BatchProgress>;

  /**
   * Calls that this query would dial again, in the order of their start: of each number the newest among those that the
   * query speaks of (its outcome and reachability aside), when its outcome and reachability fit, and no later call to that
   * number, whosever, was answered or is still under way. `request` is null when the store never got it.
   */
  redialCandidates(
    query: RedialQuery,
    page: { after: RedialCandidate | null; limit: number },
  ): Promise<RedialCandidate[]>;
}

export interface BatchDraft {
  name: string | null;
  window: number;
  defaults: PartialCallRequest;
  redialOf: RedialQuery | null;
  /** It is to wait for `resume` before anything is dialed. */
  paused: boolean;
}

export interface StoredBatch {
  progress: BatchProgress;
  contentHash: string | null;
  metadataNames: string[];
}

/** A row whose turn it is. `request` is complete: defaults and row, one laid over the other. */
export interface StartingRow {
  row: number;
  callId: string;
  request: CallRequest;
}

export const batchRowStates = ['waiting', 'running', 'done', 'refused', 'withdrawn'] as const;

/** What became of one row. */
export interface BatchResult {
  row: number;
  callId: string;
  to: string;
  state: (typeof batchRowStates)[number];
  /** Of the call while it runs. */
  callState: CallStateName | null;
  outcome: string | null;
  /** Why: the deciding error of the call, or why the row was refused. */
  reason: string | null;
  attempts: number;
  startedAt: string | null;
  endedAt: string | null;
  durationSeconds: number | null;
  answeredBy: string | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  metadata: Record<string, string>;
}

export interface RedialCandidate {
  callId: string;
  to: string;
  startedAt: string;
  request: CallRequest | null;
}

/** There is no batch of this id. */
export class NoSuchBatch extends Error {
  override readonly name = 'NoSuchBatch';
}

/** The id of a batch's call: known before the call is started, so that starting it again starts nothing. */
export function callIdOfRow(batchId: string, row: number): string {
  return `${batchId}-${row}`;
}
