import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startChild, uuid4 } from '@temporalio/workflow';
import type { RunningCall } from '../call/runningCall.js';
import type { AttemptEnded, Notification } from '../callActivities.js';
import type { Attempt, CallOutcome } from '../callOutcome.js';
import type { CallPlan, NotifyEvent } from '../callRequest.js';
import { notification } from '../notify/notification.js';

/** Temporal's limit for workflow ids, less room for what is put behind a call's. */
const maxCallIdBytes = 1000 - 40;
/** Temporal's limit for summaries is 400 bytes; a line that a person reads is shorter. */
const maxCallIdInSummary = 80;

/**
 * Notifies the client, if it subscribed, of an attempt after which another one is planned. A late update that changes its
 * outcome is another revision.
 */
export async function notifyAttemptEnded(
  call: RunningCall,
  attempt: Attempt,
  nextAttemptAt: string,
): Promise<void> {
  const { callId, plan, attempts } = call;
  if (!isSubscribed(plan, 'attempt.ended')) return;
  const payload = attemptEnded(call, attempt, { isLast: false, count: attempts.length, nextAttemptAt });
  const revision = payload.revision > 1 ? `.${payload.revision}` : '';
  await startNotification(callId, `attempt-${attempt.number}${revision}`, [
    { callId, url: plan.notifyUrl, type: 'attempt.ended', payload },
  ]);
}

/**
 * Notifies the client, if it subscribed, of the last attempt and then of the outcome: as they are on record, so that
 * nothing is posted that is not kept.
 */
export async function notifyCallEnded(call: RunningCall, outcome: CallOutcome): Promise<void> {
  const { callId, plan } = call;
  const notifications: Notification[] = [];
  const last = outcome.attempts.at(-1);
  if (last && isSubscribed(plan, 'attempt.ended')) {
    const end = { isLast: true, count: outcome.attempts.length, nextAttemptAt: null };
    const payload = attemptEnded(call, last, end);
    notifications.push({ callId, url: plan.notifyUrl, type: 'attempt.ended', payload });
  }
  if (isSubscribed(plan, 'call.ended'))
    notifications.push({ callId, url: plan.notifyUrl, type: 'call.ended', payload: outcome });
  if (notifications.length > 0) await startNotification(callId, 'notification', notifications);
}

function isSubscribed(plan: CallPlan, event: NotifyEvent): plan is CallPlan & { notifyUrl: string } {
  return plan.notifyUrl !== null && plan.notifyOn.includes(event);
}

function attemptEnded(
  call: RunningCall,
  attempt: Attempt,
  end: Pick<AttemptEnded, 'isLast' | 'count' | 'nextAttemptAt'>,
): AttemptEnded {
  const revision = (call.notifiedRevisions.get(attempt.number) ?? 0) + 1;
  call.notifiedRevisions.set(attempt.number, revision);
  return { metadata: call.plan.metadata, ...attempt, ...end, revision };
}

/**
 * Starts a workflow of its own, which goes on whatever becomes of the call. After a reset the one started before goes on. If
 * the call id leaves no room for the name there may be a second one, with the same `webhook-id`s.
 */
async function startNotification(callId: string, name: string, args: Notification[]): Promise<void> {
  await startChild(notification, {
    args,
    workflowId: utf8BytesAtMost(callId) > maxCallIdBytes ? uuid4() : `${callId}:${name}`,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    parentClosePolicy: 'ABANDON',
    staticSummary: `Notifies the client of ${callId.slice(0, maxCallIdInSummary)}`,
  }).catch((error) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}

function utf8BytesAtMost(text: string): number {
  return text.replaceAll(/[^\0-\x7f]/g, '...').length;
}
