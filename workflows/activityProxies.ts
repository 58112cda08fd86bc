import { ActivityCancellationType, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { BatchActivities, BatchControl } from './batch/batchActivities.js';
import type { BulkActivities } from './bulk/bulkActivities.js';
import { secondsUntil } from './call/workflowTime.js';
import type {
  CallActivities,
  DuplicateCall,
  FindUnclearCallResult,
  PlaceCallInput,
  PlaceCallResult,
  RecordAttemptInput,
  TwilioAnswer,
  WaitingFor,
} from './callActivities.js';
import type { CallAccount, CallPlan } from './callRequest.js';
import { maskNumber } from './rules/phoneNumber.js';

/** The main account has a queue, and so has each further account: what becomes of one account delays no other one. */
const queueOf = (what: 'dial' | 'read' | 'stopped', account: CallAccount | undefined) =>
  `${workflowInfo().taskQueue}-${what}${account === undefined ? '' : `-${account.sid}`}`;
/** Activities that read from Twilio have a queue of their own: when Twilio answers slowly, they alone are slow. */
const readQueue = ({ account }: { account?: CallAccount }) => queueOf('read', account);
/** So have posts to clients, whose receivers may accept a connection and say nothing. */
const notifyQueue = () => `${workflowInfo().taskQueue}-notify`;

/**
 * How Temporal runs each activity: in one place, because the promise depends on it.
 *
 * None is a local activity. When a query is answered while one runs, SDK 1.24.0 completes the workflow task without giving
 * the workflow the result. The result then comes together with the signals of the next task, and on replay before
 * them: the call stands still forever. And work that the workflow does beside it is done again when its task is.
 */

/**
 * Longer than the tries of Lookup and the create request inside. Repeated until it succeeds: no call without a plan. What it may
 * have placed is in the journal, so it never places twice.
 */
export const { acceptAndLookUp } = proxyActivities<Pick<CallActivities, 'acceptAndLookUp'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
  summary: 'validate the request, perform Lookup, place the call unless it has to wait',
});

/** Nothing but our own rules: repeated until it succeeds. */
export const { findAllowedTime } = proxyActivities<Pick<CallActivities, 'findAllowedTime'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
  summary: 'when may the phone ring?',
});

/**
 * On a queue of its own, where Temporal keeps waiting calls in order: by priority, and in rotation by fairness key.
 *
 * Longer than the HTTP time-out inside. No `scheduleToCloseTimeout`: it would blur "never started" and
 * "started", which `scheduleToStartTimeout` does not. No heartbeat: it would let an operator interrupt the create.
 * Canceled, it ends at once while it waits in the queue, and runs to its end once it has begun.
 */
export function placeCall(input: PlaceCallInput): Promise<PlaceCallResult> {
  const { plan } = input;
  return proxyActivities<Pick<CallActivities, 'placeCall'>>({
    taskQueue: queueOf('dial', plan.account),
    priority: {
      priorityKey: plan.priority,
      ...(plan.fairnessKey === null ? {} : { fairnessKey: plan.fairnessKey }),
    },
    startToCloseTimeout: '30s',
    ...(plan.giveUpAt === null
      ? {}
      : { scheduleToStartTimeout: Math.max(1, Math.ceil(secondsUntil(plan.giveUpAt) * 1000)) }),
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: `call ${maskNumber(plan.to)} from ${maskNumber(plan.from)}`,
  }).placeCall(input);
}

/**
 * Ends once dialing is not stopped any more. On a queue of its own, which workers poll only then: until then the call waits in
 * Temporal, for however long, and costs neither history nor work.
 */
export function awaitDialing(account: CallAccount | undefined): Promise<void> {
  return proxyActivities<Pick<CallActivities, 'awaitDialing'>>({
    taskQueue: queueOf('stopped', account),
    startToCloseTimeout: '10s',
    retry: { initialInterval: '1s', maximumInterval: '10s' },
    summary: 'wait until dialing is not stopped any more',
  }).awaitDialing();
}

/** For as long as it takes. */
export function findUnclearCall(
  input: Parameters<CallActivities['findUnclearCall']>[0],
): Promise<FindUnclearCallResult> {
  return proxyActivities<Pick<CallActivities, 'findUnclearCall'>>({
    taskQueue: readQueue(input.plan),
    startToCloseTimeout: '30s',
    retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '15s' },
    summary: "was the call made? ask the journal, then Twilio's list",
  }).findUnclearCall(input);
}

export const { recordCallSid } = proxyActivities<Pick<CallActivities, 'recordCallSid'>>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '15s',
  summary: 'record the SID in the placement journal',
});

/** Beside the call, for as long as it can be in flight: until then its claim is open, and without a SID. */
export const { recordCallSid: recordCallSidInBackground } = proxyActivities<
  Pick<CallActivities, 'recordCallSid'>
>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'record the SID in the placement journal, once the store is back',
});

/**
 * One history event, however often Twilio is asked: a status that is not final fails the activity. No
 * `scheduleToCloseTimeout`: it would run out while no worker is there, and nobody would have asked.
 */
