import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startChild, uuid4, type Workflow } from '@temporalio/workflow';
import type { AttemptEnded, Notification } from './callActivities.js';
import type { Attempt, CallOutcome } from './callOutcome.js';
import type { CallPlan, NotifyEvent } from './callRequest.js';
import { notification } from './notification.js';
import type { RunningCall } from './runningCall.js';

/** Temporal's limit for workflow ids, and room for what is put behind a call's. */
const longestCallIdBytes = 1000 - 40;
/** Temporal takes summaries of 400 bytes. */
const longestSummaryPart = 80;

/**
 * Tells the caller, if it asked for that, that an attempt is over after which another one is planned. A late word of
 * Twilio's that changes its outcome makes it be told once more, as another revision.
 */
export async function tellOfAttempt(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  nextAttemptAt: string,
): Promise<void> {
  if (!wants(plan, 'attempt.ended')) return;
  const count = call.attempts.length;
  const ended = attemptEnded(call, plan, attempt, { isLast: false, count, nextAttemptAt });
  const again = ended.revision > 1 ? `.${ended.revision}` : '';
  await startRun(notification, call.callId, `attempt-${attempt.number}${again}`, [
    { callId: call.callId, url: plan.notifyUrl, type: 'attempt.ended', payload: ended },
  ]);
}

/**
 * Tells the caller, if it asked for that, of the last attempt and then of the outcome: as they are on record, so that
 * nothing is told that is not kept.
 */
export async function tellOfEnd(call: RunningCall, plan: CallPlan, outcome: CallOutcome): Promise<void> {
  const { callId } = call;
  const told: Notification[] = [];
  const last = outcome.attempts.at(-1);
  if (last && wants(plan, 'attempt.ended')) {
    const end = { isLast: true, count: outcome.attempts.length, nextAttemptAt: null };
    const payload = attemptEnded(call, plan, last, end);
    told.push({ callId, url: plan.notifyUrl, type: 'attempt.ended', payload });
  }
  if (wants(plan, 'call.ended'))
    told.push({ callId, url: plan.notifyUrl, type: 'call.ended', payload: outcome });
  if (told.length > 0) await startRun(notification, callId, 'notification', told);
}

function wants(plan: CallPlan, event: NotifyEvent): plan is CallPlan & { notifyUrl: string } {
  return plan.notifyUrl !== null && plan.notifyOn.includes(event);
}

function attemptEnded(
  call: RunningCall,
  plan: CallPlan,
  attempt: Attempt,
  end: Pick<AttemptEnded, 'isLast' | 'count' | 'nextAttemptAt'>,
): AttemptEnded {
  const revision = (call.told.get(attempt.number) ?? 0) + 1;
  call.told.set(attempt.number, revision);
  return { metadata: plan.metadata, ...attempt, ...end, revision };
}

/**
 * Starts a run of its own that goes on whatever becomes of the call. After a reset the one that was started before
 * goes on; with a call id that leaves no room for its name, there may be a second one, under the same `webhook-id`s.
 */
async function startRun<T extends Workflow>(
  run: T,
  callId: string,
  name: string,
  args: Parameters<T>,
): Promise<void> {
  await startChild<Workflow>(run, {
    args,
    workflowId: utf8BytesAtMost(callId) > longestCallIdBytes ? uuid4() : `${callId}:${name}`,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    parentClosePolicy: 'ABANDON',
    staticSummary: `Tells the caller of ${callId.slice(0, longestSummaryPart)}`,
  }).catch((error) => {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}

function utf8BytesAtMost(text: string): number {
  return text.replaceAll(/[^\0-\x7f]/g, '...').length;
}
