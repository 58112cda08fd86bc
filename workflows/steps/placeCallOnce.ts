import type { RunningCall } from '../call/runningCall.js';
import { isPast, now, secondsUntil } from '../call/workflowTime.js';
import type { ForgottenPlacement, PlaceCallInput, PlaceCallResult, WaitingFor } from '../callActivities.js';
import type { Attempt } from '../callOutcome.js';
import type { NotPlaced } from '../rules/decision.js';
import { forbiddenMessage, hindranceMessage } from '../rules/wording.js';
import { backOff, backOffSeconds, isStop, waitWhileStopped } from './backOff.js';
import { continueIfLong } from './continueIfLong.js';
import { placeOrHearCallback } from './placeOrHearCallback.js';
import { recordSid, recordSidInBackground } from './recordSid.js';
import { resolveUnclear } from './resolveUnclear.js';
import { waitUntilAllowed } from './waitUntilAllowed.js';

/** `placed`: the Twilio call exists. `refused`: Twilio made none. `unresolved`: nobody could find out. */
export type Placed = 'placed' | 'refused' | 'unresolved';

/** Longer waits for a known moment are cut into pieces, and the placement is tried again after each. */
const maxWaitSeconds = 7 * 86_400;

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
  const { controls } = call;
  const unwanted = () => call.cancelRequested || superseded();
  let placement = call.nextPlacement;
  // The newest placement that the journal may have: a callback names the call of this one or of one before.
  let journaled = Math.max(1, placement - 1);
  call.nextPlacement = 1;
  let backOffs = 0;
  for (;;) {
    const retryLater = (by: WaitingFor, why: string, seconds: number, until: string | null = null) =>
      backOff(call, { by, why, seconds, until, isFirst: backOffs++ === 0, interrupted: unwanted });
    // The first placement may have been sent when the request was accepted.
    const placedAtOnce = call.takePlacedAtOnce();
    if (placedAtOnce === null) {
      const unplaced = await whatStopsPlacement(call, attempt, { placement, journaled, superseded });
      if (unplaced === 'again') continue;
      if (unplaced !== null) return unplaced;
      call.enter('placing', 'capacity to place the call');
    }
    const input = inputOf(call, attempt, placement, placedAtOnce ? call.startedAt : now());
    const result =
      placedAtOnce ?? (await placeOrHearCallback(call, input, () => unwanted() || controls.paused));
    call.setWaitingFor(null);
    // A placement before this one made the call after all: whatever became of this one, that call counts.
    if (
      call.hasCallbackBeforeSid &&
      ['refused', 'forbidden', 'too-late', 'already-recorded'].includes(result.kind)
    )
      continue;
    if (resolvesPlacement.includes(result.kind)) {
      call.lastPlacement = { attempt: attempt.number, placement };
      journaled = placement;
    }
    switch (result.kind) {
      case 'callback-first':
        journaled = placement;
        break;
      case 'withdrawn':
        // Nothing was sent: the top of the loop sees why.
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
          await waitWhileStopped(call, hindrance, unwanted);
          break;
        }
        const until = 'until' in hindrance ? hindrance.until : null;
        const seconds =
          until === null ? backOffSeconds(backOffs) : Math.min(secondsUntil(until), maxWaitSeconds);
        await retryLater(hindrance.by, hindranceMessage(hindrance), seconds, until);
        break;
      }
      case 'not-sent':
        placement++;
        // However soon it may be tried again: each try costs history, of which a call has only so much.
        await retryLater(
          'not-sent',
          result.why,
          Math.max(result.retryAfterSeconds ?? 0, backOffSeconds(backOffs)),
        );
        break;
      case 'account-trouble': {
        placement++;
        const { code, httpStatus, message } = result.error;
        const why = `the Twilio account to be fixed (${code ?? `HTTP ${httpStatus}`}: ${message})`;
        await retryLater('account-trouble', why, backOffSeconds(backOffs));
        break;
      }
      case 'unclear': {
        attempt.evidence.create = { sidFrom: null, error: null, unclear: result.why };
        const unclear = { ...input, answered: result.answered };
        const resolved = await resolveUnclear(call, unclear, attempt, result.why);
        if (resolved === 'found' || resolved === 'unresolved')
          return resolved === 'found' ? 'placed' : 'unresolved';
        placement++;
        break;
      }
    }
  }
}

/** Looks at everything that may keep the next placement from being sent. Null: nothing does. `again`: look anew. */
async function whatStopsPlacement(
  call: RunningCall,
  attempt: Attempt,
  { placement, journaled, superseded }: { placement: number; journaled: number; superseded: () => boolean },
): Promise<Placed | NotPlaced | 'superseded' | 'again' | null> {
  // A callback that names the attempt proves that a placement made a call after all.
  if (call.assignSidFromCallback(attempt)) {
    await recordSid(call, attempt, journaled);
    return 'placed';
  }
  if (call.cancelRequested) return { by: 'canceled' };
  if (superseded()) return 'superseded';
  if (isPast(call.plan.giveUpAt)) return { by: 'give-up-at' };
  await continueIfLong(call, placement);
  if (!call.controls.paused) return null;
  const stopped = await waitUntilAllowed(call, () => call.hasCallbackBeforeSid || superseded());
  return stopped && stopped !== 'superseded' && !call.hasCallbackBeforeSid ? stopped : 'again';
}

function inputOf(
  call: RunningCall,
  attempt: Attempt,
  placement: number,
  requestedAt: string,
): PlaceCallInput {
  return {
    callId: call.callId,
    attempt: attempt.number,
    placement,
    requestedAt,
    plan: call.plan,
    lookupSaysValid: call.lookup?.valid ?? false,
  };
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
  const input = { ...inputOf(call, attempt, placement, now()), answered: result.answered };
  const resolved = await resolveUnclear(call, input, attempt, result.why);
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
