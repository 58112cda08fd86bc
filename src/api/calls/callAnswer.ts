import type { StoredCall } from '../../../activities/store/calls/callStore.js';
import type { WorkflowEnd } from '../../../activities/store/calls/workflowEnds.js';

/** A CallState as the API answers it. */
export interface CallAnswer extends StoredCall {
  /** Why a call that is over has no outcome, and what to do. */
  error?: string;
  /** True if the running call could not be queried: this is its last recorded state. */
  stale?: true;
}

/** A recorded call, with the sentence that says why it has no outcome. */
export function callAnswer(call: StoredCall): CallAnswer {
  const { workflowEnd } = call;
  return workflowEnd === undefined ? call : { ...call, error: whyNoOutcome(workflowEnd) };
}

const endTexts: Record<WorkflowEnd['status'], string> = {
  terminated: 'it was terminated',
  failed: 'it failed',
  'timed-out': 'it timed out',
  canceled: 'it was canceled',
  completed: 'it completed',
  missing: 'Temporal does not have it any more',
};

function whyNoOutcome({ status, at, reason }: WorkflowEnd): string {
  const when = at === null ? '' : ` at ${at}`;
  const why = reason === null ? '' : `: ${reason.replace(/\.$/, '')}`;
  return `The workflow of this call ended without an outcome: ${endTexts[status]}${when}${why}. ${remedyOf(status)}`;
}

function remedyOf(status: WorkflowEnd['status']): string {
  if (status === 'failed')
    return 'Correct what the reason names, and start another call. See docs/operations.md.';
  const found =
    status === 'missing' ? '' : ' To have ringtrue find out, reset the workflow: see docs/operations.md.';
  return `Nobody knows how the call turned out, and ringtrue dials no further attempt.${found} To call the number again, start another call.`;
}
