import type { Forbidden } from './callActivities.js';
import type { AnsweredBy, Attempt, DecidedBy, LookupEvidence, Reachability, Reason } from './callOutcome.js';
import type { LookupMode, Outcome } from './callRequest.js';
import { type CallUpdate, knownOf } from './callUpdate.js';
import { codeUnreachable, verdictOf } from './createError.js';
import { sipMeaning, sipUnreachable, sipUnwanted } from './sipResponse.js';
import { isTerminal, type TerminalStatus } from './twilioStatus.js';

/** What the evidence says of one attempt, or of a call that had none. */
export interface Verdict {
  outcome: Outcome;
  reachability: Reachability;
  reason: Reason | null;
  /** False: never dialled again, whatever the retry policy says. */
  retryable: boolean;
}

/** Twilio's final words. `failed` is refined by the SIP code below. */
const byStatus: Record<TerminalStatus, Outcome> = {
  completed: 'answered',
  busy: 'busy',
  'no-answer': 'no-answer',
  failed: 'failed',
  canceled: 'canceled',
};

/** Outcomes after which a policy may ask to dial again. The others are final by what they are, but for an answer by a machine. */
const retryableOutcomes: ReadonlySet<Outcome> = new Set([
  'busy',
  'no-answer',
  'failed',
  'unknown',
  'rejected',
]);

/**
 * How an attempt turned out, read off its evidence alone: Twilio's status and SIP code, the error of the
 * create, the error code noted for the call. Null while the evidence does not decide.
 */
export function verdictOfAttempt(attempt: Attempt): Verdict | null {
  const known = knownOf(attempt.evidence.updates);
  if (known && isTerminal(known.status)) return verdictOfCall(known.status, known, attempt.errorCode);
  const error = attempt.evidence.create?.error;
  if (!error) return null;
  const outcome = verdictOf(error) === 'invalid-number' ? 'invalid-number' : 'rejected';
  return {
    outcome,
    reachability:
      outcome === 'invalid-number'
        ? 'invalid'
        : error.code !== null && codeUnreachable.has(error.code)
          ? 'unreachable'
          : 'undetermined',
    reason: {
      code: error.code === null ? `http-${error.httpStatus}` : String(error.code),
      source: 'twilio',
      message: error.message,
    },
    // Twilio's other refusals stay as they are until somebody mends the request or the account.
    retryable: error.code === 21214,
  };
}

function verdictOfCall(status: TerminalStatus, known: CallUpdate, noted: number | null): Verdict {
  const sip = known.sipResponseCode;
  const code = known.errorCode ?? noted;
  const outcome = status === 'failed' && sip === 480 ? 'no-answer' : byStatus[status];
  return {
    outcome,
    reachability: reachabilityOf(outcome, known.rang, sip, code),
    reason: outcome === 'answered' ? null : reasonOf(sip, code, outcome),
    retryable:
      outcome === 'answered'
        ? isMachine(answeredByOf(known.answeredBy))
        : retryableOutcomes.has(outcome) && sip !== sipUnwanted,
  };
}

function reachabilityOf(
  outcome: Outcome,
  rang: boolean,
  sip: number | null,
  code: number | null,
): Reachability {
  if (outcome === 'answered' || outcome === 'busy') return 'reachable';
  if (outcome === 'no-answer' && rang) return 'reachable';
  if (code !== null && codeUnreachable.has(code)) return 'unreachable';
  const unanswered = outcome === 'failed' || outcome === 'no-answer';
  return unanswered && sip !== null && sipUnreachable.has(sip) ? 'unreachable' : 'undetermined';
}

/** Twilio's own error code says more than the SIP code, where there is one. */
function reasonOf(sip: number | null, code: number | null, outcome: Outcome): Reason | null {
  if (code !== null) return { code: String(code), source: 'twilio', message: `Twilio noted error ${code}` };
  if (sip !== null && sip !== 200) return { code: String(sip), source: 'sip', message: sipMeaning(sip) };
  return outcome === 'canceled'
    ? { code: 'canceled', source: 'twilio', message: 'The call was ended before it was answered' }
    : null;
}

