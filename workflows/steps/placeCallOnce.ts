import { TimeoutType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  awaitDialing,
  markWaiting,
  placeCall,
  recordCallSid,
  recordCallSidInBackground,
} from '../activities.js';
import type { RunningCall } from '../call/runningCall.js';
import { isPast, now, secondsUntil } from '../call/workflowTime.js';
import type { ForgottenPlacement, Hindrance, PlaceCallInput, PlaceCallResult } from '../callActivities.js';
import type { Attempt } from '../callOutcome.js';
import type { NotPlaced } from '../rules/decision.js';
import { forbiddenMessage, hindranceMessage } from '../rules/wording.js';
import { continueIfLong } from './continueIfLong.js';
import { resolveUnclear } from './resolveUnclear.js';
import { unlessInterrupted } from './unlessInterrupted.js';
import { waitUntilAllowed } from './waitUntilAllowed.js';

/** `placed`: the Twilio call exists. `refused`: Twilio made none. `unresolved`: nobody could find out. */
export type Placed = 'placed' | 'refused' | 'unresolved';

/**
 * Back-off while Twilio, the account or the store is in trouble: it doubles up to half a minute, and after some ten minutes up
 * to five minutes, so that a long trouble does not fill the history.
 */
const maxBackOffSeconds = 30;
const manyBackOffs = 20;
const maxLateBackOffSeconds = 300;

/** Longer waits for a known moment are cut into pieces, and the placement is tried again after each. */
const maxWaitSeconds = 7 * 86_400;

/**
 * How long a create may still take to report once a callback has proved that its call exists: longer than any create
 * whose worker is alive, so that its own answer takes precedence.
 */
const graceAfterCallbackSeconds = 15;

/** Results that tell what became of a placement, this one or the same one executed before. The others tell nothing of any. */
const resolvesPlacement: string[] = [
  'created',
  'refused',
  'account-trouble',
  'not-sent',
  'unclear',
] satisfies PlaceCallResult['kind'][];

/**
 * Places the Twilio call of one attempt: exactly one, whatever is lost on the way.
 *
 * A second placement follows only one that certainly made no call: it was not sent, not processed, or Twilio has shown no
 * trace of it for long enough. Until then the attempt listens for the callback that names it, asks Twilio's list, and
 * dials nothing.
 */
