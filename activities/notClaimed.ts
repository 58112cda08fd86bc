import type { Dialled, DialOrder } from '../workflows/callActivities.js';
import type { TwilioError } from '../workflows/callOutcome.js';
import type { CallPlan } from '../workflows/callRequest.js';
import { verdictOf } from '../workflows/createError.js';
import { callIdTaken } from './callIdTaken.js';
import type { DialClaim, DialEntry } from './outcomeStore.js';

/** Why an order to dial may not be carried out, or not yet: the answer of the claim, in words for people. */
export function notClaimed(order: DialOrder, claim: DialClaim & { claimed: false }): Dialled {
  switch (claim.by) {
    case 'this-dial':
      return fromJournal(order, claim.entry);
    case 'call-over':
      return { kind: 'over' };
    case 'paused':
      return notYet(`the operator to resume dialling (paused${claim.reason ? `: ${claim.reason}` : ''})`);
    case 'breaker':
      return notYet(`the circuit breaker (${claim.reason})`);
    case 'suppressed':
      return {
        kind: 'forbidden',
        code: 'do-not-call',
        message: `The number is on the do-not-call list (${claim.source}): ${claim.reason}`,
      };
    case 'known-invalid':
      return {
        kind: 'forbidden',
        code: 'known-invalid',
        message: `${claim.source === 'lookup' ? 'Lookup' : 'Twilio'} showed on ${claim.seenAt} in ${claim.callId} that there is no such number: ${claim.message}`,
        shown: { source: claim.source, code: claim.code },
      };
    case 'number-in-flight': {
      const which = claim.limit === 1 ? 'another call' : `one of ${claim.limit} calls`;
      return notYet(`${which} to this number to end (${claim.callId})`);
    }
    case 'other-call':
      return notYet(`another call between the same two numbers to be placed first (${claim.callId})`);
    case 'contacts': {
      const next = claim.until ? `the next at ${claim.until}` : 'one of them is being placed';
      const why = `contacts: ${claim.limit} in ${inWords(claim.seconds)} are allowed; ${next}`;
      return { ...notYet(why), until: claim.until };
    }
    case 'no-room':
      return notYet(`one of the account's calls to end: ${claim.limit} at once are allowed`);
    case 'turn': {
      const why = `its turn: ${claim.callsPerSecond} calls per second are allowed`;
      return { ...notYet(why), until: new Date(Date.now() + claim.waitSeconds * 1000).toISOString() };
    }
  }
}

export function notYet(why: string): Dialled & { kind: 'not-yet' } {
  return { kind: 'not-yet', why };
}

/** The create was executed before. What became of it is in the journal, or unclear. */
export function fromJournal(
  order: { callId: string; plan: Pick<CallPlan, 'to' | 'from'> },
  entry: DialEntry,
): Dialled {
  if (entry.to !== order.plan.to || entry.from !== order.plan.from) throw callIdTaken(order.callId);
  if (entry.callSid !== null)
    return {
      kind: 'created',
      callSid: entry.callSid,
      status: 'queued',
      at: new Date(Date.now() - entry.ageSeconds * 1000).toISOString(),
      sidFrom: 'journal',
    };
  const error = entry.detail as TwilioError | null;
  switch (entry.result) {
    case 'refused':
      if (error)
        return verdictOf(error) === 'account-trouble'
          ? { kind: 'account-trouble', error }
          : { kind: 'refused', error };
      break;
    case 'not-sent':
    case 'absent':
      return { kind: 'not-sent', why: 'an earlier execution did not reach Twilio', retryAfterSeconds: 0 };
  }
  return {
    kind: 'unclear',
    why: 'this create was executed before, and its end is not known',
    answered: false,
  };
}

/** `24 h`, `90 s`. */
function inWords(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
