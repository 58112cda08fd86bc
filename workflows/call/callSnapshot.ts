import type { Attempt, CallUpdate, ControlUse, LookupEvidence, TimelineEntry } from '../callOutcome.js';
import type { CallPlan } from '../callRequest.js';
import type { Decision } from '../rules/decision.js';
import type { PlannedRetry } from '../rules/retry.js';

/** What a waiting call carries into its next run, when its history has grown long. */
export interface CallSnapshot {
  startedAt: string;
  plan: CallPlan;
  lookup: LookupEvidence | null;
  attempts: Attempt[];
  /** Of the last attempt; null before the first. */
  decision: Decision | null;
  retry: PlannedRetry | null;
  /** The number of the next placement of the attempt that is to be placed. */
  placement: number;
  lastPlacement: { attempt: number; placement: number };
  notifiedRevisions: [attempt: number, revision: number][];
  timeline: TimelineEntry[];
  paused: boolean;
  pauseReason: string | null;
  /** Absent in runs that began before it was kept. */
  controls?: ControlUse[];
  callbacksBeforeAttempt: { attempt: number; update: CallUpdate }[];
}
