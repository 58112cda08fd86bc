import { ActivityCancellationType, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { BatchActivities, BatchOrder } from './batchActivities.js';
import type { CallActivities, DialOrder } from './callActivities.js';
import type { CallPlan } from './callRequest.js';
import { maskNumber } from './phoneNumber.js';
import { secondsUntil } from './workflowTime.js';

/**
 * How Temporal runs each activity: in one place, because the promise hangs on it.
 *
 * None is a local activity. A query that is answered while one runs makes the SDK (seen with 1.24.0) complete the
 * workflow task without telling the workflow its result, which then comes together with the signals of the next task, and on
 * replay before them: the call stands still for ever. And work beside the workflow is done again when its task is.
 */

const day = 86_400;

/** Nothing but our own rules: repeated until they are through. */
export const reckoning = proxyActivities<Pick<CallActivities, 'findOpening'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
  summary: 'when may the phone ring?',
});

/** Longer than the two tries of Lookup inside. Repeated until it is through: no call without a plan. */
export const opening = proxyActivities<Pick<CallActivities, 'acceptAndLookUp'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
  summary: 'check the request, freeze what the call goes by, ask Lookup about the number',
});

/**
 * On a queue of its own, where Temporal keeps waiting calls in order: by priority, and in turns by fairness key.
 *
 * Longer than the HTTP time-out inside. No `scheduleToCloseTimeout`: it would blur "never started" and
 * "started", which `scheduleToStartTimeout` does not. No heartbeat: it would let an operator interrupt the create.
 * Canceled, it ends at once while it waits in the queue, and runs to its end once it has begun.
 */
export const dialling = (plan: CallPlan) =>
  proxyActivities<Pick<CallActivities, 'placeCall'>>({
    taskQueue: `${workflowInfo().taskQueue}-dial`,
    priority: {
      priorityKey: plan.priority ?? 3,
      ...(plan.fairnessKey === undefined ? {} : { fairnessKey: plan.fairnessKey }),
    },
    startToCloseTimeout: '30s',
    ...(plan.giveUpAt === null
      ? {}
      : { scheduleToStartTimeout: Math.max(1, Math.ceil(secondsUntil(plan.giveUpAt) * 1000)) }),
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: `dial ${maskNumber(plan.to)} from ${maskNumber(plan.from)}`,
  });

/** Twilio cannot hold a call in its queue for longer than a day: a trace would have shown. */
export const seeking = (order: DialOrder) =>
  proxyActivities<Pick<CallActivities, 'findCall'>>({
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: `${day + order.plan.waits.decideWithinSeconds}s`,
    retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '15s' },
    summary: "was the call made? ask Twilio's list",
  });

export const claiming = proxyActivities<Pick<CallActivities, 'claimCall'>>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '15s',
  summary: 'write down whose call this is',
});

/** Beside the call, for as long as it can be in flight: until then its claim is open, and without a SID. */
export const claimingBeside = proxyActivities<Pick<CallActivities, 'claimCall'>>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'write down whose call this is, once the store is back',
});

/** One history event, however often Twilio is asked: a status that is not final fails the activity. */
export const polling = (plan: CallPlan, deadlineSeconds: number) =>
  proxyActivities<Pick<CallActivities, 'pollCall'>>({
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: `${Math.max(1, Math.ceil(deadlineSeconds))}s`,
    retry: {
      initialInterval: `${plan.waits.pollIntervalSeconds}s`,
      backoffCoefficient: 1.5,
      maximumInterval: `${plan.waits.pollIntervalSeconds * 10}s`,
    },
    summary: 'no callback: ask Twilio until the call is over',
  });

export const ending = (deadlineSeconds: number) =>
  proxyActivities<Pick<CallActivities, 'endCall'>>({
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: `${Math.max(60, Math.ceil(deadlineSeconds))}s`,
    retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '30s' },
    summary: 'cancel or hang up at Twilio, and hear what Twilio says of it',
  });

/**
 * Twilio may log a moment after the end; most failed calls leave no notification, and are not waited for long, nor for longer
 * than `withinSeconds`.
 */
export const explaining = (withinSeconds: number | null) =>
  proxyActivities<Pick<CallActivities, 'readFailure'>>({
    startToCloseTimeout: '12s',
    ...(withinSeconds === null
      ? {}
      : { scheduleToCloseTimeout: `${Math.max(1, Math.ceil(withinSeconds))}s` }),
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumAttempts: 3 },
    summary: "why did it fail? ask Twilio's notifications",
  });

/** Only once: what it writes is written again with the outcome. */
export const recordingQuickly = proxyActivities<Pick<CallActivities, 'recordAttempt' | 'noteWaiting'>>({
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '8s',
  retry: { maximumAttempts: 1 },
  summary: 'record in the outcome store',
});

/** For as long as it takes. */
export const recording = proxyActivities<Pick<CallActivities, 'recordOutcome' | 'recordAttempt'>>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'record the outcome in the outcome store',
});

/** Once, so that what follows is not held up by a receiver that is away, or wants this and not that. */
export const notifyingOnce = (what: string) =>
  proxyActivities<Pick<CallActivities, 'notifyOutcome'>>({
    startToCloseTimeout: '15s',
    retry: { initialInterval: '5s', maximumAttempts: 1 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `post ${what} to the caller's notifyUrl`,
  });

/**
 * For a day. The activity spreads the pauses, and makes them what `Retry-After` asks for. What is under way when somebody
 * cancels the run may still be taken, so its end is waited for.
 */
export const notifying = (what: string) =>
  proxyActivities<Pick<CallActivities, 'notifyOutcome'>>({
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: '1 day',
    retry: { initialInterval: '5s', maximumInterval: '1 hour' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `post ${what} to the caller's notifyUrl`,
  });

/** For as long as it takes. */
export const keepingDeadLetters = proxyActivities<
  Pick<CallActivities, 'keepDeadLetter' | 'settleDeadLetter'>
>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'write the dead letter into the outcome store',
});

/** The heartbeat tells soon of a worker that is gone: a window must not stay empty for a minute. */
export const feeding = proxyActivities<Pick<BatchActivities, 'feedBatch'>>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '30s', nonRetryableErrorTypes: ['NoSuchBatch'] },
  summary: 'count what has ended, start the next calls',
});

export const steering = (what: BatchOrder['what']) =>
  proxyActivities<Pick<BatchActivities, 'steerBatch'>>({
    startToCloseTimeout: '10s',
    retry: { initialInterval: '200ms', maximumInterval: '10s', nonRetryableErrorTypes: ['NoSuchBatch'] },
    summary: `${what} the batch`,
  });