export async function placeCallOnce(
  call: RunningCall,
  attempt: Attempt,
  superseded: () => boolean,
): Promise<Placed | NotPlaced | 'superseded'> {
  const { plan, controls } = call;
  const unwanted = () => call.cancelRequested || superseded();
  let placement = call.nextPlacement;
  call.nextPlacement = 1;
  let backOffs = 0;
  for (;;) {
    const retryLater = (why: string, seconds: number, until: string | null = null) =>
      backOff(call, { why, seconds, until, isFirst: backOffs++ === 0, interrupted: unwanted });
    // A callback that names the attempt proves that a placement made a call after all.
    if (call.assignSidFromCallback(attempt)) {
      await recordSid(call, attempt, placement);
      return 'placed';
    }
    if (call.cancelRequested) return { by: 'canceled' };
    if (superseded()) return 'superseded';
    if (isPast(plan.giveUpAt)) return { by: 'give-up-at' };
    await continueIfLong(call, placement);
    if (controls.paused) {
      const stopped = await waitUntilAllowed(call, () => call.hasCallbackBeforeSid || superseded());
      if (stopped && stopped !== 'superseded') return stopped;
      continue;
    }

    const input: PlaceCallInput = {
      callId: call.callId,
      attempt: attempt.number,
      placement,
      requestedAt: now(),
      plan,
      lookupSaysValid: call.lookup?.valid ?? false,
    };
    call.enter('placing', 'capacity to place the call');
    const result = await placeOrHearCallback(call, input, () => unwanted() || controls.paused);
    call.setWaitingFor(null);
    // A placement before this one made the call after all: whatever became of this one, that call counts.
    if (
      call.hasCallbackBeforeSid &&
      ['refused', 'forbidden', 'too-late', 'already-recorded'].includes(result.kind)
    ) {
      placement = Math.max(1, placement - 1);
      continue;
    }
    if (resolvesPlacement.includes(result.kind)) call.lastPlacement = { attempt: attempt.number, placement };
    switch (result.kind) {
      case 'callback-first':
        break;
      case 'withdrawn':
        // The callback is about the placement before.
        if (call.hasCallbackBeforeSid) placement = Math.max(1, placement - 1);
        break;
      case 'forbidden':
        call.note(`not dialed: ${forbiddenMessage(result.forbidden)}`);
        return result.forbidden;
      case 'created':
        if (result.unrecorded) recordSidInBackground(call, attempt, placement, result.callSid);
        return accepted(call, attempt, result);
      case 'refused':
        return refused(call, attempt, result);
      case 'too-late':
        return { by: 'give-up-at' };
      case 'already-recorded':
        return { by: 'already-recorded' };
      case 'not-yet': {
        const { hindrance } = result;
        if (isStop(hindrance)) {
          await waitWhileStopped(call, hindranceMessage(hindrance), unwanted);
          break;
        }
        const until = 'until' in hindrance ? hindrance.until : null;
        const seconds =
          until === null ? backOffSeconds(backOffs) : Math.min(secondsUntil(until), maxWaitSeconds);
        await retryLater(hindranceMessage(hindrance), seconds, until);
        break;
      }
      case 'not-sent':
        placement++;
        // However soon it may be tried again: each try costs history, of which a call has only so much.
        await retryLater(result.why, Math.max(result.retryAfterSeconds ?? 0, backOffSeconds(backOffs)));
        break;
      case 'account-trouble': {
        placement++;
        const { code, httpStatus, message } = result.error;
        const why = `the Twilio account to be fixed (${code ?? `HTTP ${httpStatus}`}: ${message})`;
        await retryLater(why, backOffSeconds(backOffs));
        break;
      }
      case 'unclear': {
        attempt.evidence.create = { sidFrom: null, error: null, unclear: result.why };
        const resolved = await resolveUnclear(
          call,
          { ...input, answered: result.answered },
          attempt,
          result.why,
        );
        if (resolved === 'found' || resolved === 'unresolved')
          return resolved === 'found' ? 'placed' : 'unresolved';
        placement++;
        break;
      }
    }
  }
}

/**
 * Applies what the journal says of a placement that a reset made this run forget; dials nothing. Null: it made no call, and
 * says nothing of the number.
 */
export async function recoverForgotten(
  call: RunningCall,
  attempt: Attempt,
  { placement, result }: ForgottenPlacement['forgotten'],
): Promise<Placed | null> {
  call.note(`the placement journal knows attempt ${attempt.number}, which this run had forgotten`);
  call.lastPlacement = { attempt: attempt.number, placement };
  if (result.kind === 'created') return accepted(call, attempt, result);
  if (result.kind === 'refused') return refused(call, attempt, result);
  if (result.kind !== 'unclear') return null;
  attempt.evidence.create = { sidFrom: null, error: null, unclear: result.why };
  const input: PlaceCallInput = {
    callId: call.callId,
    attempt: attempt.number,
    placement,
    requestedAt: now(),
    plan: call.plan,
    lookupSaysValid: false,
  };
  const resolved = await resolveUnclear(call, { ...input, answered: result.answered }, attempt, result.why);
  if (resolved === 'absent') return null;
  return resolved === 'found' ? 'placed' : 'unresolved';
}

function accepted(
  call: RunningCall,
  attempt: Attempt,
  { callSid, sidFrom, at }: PlaceCallResult & { kind: 'created' },
): Placed {
  call.note(`Twilio accepted the call: ${callSid}`);
  call.assignSid(attempt, callSid, sidFrom, at);
  return 'placed';
}

function refused(
  call: RunningCall,
  attempt: Attempt,
  { error }: PlaceCallResult & { kind: 'refused' },
): Placed {
  call.note(`Twilio refused the call: ${error.code ?? error.httpStatus} ${error.message}`);
  attempt.evidence.create = { sidFrom: null, error, unclear: null };
  return 'refused';
}

/**
 * Places the call, and does not wait long for a create to report whose call is known to exist: its worker may be lost,
 * and the call be over before Temporal finds out. `callback-first`: it did not report in time.
 *
 * A placement that still waits in the queue is withdrawn when the call is to stop or to pause, or when a callback shows that
 * an earlier placement made the call. `withdrawn`: nothing was sent.
 */
