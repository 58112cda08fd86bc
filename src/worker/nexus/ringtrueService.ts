import * as nexus from 'nexus-rpc';
import type { CallOutcome, CallState } from '../../../workflows/callOutcome.js';
import type { CallRequest } from '../../../workflows/callRequest.js';

export interface CallOperation {
  /**
   * The call id, which is the workflow id: a repeat joins the same call. Without it, the id is made of the id that Temporal
   * gives to the operation.
   */
  callId?: string;
  request: CallRequest;
}

export interface CancelOperation {
  callId: string;
  /** Kept in the outcome. */
  reason?: string;
  /** Who cancels: shown in the outcome. */
  by?: string;
}

/** The Nexus service: calls for workflows of other namespaces. */
export const ringtrueService = nexus.service('ringtrue', {
  /** Places a call. The result is its outcome; canceling the operation cancels the call. */
  call: nexus.operation<CallOperation, CallOutcome>(),
  /** Cancels a call, as `POST /calls/{callId}/cancel` does. */
  cancel: nexus.operation<CancelOperation, { callId: string }>(),
  /** Where a call stands. */
  state: nexus.operation<{ callId: string }, CallState>(),
});
