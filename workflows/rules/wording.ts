import type { Forbidden, Hindrance } from '../callActivities.js';

/** What a call waits for, for people; completes "waiting for …". */
export function hindranceMessage(hindrance: Hindrance): string {
  switch (hindrance.by) {
    case 'unconfigured-account':
      return `its Twilio account: account "${hindrance.name}" is not configured (${hindrance.sid} is not in RINGTRUE_ACCOUNTS)`;
    case 'paused':
      return `dialing to be resumed: an operator paused it${hindrance.reason ? ` (${hindrance.reason})` : ''}`;
    case 'breaker':
      return `the circuit breaker to close${hindrance.reason ? ` (${hindrance.reason})` : ''}`;
    case 'number-in-flight': {
      const which = hindrance.limit === 1 ? 'another call' : `one of ${hindrance.limit} calls`;
      return `${which} to this number to end (${hindrance.callId})`;
    }
    case 'pair-in-progress':
      return `another call between the same two numbers to be placed first (${hindrance.callId})`;
    case 'contact-limit': {
      const next = hindrance.until
        ? `the next call is allowed at ${hindrance.until}`
        : 'one of them is being placed';
      return `the contact limit: ${hindrance.limit} calls to this number in ${inWords(hindrance.seconds)}; ${next}`;
    }
    case 'account-limit':
      return `one of the account's calls to end: ${hindrance.limit} may be in flight at once`;
    case 'rate-limit':
      return `the rate limit: ${hindrance.callsPerSecond} calls per second`;
    case 'calling-window':
      return `the calling window to open at ${hindrance.until}`;
    case 'eligibility':
      return `a clear answer to whether the number may be called (${hindrance.why})`;
    case 'store':
      return `the outcome store, which cannot be reached (${hindrance.why})`;
    case 'database-clock':
      return `the clocks of the database and of Temporal to agree: by the database's, giveUpAt (${hindrance.giveUpAt}) has passed`;
  }
}

/** Why a number must not be dialed, as a sentence for people. */
export function forbiddenMessage(forbidden: Forbidden): string {
  switch (forbidden.by) {
    case 'do-not-call':
      return `The number is on the do-not-call list (${forbidden.source})${forbidden.reason ? `: ${forbidden.reason}` : ''}`;
    case 'not-eligible':
      return `The eligibility check refused the number (${forbidden.reason})`;
    case 'destination':
      return destinationMessage(forbidden);
    case 'known-invalid': {
      const source = forbidden.source === 'lookup' ? 'Lookup' : 'Twilio';
      return `${source} said on ${forbidden.seenAt}, in call ${forbidden.callId}, that there is no such number: ${forbidden.message}`;
    }
  }
}

function destinationMessage({ kind, country }: Extract<Forbidden, { by: 'destination' }>): string {
  switch (kind) {
    case 'emergency':
      return 'The number is an emergency number, and no prefix in RINGTRUE_DESTINATIONS names it';
    case 'premium-rate':
      return 'The number is a premium-rate number, and no prefix in RINGTRUE_DESTINATIONS names it';
    case 'elsewhere':
      return `The number is ${country === null ? 'of no known country' : `a number of ${country}`}, and RINGTRUE_DESTINATIONS does not allow calls there`;
  }
}

/** `24 h`, `90 s`. */
function inWords(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