async function placeOrHearCallback(
  call: RunningCall,
  input: PlaceCallInput,
  unwanted: () => boolean,
): Promise<PlaceCallResult | { kind: 'callback-first' | 'withdrawn' }> {
  let isOver = false;
  const placing = unlessInterrupted(
    () => unwanted() || (input.placement > 1 && call.hasCallbackBeforeSid),
    () => runPlaceCall(input),
  ).finally(() => {
    isOver = true;
  });
  await Promise.race([placing, condition(() => call.hasCallbackBeforeSid)]);
  if (!isOver) {
    const summary = 'a callback came first: will the create report?';
    await Promise.race([placing, condition(() => isOver, graceAfterCallbackSeconds * 1000, { summary })]);
  }
  if (!isOver) {
    placing.catch(() => {});
    return { kind: 'callback-first' };
  }
  const placed = await placing;
  return placed === 'interrupted' ? { kind: 'withdrawn' } : placed.value;
}

/** Runs the activity; every way in which it can fail is a result, except that the call id belongs to another number. */
async function runPlaceCall(input: PlaceCallInput): Promise<PlaceCallResult> {
  try {
    return await placeCall(input);
  } catch (error) {
    // Canceled while it waited in the queue: it had not begun.
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    if (cause instanceof TimeoutFailure && cause.timeoutType === TimeoutType.SCHEDULE_TO_START)
      return { kind: 'too-late' };
    if (cause instanceof ApplicationFailure && cause.type === 'CallIdTaken') throw cause;
    const why =
      cause instanceof TimeoutFailure
        ? 'the worker that placed the call was lost or did not report back in time'
        : (cause?.message ?? error.message);
    return { kind: 'unclear', why, answered: false };
  }
}

/** Keeps others from taking this call for theirs; the outcome does not depend on it. */
async function recordSid(call: RunningCall, attempt: Attempt, placement: number): Promise<void> {
  const callSid = attempt.callSid as string;
  await recordCallSid({ callId: call.callId, attempt: attempt.number, placement, callSid }).catch(() => {});
}

/** Limits count by the journal: it is told as soon as the store is back, and the call goes on. */
function recordSidInBackground(
  call: RunningCall,
  attempt: Attempt,
  placement: number,
  callSid: string,
): void {
  const input = { callId: call.callId, attempt: attempt.number, placement, callSid };
  recordCallSidInBackground(input).catch(() => {});
}

/** Waits, visibly, before the placement is tried again; ends early when it is not wanted any more or a callback comes. */
async function backOff(
  call: RunningCall,
  wait: { why: string; seconds: number; until: string | null; isFirst: boolean; interrupted: () => boolean },
): Promise<void> {
  const { giveUpAt } = call.plan;
  const left = giveUpAt === null ? Number.POSITIVE_INFINITY : secondsUntil(giveUpAt);
  const seconds = Math.min(Math.max(1, wait.seconds), left);
  call.note(`not dialed yet: waiting for ${wait.why}`);
  if (wait.isFirst) await markWaiting(call.callId);
  call.enter('waiting', wait.why, wait.until);
  await call.waitFor(
    () => wait.interrupted() || call.hasCallbackBeforeSid,
    seconds,
    `not dialed yet: waiting for ${wait.why}`.slice(0, 120),
  );
}

/** Does something stand in the way of every call of the account, until somebody or something ends it? */
function isStop({ by }: Hindrance): boolean {
  return by === 'paused' || by === 'breaker';
}

/** Waits, visibly and at no cost, until dialing is not stopped any more; ends early as `backOff` does. */
async function waitWhileStopped(call: RunningCall, why: string, interrupted: () => boolean): Promise<void> {
  const { giveUpAt } = call.plan;
  call.note(`not dialed yet: waiting for ${why}`);
  await markWaiting(call.callId);
  call.enter('waiting', why);
  call.publish();
  await unlessInterrupted(
    () => interrupted() || call.controls.paused || call.hasCallbackBeforeSid,
    awaitDialing,
    giveUpAt === null ? null : { seconds: Math.max(1, secondsUntil(giveUpAt)), summary: 'giveUpAt' },
  );
}

function backOffSeconds(backOffs: number): number {
  return Math.min(2 ** backOffs, backOffs < manyBackOffs ? maxBackOffSeconds : maxLateBackOffSeconds);
}
