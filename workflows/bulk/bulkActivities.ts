import type { BulkProgress } from './bulkProgress.js';

/** What a bulk operation does outside its workflow. Implemented in `activities/`. */
export interface BulkActivities {
  /**
   * Controls the next calls, for so many seconds at a bounded pace. May be executed any number of times, also at the
   * same time: no call is controlled twice, and none is counted twice.
   */
  applyBulkOperation(input: { operationId: string; forSeconds: number }): Promise<BulkProgress>;

  /** Writes down that no further call is controlled. */
  stopBulkOperation(input: { operationId: string; by: string | null }): Promise<void>;
}
