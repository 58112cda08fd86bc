import { ApplicationFailure } from '@temporalio/common';
import type { Hindrance, PlaceCallInput, PlaceCallResult } from '../../workflows/callActivities.js';
import type { TwilioError } from '../../workflows/callOutcome.js';
import type { CallPlan } from '../../workflows/callRequest.js';
import { classifyRefusal } from '../../workflows/rules/twilioRefusal.js';
import type { Placement, Refusal } from '../store/placements/placementJournal.js';

/**
 * What a refused claim means for the placement. Structure only: the workflow writes the text. `nowMs`: the
 * database's clock.
 */
export function claimRefusal(input: PlaceCallInput, claim: Refusal, nowMs: number): PlaceCallResult {
  const { claimed: _, ...refusal } = claim;
  switch (refusal.by) {
    case 'already-claimed':
      return resultFromJournal(input, refusal.entry, nowMs);
    case 'already-recorded':
      return { kind: 'already-recorded' };
    case 'do-not-call':
    case 'known-invalid':
      return { kind: 'forbidden', forbidden: refusal };
    case 'rate-limit': {
      const { by, callsPerSecond, waitSeconds } = refusal;
      return notYet({ by, callsPerSecond, until: new Date(nowMs + waitSeconds * 1000).toISOString() });
    }
    case 'contact-limit':
      return notYet({ ...refusal, until: refusal.until && new Date(refusal.until).toISOString() });
    default:
      return notYet(refusal);
  }
}

export function notYet(hindrance: Hindrance): PlaceCallResult & { kind: 'not-yet' } {
  return { kind: 'not-yet', hindrance };
}

/**
 * The result of a placement that was executed before: what the journal knows, otherwise unclear. `nowMs`: the
 * database's clock. Throws `CallIdTaken`.
 */
export function resultFromJournal(
  input: { callId: string; plan: Callee },
  entry: Placement,
  nowMs: number,
): PlaceCallResult {
  if (!isBetweenSameNumbers(entry, input.plan)) throw callIdTaken(input.callId);
  if (entry.callSid !== null)
    return {
      kind: 'created',
      callSid: entry.callSid,
      at: new Date(nowMs - entry.ageSeconds * 1000).toISOString(),
      sidFrom: 'journal',
    };
  switch (entry.result) {
    case 'refused': {
      if (entry.detail === null) break;
      // `everyCall`: when it was refused, Twilio refused every other call with the same code.
      const { everyCall = false, ...error } = entry.detail as TwilioError & { everyCall?: boolean };
      const speaksOfCall = !everyCall && classifyRefusal(error) !== 'account-trouble';
      return speaksOfCall ? { kind: 'refused', error } : { kind: 'account-trouble', error };
    }
    case 'not-sent':
    case 'absent':
      return { kind: 'not-sent', why: 'an earlier execution did not reach Twilio', retryAfterSeconds: 0 };
  }
  return {
    kind: 'unclear',
    why: 'this placement was sent before, and its result is unknown',
    answered: false,
  };
}

type Callee = Pick<CallPlan, 'to' | 'requestedTo' | 'from'>;

/**
 * Are these two of one call? Its callee has two spellings if Lookup has one of its own, and only one if Lookup could not be
 * asked when the workflow began anew.
 */
export function isBetweenSameNumbers(one: Callee, other: Callee): boolean {
  const spellings = [other.to, other.requestedTo];
  const isSameCallee = [one.to, one.requestedTo].some((to) => to !== undefined && spellings.includes(to));
  return isSameCallee && one.from === other.from;
}

/** The call id was used before, for another call: the workflow fails, and Temporal does not retry. */
export function callIdTaken(callId: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `The call id ${callId} was used before, for a call between other numbers. Nothing was dialed. A call id names one call forever: start the call with a new id.`,
    'CallIdTaken',
  );
}
