import type { Attempt, CallUpdate } from '../callOutcome.js';
import { isRepeat, mergeUpdates } from '../rules/callUpdate.js';
import { isTerminal } from '../rules/twilioStatus.js';
import { answeredByOf } from '../rules/verdict.js';
import { now } from './workflowTime.js';

/** Different updates that are kept of one attempt; a usual call has fewer than ten. */
const maxUpdates = 50;

/** An attempt of which nothing is known yet. `number` counts from 1. */
export function newAttempt(number: number): Attempt {
  return {
    number,
    callSid: null,
    status: null,
    outcome: null,
    decidedBy: null,
    errorCode: null,
    sipResponseCode: null,
    placedAt: null,
    answeredAt: null,
    endedAt: null,
    durationSeconds: null,
    answeredBy: null,
    reason: null,
    evidence: { create: null, updates: [], disagreed: false },
  };
}

/** Adds an update to the attempt's evidence. False when it says nothing that was not known. */
export function addUpdate(attempt: Attempt, update: CallUpdate): boolean {
  const { updates } = attempt.evidence;
  if (isRepeat(updates, update)) return false;
  updates.push(update);
  // A final status is never pushed out: the oldest of the others goes.
  if (updates.length > maxUpdates) {
    const oldest = updates.findIndex(({ status }) => !isTerminal(status));
    updates.splice(Math.max(oldest, 0), 1);
  }
  const merged = mergeUpdates(updates) as CallUpdate;
  attempt.status = merged.status;
  attempt.answeredBy = answeredByOf(merged.answeredBy);
  if (update.status === 'in-progress') attempt.answeredAt ??= update.at ?? now();
  return true;
}

/** Has Twilio said how this attempt's call ended? */
export function isFinal(attempt: Attempt): boolean {
  return attempt.evidence.updates.some((update) => isTerminal(update.status));
}