export function pollCall(
  input: Parameters<CallActivities['pollCall']>[0],
  { pollIntervalSeconds }: CallPlan['timeouts'],
): Promise<TwilioAnswer> {
  return proxyActivities<Pick<CallActivities, 'pollCall'>>({
    taskQueue: readQueue(input),
    startToCloseTimeout: '20s',
    retry: {
      initialInterval: `${pollIntervalSeconds}s`,
      backoffCoefficient: 1.5,
      maximumInterval: `${pollIntervalSeconds * 10}s`,
    },
    summary: 'poll Twilio until the call is over',
  }).pollCall(input);
}

/** For as long as it takes, as `pollCall`. */
export function endCall(input: Parameters<CallActivities['endCall']>[0]): Promise<TwilioAnswer> {
  return proxyActivities<Pick<CallActivities, 'endCall'>>({
    taskQueue: readQueue(input),
    startToCloseTimeout: '30s',
    retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '30s' },
    summary: 'cancel or hang up at Twilio, and read what Twilio says then',
  }).endCall(input);
}

/** Bounded: it is an alarm, and the call itself goes on. */
export function endDuplicateCall(input: DuplicateCall): Promise<void> {
  return proxyActivities<Pick<CallActivities, 'endDuplicateCall'>>({
    taskQueue: readQueue(input),
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: '5 minutes',
    retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '30s' },
    summary: 'end a second Twilio call of the same attempt',
  }).endDuplicateCall(input);
}

/**
 * Twilio may log a moment after the end. Most failed calls leave no notification: they are not waited for long, nor for longer
 * than `withinSeconds`.
 */
export function fetchErrorCode(
  input: Parameters<CallActivities['fetchErrorCode']>[0],
  { withinSeconds, once }: { withinSeconds: number | null; once?: true },
): Promise<{ code: number; message: string }> {
  return proxyActivities<Pick<CallActivities, 'fetchErrorCode'>>({
    taskQueue: readQueue(input),
    startToCloseTimeout: '12s',
    ...(withinSeconds === null
      ? {}
      : { scheduleToCloseTimeout: `${Math.max(1, Math.ceil(withinSeconds))}s` }),
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumAttempts: once ? 1 : 3 },
    summary: "why did it fail? ask Twilio's notifications",
  }).fetchErrorCode(input);
}

/** Only once: what these write is written again with the outcome. */
const once = proxyActivities<Pick<CallActivities, 'recordAttempt' | 'markWaiting'>>({
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '8s',
  retry: { maximumAttempts: 1 },
  summary: 'record in the outcome store',
});

export function recordAttemptOnce(input: RecordAttemptInput): Promise<void> {
  return once.recordAttempt(input);
}

/** Lists show that the call waits. If the store is away they go on showing what was before. */
export function markWaiting(callId: string, wait: { by: WaitingFor; until: string | null }): Promise<void> {
  return once.markWaiting({ callId, ...wait }).catch(() => {});
}

/** For as long as it takes. */
export const { recordAttempt, recordOutcome } = proxyActivities<
  Pick<CallActivities, 'recordAttempt' | 'recordOutcome'>
>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'record the outcome in the outcome store',
});

/** Once, so that what follows is not delayed by a receiver that is away or accepts this and not that. */
export const notifyOnce = (what: string) =>
  proxyActivities<Pick<CallActivities, 'notifyOutcome'>>({
    taskQueue: notifyQueue(),
    startToCloseTimeout: '15s',
    retry: { initialInterval: '5s', maximumAttempts: 1 },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `post ${what} to the client's notifyUrl`,
  });

/**
 * For a day. The activity spreads the pauses, and makes them what `Retry-After` asks for. A post that is under way when
 * somebody cancels the run may still be accepted, so its end is waited for.
 */
export const notifyForADay = (what: string) =>
  proxyActivities<Pick<CallActivities, 'notifyOutcome'>>({
    taskQueue: notifyQueue(),
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: '1 day',
    retry: { initialInterval: '5s', maximumInterval: '1 hour' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    summary: `post ${what} to the client's notifyUrl`,
  });

/** For as long as it takes. */
export const { keepDeadLetter, settleDeadLetter } = proxyActivities<
  Pick<CallActivities, 'keepDeadLetter' | 'settleDeadLetter'>
>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'write the dead letter into the outcome store',
});

/** The heartbeat tells soon of a worker that is gone: a batch's window must not stay empty for a minute. */
export const { feedBatch } = proxyActivities<Pick<BatchActivities, 'feedBatch'>>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '30s', nonRetryableErrorTypes: ['NoSuchBatch'] },
  summary: 'count what has ended, start the next calls',
});

export function controlBatch(input: BatchControl): ReturnType<BatchActivities['controlBatch']> {
  return proxyActivities<Pick<BatchActivities, 'controlBatch'>>({
    startToCloseTimeout: '10s',
    retry: { initialInterval: '200ms', maximumInterval: '10s', nonRetryableErrorTypes: ['NoSuchBatch'] },
    summary: `${input.what} the batch`,
  }).controlBatch(input);
}

/** As `feedBatch`. */
export const { applyBulkOperation } = proxyActivities<Pick<BulkActivities, 'applyBulkOperation'>>({
  startToCloseTimeout: '60s',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumInterval: '30s', nonRetryableErrorTypes: ['NoSuchBulkOperation'] },
  summary: 'control the next calls',
});

export const { stopBulkOperation } = proxyActivities<Pick<BulkActivities, 'stopBulkOperation'>>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
  summary: 'control no further call',
});
