import type { BatchControlName, BatchProgress } from './batchProgress.js';

/** What a batch asks of the world. Implemented in `activities/`. */
export interface BatchActivities {
  /**
   * Takes the batch one step further: counts what has ended, starts calls until the window is full, and, of a batch
   * that is being canceled, cancels those that run. May be executed any number of times, also at the same time: no row
   * is started twice, and the window is kept.
   */
  feedBatch(input: { batchId: string }): Promise<BatchStep>;

  /** Writes down that the batch is paused, goes on, or is canceled. From then on, no call is started that was not before. */
  controlBatch(input: BatchControl): Promise<BatchProgress>;
}

export interface BatchStep {
  progress: BatchProgress;
  /** Calls that were found to have ended. */
  ended: number;
  /** The step stopped because it took its time, and there is more to do at once. */
  more: boolean;
}

export interface BatchControl {
  batchId: string;
  what: BatchControlName;
  reason: string | null;
  /** The name of the client's token; absent when the API has none, or another Temporal client did it. */
  by?: string | null;
}
