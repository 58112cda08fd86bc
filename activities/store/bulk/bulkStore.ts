import type { BulkAction, BulkProgress } from '../../../workflows/bulk/bulkProgress.js';
import type { CallStateName } from '../../../workflows/callOutcome.js';
import type { CallSelection } from '../calls/callStore.js';

/** Bulk operations: which calls they are about, how far they are, and what the calls answered. */
export interface BulkStore {
  /** The unfinished calls of this selection, of which a bulk operation would be. */
  previewBulkOperation(selection: CallSelection): Promise<BulkPreview>;
  /** Stores an operation on the unfinished calls of the selection up to `last`. False if there is one with that id. */
  createBulkOperation(operation: NewBulkOperation): Promise<boolean>;
  /** Removes an operation of which nothing was done. */
  discardBulkOperation(operationId: string): Promise<void>;
  findBulkOperation(operationId: string): Promise<{ progress: BulkProgress; contentHash: string } | null>;
  /** Newest first. `cursor` comes from an earlier page. Throws `InvalidCursor`. */
  listBulkOperations(page: {
    limit: number;
    cursor?: string;
  }): Promise<{ operations: BulkProgress[]; nextCursor: string | null }>;
  /**
   * Takes the next calls to control. Returns the same ones until their results are saved, whatever became of them.
   * Ends the operation if there are none, or if it was stopped. Null: it is over, or there
   * is none.
   */
  nextBulkCalls(operationId: string, limit: number): Promise<BulkCalls | null>;
  /** Counts the results of these calls, unless another execution has. */
  saveBulkResults(operationId: string, calls: BulkCalls, results: readonly BulkResult[]): Promise<void>;
  /** No further call is controlled. Ignored if the operation is over or stopped. */
  stopBulkOperation(stop: { operationId: string; by: string | null }): Promise<void>;
}

export interface BulkPreview {
  /** Unfinished calls. */
  count: number;
  states: Partial<Record<CallStateName, number>>;
  /** Calls of the selection that are over; 10,000 stands for more, too. */
  over: number;
  /** The three newest. */
  sample: { callId: string; to: string | null; state: CallStateName; startedAt: string }[];
  /** The newest: later ones do not belong to the operation. Null if there are none. */
  last: CallPosition | null;
}

/** A place in the sequence of calls by start and id. The time is exact to the microsecond. */
export interface CallPosition {
  startedAt: string;
  callId: string;
}

export interface NewBulkOperation {
  operationId: string;
  action: BulkAction;
  /** As it was requested. */
  requestedFilter: Record<string, string>;
  /** What it meant then. */
  selection: CallSelection;
  reason: string | null;
  requestedBy: string | null;
  contentHash: string;
  expected: number;
  last: CallPosition;
}

export interface BulkCalls {
  action: BulkAction;
  reason: string | null;
  requestedBy: string | null;
  /** Where the operation stood before these calls. */
  after: CallPosition;
  /** At least one. */
  calls: CallPosition[];
}

/** What a call answered. `message`: why not; null when it took the action. */
export interface BulkResult {
  callId: string;
  kind: 'done' | 'refused' | 'failed';
  message: string | null;
}
