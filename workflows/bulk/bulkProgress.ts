export const bulkActions = ['cancel', 'retry', 'pause', 'resume'] as const;
export type BulkAction = (typeof bulkActions)[number];

export const bulkStates = ['running', 'stopping', 'stopped', 'done'] as const;
/** Where a bulk operation stands. `stopping`: no further call is controlled. `stopped` and `done` are final. */
export type BulkState = (typeof bulkStates)[number];

/** Why calls refused the action, or why it failed. */
export interface BulkReason {
  kind: 'refused' | 'failed';
  /** In the words of the calls. */
  message: string;
  calls: number;
  /** The first of these calls. */
  callId: string;
}

/** A bulk operation as others see it: what the query `progress` and the API answer, and the result of the workflow. */
export interface BulkProgress {
  operationId: string;
  action: BulkAction;
  /** Which calls, as the filter was requested. */
  filter: Record<string, string>;
  /** Why, for cancel and pause. */
  reason: string | null;
  /** The name of the token of the client that requested it; null when the API has no tokens. */
  requestedBy: string | null;
  state: BulkState;
  /** How many calls the filter showed at the request. */
  expected: number;
  counts: {
    /** Took the action. */
    done: number;
    /** Did not allow it in their state. */
    refused: number;
    /** Could not be reached, or answered with an error. */
    failed: number;
  };
  /** Most calls first. At most 20. */
  reasons: BulkReason[];
  stoppedBy: string | null;
  /** ISO 8601 UTC. */
  createdAt: string;
  endedAt: string | null;
}

/** No further call is controlled, and none is being controlled. */
export function isBulkOver({ state }: { state: BulkState }): boolean {
  return state === 'done' || state === 'stopped';
}
