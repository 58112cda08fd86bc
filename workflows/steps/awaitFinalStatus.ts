import { endCall, pollCall } from '../activityProxies.js';
import { accountOf } from '../call/accountOf.js';
import { isFinal } from '../call/attempt.js';
import type { RunningCall } from '../call/runningCall.js';
import { secondsUntil } from '../call/workflowTime.js';
import type { CallActivities, TwilioAnswer } from '../callActivities.js';
import type { Attempt } from '../callOutcome.js';
import type { CallPlan } from '../callRequest.js';
import { maxQueueSeconds, stateOf } from '../rules/twilioStatus.js';
import { unlessInterrupted } from './unlessInterrupted.js';

/** Carriers get this long to respond before it rings, and Twilio adds five seconds to the ring time-out. Source: Twilio error 32016; "Timeout". */
const maxPostDialSeconds = 60 + 5;

/**
 * Follows a placed call until Twilio has said how it ended. Gives up only when Twilio was asked after the last moment at
 * which it could know, and still had no final status.
 *
 * Callbacks are heard all along. After a silence Twilio is polled until the status is final. When the call is to stop, it is
 * ended at Twilio; what counts is still only what Twilio then says.
 */
export async function awaitFinalStatus(call: RunningCall, attempt: Attempt): Promise<void> {
  call.enter(stateOf(attempt.status ?? '') ?? 'queued');
  while (!isFinal(attempt)) {
    if (call.cancelRequested) {
      if (!(await hangUp(call, attempt))) return;
    } else if (!(await waitForCallback(call, attempt))) {
      if (!(await pollUntilFinal(call, attempt))) return;
    }
  }
}

/** Waits for a final status or a cancel request. False: nothing was heard for as long as the plan allows. */
async function waitForCallback(call: RunningCall, attempt: Attempt): Promise<boolean> {
  const timeout = callbackTimeoutOf(call.plan);
  const summary = hasCallbacks(call.plan)
    ? `status callback about ${attempt.callSid}`
    : `time to poll Twilio about ${attempt.callSid}`;
  call.setWaitingFor(
    hasCallbacks(call.plan) ? `a ${summary}` : `the end of ${attempt.callSid}; Twilio is polled`,
  );
  // One timer that is checked when it fires, not a new one with each callback: timers cost history.
  for (;;) {
    const silence = (Date.now() - call.lastUpdateAt) / 1000;
    if (silence >= timeout || secondsUntil(decideBy(attempt, call.plan)) <= 0) return false;
    const happened = () => isFinal(attempt) || call.cancelRequested;
    if (await call.waitFor(happened, timeout - silence, summary)) return true;
  }
}

/** Polls Twilio until the status is final. False: asked after the deadline, Twilio had no final status. */
async function pollUntilFinal(call: RunningCall, attempt: Attempt): Promise<boolean> {
  const timeout = callbackTimeoutOf(call.plan);
  const why = hasCallbacks(call.plan)
    ? `no callback for ${timeout} s, so Twilio is asked too`
    : 'Twilio is polled, since it sends no callbacks';
  call.note(why);
  // Postponed for stored callbacks, it is still to be asked well before the deadline.
  const patienceSeconds = Math.min(timeout, secondsUntil(decideBy(attempt, call.plan)) / 2);
  return askTwilio(call, attempt, {
    waitingFor: `the end of ${attempt.callSid}; ${why}`,
    interrupted: () => call.cancelRequested,
    ask: (question) =>
      pollCall({ ...question, ...(question.isLast ? {} : { patienceSeconds }) }, call.plan.timeouts),
  });
}

/** Cancels the call at Twilio or hangs it up. False: asked after the deadline, Twilio had no final status. */
async function hangUp(call: RunningCall, attempt: Attempt): Promise<boolean> {
  const waitingFor = `Twilio to end ${attempt.callSid}`;
  return askTwilio(call, attempt, { waitingFor, interrupted: () => false, ask: endCall });
}

/**
 * Asks Twilio; past the deadline for the last time, for as long as it takes until Twilio answers. A callback with the final
 * status, or one that names another SID, ends the question at once. True: go on.
 */
async function askTwilio(
  call: RunningCall,
  attempt: Attempt,
  { waitingFor, interrupted, ask }: Inquiry,
): Promise<boolean> {
  const callSid = attempt.callSid as string;
  let knownRefusal: number | null = null;
  call.setWaitingFor(waitingFor);
  for (;;) {
    call.publish();
    const deadline = decideBy(attempt, call.plan);
    const seconds = secondsUntil(deadline);
    const question: Question = { callSid, ...accountOf(call.plan), isLast: seconds <= 0, knownRefusal };
    const answer = await unlessInterrupted(
      () =>
        isFinal(attempt) ||
        attempt.callSid !== callSid ||
        interrupted() ||
        // What is heard meanwhile may bring the deadline forward.
        (!question.isLast && decideBy(attempt, call.plan) < deadline),
      () => ask(question),
      question.isLast ? null : { seconds, summary: `the last moment for the end of ${callSid}` },
    );
    if (answer === 'interrupted' || attempt.callSid !== callSid) return true;
    if (answer.value === null) return isFinal(attempt);
    if (!('refusal' in answer.value)) {
      const { stored = [], ...update } = answer.value;
      for (const one of [...stored, update]) call.addUpdate(attempt, one);
      return true;
    }
    const { code, message } = answer.value.refusal;
    knownRefusal = code;
    call.note(`Twilio cannot be read: ${code} ${message}`);
    call.setWaitingFor(
      `${waitingFor}; Twilio cannot be read until the account is fixed (${code}: ${message})`,
    );
  }
}

type Question = Parameters<CallActivities['endCall']>[0];

/** How Twilio is asked, and what the call shows meanwhile. */
interface Inquiry {
  waitingFor: string;
  interrupted: () => boolean;
  ask: (question: Question) => Promise<TwilioAnswer>;
}

/**
 * Until when Twilio is asked, ISO 8601: the last moment at which the call can be alive, by what was heard of it, and the time
 * allowed after that.
 */
function decideBy(attempt: Attempt, { ringTimeoutSeconds, maxDurationSeconds, timeouts }: CallPlan): string {
  const rang = attempt.evidence.updates.find(({ status, at }) => status === 'ringing' && at !== null);
  const placedAt = attempt.placedAt as string;
  const [from, seconds] = attempt.answeredAt
    ? [attempt.answeredAt, maxDurationSeconds]
    : rang?.at
      ? [rang.at, ringTimeoutSeconds + maxPostDialSeconds + maxDurationSeconds]
      : [placedAt, maxQueueSeconds + maxPostDialSeconds + ringTimeoutSeconds + maxDurationSeconds];
  return new Date(Date.parse(from) + (seconds + timeouts.decideWithinSeconds) * 1000).toISOString();
}

/** How long nothing may be heard of a call before Twilio is asked. */
function callbackTimeoutOf(plan: CallPlan): number {
  const { callbackWaitSeconds, pollIntervalSeconds } = plan.timeouts;
  return hasCallbacks(plan) ? callbackWaitSeconds : Math.min(callbackWaitSeconds, pollIntervalSeconds);
}

/** Without a public URL Twilio sends no callbacks, and with an application it sends them elsewhere. */
function hasCallbacks({ content, callbacks }: CallPlan): boolean {
  return callbacks !== false && !('applicationSid' in content);
}
