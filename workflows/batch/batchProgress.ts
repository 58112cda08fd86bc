import type { ControlUse } from '../callOutcome.js';
import type { Outcome } from '../callRequest.js';

export const batchStates = ['ready', 'running', 'paused', 'canceling', 'canceled', 'done'] as const;
/**
 * Where a batch stands. `ready`: stored, and no worker has taken it up yet. `canceling`: nothing more is started, and
 * what was started comes to its end. `canceled` and `done` are final.
 */
export type BatchState = (typeof batchStates)[number];

export const batchControlNames = ['pause', 'resume', 'cancel'] as const;
export type BatchControlName = (typeof batchControlNames)[number];

/** Each call of a batch is counted once: `total = waiting + running + done + refused + withdrawn`, at any moment. */
export interface BatchCounts {
  total: number;
  /** Not started yet. */
  waiting: number;
  /** Started, and without an outcome yet. */
  running: number;
  /** Has an outcome; the sum of `outcomes`. */
  done: number;
  /** Was not valid any more when it was to start, or its workflow ended without an outcome: the row's `fault` says why. */
  refused: number;
  /** Never started, because the batch was canceled first. */
  withdrawn: number;
  /** Calls done, by outcome; those that nobody had are left out. */
  outcomes: Partial<Record<Outcome, number>>;
}

/** A batch as others see it: what the query `progress` and the API answer, and the result of the workflow. */
export interface BatchProgress {
  batchId: string;
  name: string | null;
  state: BatchState;
  counts: BatchCounts;
  /** At most so many calls of the batch run at a time. */
  window: number;
  /** Which recorded calls it dials again; null: it is no redial. */
  redialOf: RedialQuery | null;
  cancelReason: string | null;
  /** The name of the token of the client that requested the batch; null when the API has no tokens. */
  requestedBy: string | null;
  /** Who paused, resumed and canceled the batch, in order. At most 60 entries. */
  controls: ControlUse<BatchControlName>[];
  /** ISO 8601 UTC. */
  createdAt: string;
  endedAt: string | null;
}

/** Recorded calls that are to be dialed again: all that is named must hold. */
export interface RedialQuery {
  /** Batch id. */
  batch?: string;
  outcome?: Outcome[];
  reachability?: string[];
  to?: string;
  /** RFC 3339, on the start of the call: inclusive. */
  since?: string;
  /** RFC 3339, on the start of the call: exclusive. */
  until?: string;
}

/** Nothing is left to start, and nothing runs. */
export function isOver({ state }: { state: BatchState }): boolean {
  return state === 'done' || state === 'canceled';
}
