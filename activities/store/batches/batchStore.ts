import type { BatchControl } from '../../../workflows/batch/batchActivities.js';
import type { BatchProgress, RedialQuery } from '../../../workflows/batch/batchProgress.js';
import type { CallStateName, DecidedBy, EndedBecause, Reachability } from '../../../workflows/callOutcome.js';
import type { CallRequest } from '../../../workflows/callRequest.js';
import type { PartialCallRequest } from '../../validation/mergeRow.js';

/**
 * The batches of the outcome store. The rows of a batch are first written to a draft, which no list shows and
 * of which nothing is dialed. Publishing the draft makes it a batch in one statement. Writes to a batch that
 * does not exist change nothing; `batchResults` and `finishStep` throw `NoSuchBatch`.
 */
export interface BatchStore {
  /** Creates a draft and returns its number. Discards drafts that are more than a day old. */
  createDraft(draft: BatchDraft): Promise<string>;
  /** Adds rows to a draft, numbered from `firstRow`. */
  addBatchRows(draft: string, firstRow: number, requests: readonly PartialCallRequest[]): Promise<void>;
  /** Makes the draft a batch. False, and the draft stays, when a batch with that id exists. */
  publishDraft(
    draft: string,
    batch: { batchId: string; total: number; contentHash: string | null; metadataNames: readonly string[] },
  ): Promise<boolean>;
  /** Deletes a draft and its rows. */
  discardDraft(draft: string): Promise<void>;

  findBatch(batchId: string): Promise<StoredBatch | null>;
  /** Newest first. `cursor` comes from an earlier page. Throws `InvalidCursor`. */
  listBatches(page: {
    limit: number;
    cursor?: string;
  }): Promise<{ batches: BatchProgress[]; nextCursor: string | null }>;
  /** The rows after row `after`, by number, and what became of each. */
  batchResults(batchId: string, page: { after: number; limit: number }): Promise<BatchResult[]>;

  /** Pauses, resumes or cancels. A repeat, or one after the end of the batch, changes nothing. */
  controlBatch(control: BatchControl): Promise<void>;
  /** Counts the rows whose calls have an outcome by now. Returns how many were new. */
  countEndedRows(batchId: string): Promise<number>;
  /**
   * Releases the next rows: at most `limit`, never more than the window allows, and none while paused or
   * canceled.
   */
  releaseRows(batchId: string, limit: number): Promise<void>;
  /** Released rows that are not marked as started; none while the batch is paused. After a crash some of them may be started. */
  startingRows(batchId: string, limit: number): Promise<StartingRow[]>;
  /** Marks released rows whose calls were started. */
  markStarted(batchId: string, rows: readonly number[]): Promise<void>;
  /** Marks rows that will get no outcome. A row whose call has one by now stays as it is. */
  refuseRows(batchId: string, refused: readonly { row: number; fault: string }[]): Promise<void>;
  /** Running rows without news: whose call has no record, or takes very long. */
  staleRows(batchId: string, limit: number): Promise<number[]>;
  /** Records that the workflows of these rows still run. */
  markChecked(batchId: string, rows: readonly number[]): Promise<void>;
  /** Running rows of a canceled batch whose calls were not canceled yet. */
  rowsToCancel(batchId: string, limit: number): Promise<number[]>;
  markCancelRequested(batchId: string, rows: readonly number[]): Promise<void>;
  /** Ends the batch if nothing is left to start and nothing runs. Returns its progress. */
  finishStep(batchId: string): Promise<BatchProgress>;

  /**
   * The calls that this query would dial again, by their start. For each number, the newest call in the
   * query's batch and period counts, if its outcome and reachability fit. Leaves out a number with a later
   * call, of any batch, that was answered or is under way. `request` is null when the store never got it.
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
  /** The batch waits for `resume` before anything is dialed. */
  paused: boolean;
  /** The name of the token of the client that requests the batch. */
  requestedBy?: string | null;
}

export interface StoredBatch {
  progress: BatchProgress;
  contentHash: string | null;
  metadataNames: string[];
}

/** A released row. `request` is complete: the row merged over the batch's defaults. */
export interface StartingRow {
  row: number;
  /** The batch is canceled: only what was started before is followed. */
  canceled: boolean;
  callId: string;
  request: CallRequest;
  /** Who requested the batch. */
  requestedBy: string | null;
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
  /** The caller id; null if the call has no outcome and neither the row nor the batch names one. */
  from: string | null;
  reachability: Reachability | null;
  decidedBy: DecidedBy | null;
  /** Of the last attempt. */
  callSid: string | null;
  endedBecause: EndedBecause | null;
  metadata: Record<string, string>;
}

export interface RedialCandidate {
  callId: string;
  to: string;
  startedAt: string;
  request: CallRequest | null;
  /**
   * Why it must not be dialed again: its number refused further calls (SIP 607) in any recorded call, or is on
   * the do-not-call list.
   */
  leftOutBy: 'unwanted' | 'do-not-call' | null;
}

/** There is no batch of this id. */
export class NoSuchBatch extends Error {
  override readonly name = 'NoSuchBatch';
}

/** The call id of a row. It is known before the call is started, so a second start starts nothing. */
export function callIdOfRow(batchId: string, row: number): string {
  return `${batchId}-${row}`;
}