/**
 * Does Lookup forbid to dial? Only `valid: false`, and `inactive` when the line's status was asked, do.
 * Everything else, also Lookup being down or not knowing, is null: the call goes on.
 */
export function verdictOfLookup(lookup: LookupEvidence, asked: LookupMode): Verdict | null {
  const errors = lookup.validationErrors.join(', ');
  const reason: Reason | null =
    lookup.valid === false
      ? {
          code: lookup.validationErrors[0] ?? 'invalid',
          source: 'lookup',
          message: `Lookup says that this is no valid number${errors && `: ${errors}`}`,
        }
      : asked === 'lineStatus' && lookup.lineStatus === 'inactive'
        ? {
            code: 'inactive',
            source: 'lookup',
            message: 'Lookup says that the line is inactive: not in service',
          }
        : null;
  return reason && { outcome: 'invalid-number', reachability: 'invalid', reason, retryable: false };
}

/** The number must not be dialled: because nobody may, or because Twilio has shown in another call that there is none. */
export function verdictOfForbidden(forbidden: Forbidden): Verdict {
  const { code, message } = forbidden;
  if (code === 'known-invalid')
    return {
      outcome: 'invalid-number',
      reachability: 'invalid',
      reason: { ...forbidden.shown, message },
      retryable: false,
    };
  return {
    outcome: 'canceled',
    reachability: 'undetermined',
    reason: { code, source: 'policy', message },
    retryable: false,
  };
}

/** Lookup gave no answer: down, refusing, or too slow. */
export function noLookup(code: number | null, message: string): LookupEvidence {
  return {
    answered: false,
    valid: null,
    validationErrors: [],
    lineType: null,
    lineStatus: null,
    errors: [{ package: 'lookup', code, message }],
  };
}

/** No attempt was allowed before `giveUpAt`. */
export const expired: Verdict = {
  outcome: 'expired',
  reachability: 'undetermined',
  reason: {
    code: 'give-up-at',
    source: 'policy',
    message: 'No attempt could begin before the time at which to give up',
  },
  retryable: false,
};

/** The calling window never opens in all these time zones at once, or no zone is known: no time is the right one. */
export function neverOpen(timeZones: string[]): Verdict {
  const zones = timeZones.length > 3 ? `all ${timeZones.length} time zones at once` : timeZones.join(' and ');
  const message =
    timeZones.length === 0
      ? "No time zone is known for the number, so nobody can tell when its calling window is open; give the window's timeZone"
      : `The calling window does not open within 400 days in ${zones}; give it other hours, other dates or a timeZone`;
  return { ...expired, reason: { code: 'calling-window', source: 'policy', message } };
}

/** Canceled while Twilio had no call of ours. */
export function canceledByUs(why: string | null): Verdict {
  return {
    outcome: 'canceled',
    reachability: 'undetermined',
    reason: { code: 'canceled', source: 'policy', message: why ?? 'Canceled on request' },
    retryable: false,
  };
}

/** Even Twilio could not say in time. */
export const undecided: Verdict = {
  outcome: 'unknown',
  reachability: 'undetermined',
  reason: {
    code: 'no-final-status',
    source: 'policy',
    message: 'Twilio gave no final status before the time in which the truth is sought was over',
  },
  retryable: true,
};

/** Twilio's AMD word as ours. `null` without machine detection. Source: Twilio, "Answering Machine Detection". */
export function answeredByOf(word: string | null): AnsweredBy | null {
  if (word === null) return null;
  if (word === 'human' || word === 'fax') return word;
  return word.startsWith('machine') ? 'machine' : 'unknown';
}

/** Surely no person? Where the detection could not tell, it may have been one. */
export function isMachine(answeredBy: AnsweredBy | null): boolean {
  return answeredBy === 'machine' || answeredBy === 'fax';
}

/** The source of an update, as the decider it is. */
export function deciderOf(update: CallUpdate): DecidedBy {
  return update.source;
}
