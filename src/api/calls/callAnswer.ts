import type { CallState } from '../../../workflows/callOutcome.js';

/** A CallState as the API answers it. */
export interface CallAnswer extends CallState {
  /** Why a call that is over has no outcome: its workflow failed or was terminated. */
  error?: string;
  /** True if the running call could not be queried: this is its last recorded state. */
  stale?: true;
}
