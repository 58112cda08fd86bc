import type { Forbidden } from '../callActivities.js';
import type {
  AnsweredBy,
  Attempt,
  CallUpdate,
  LookupEvidence,
  Reachability,
  Reason,
  TwilioError,
} from '../callOutcome.js';
import type { LookupMode, Outcome } from '../callRequest.js';
import { mergeUpdates } from './callUpdate.js';
import { sipMeaning, sipUnwantedCode, unreachableSipCodes } from './sipResponse.js';
import { classifyRefusal, unreachableErrorCodes } from './twilioRefusal.js';
import { isTerminal, type TerminalStatus } from './twilioStatus.js';
import { forbiddenMessage } from './wording.js';

/** How an attempt turned out, or a call that had none: what the evidence says. */
export interface Verdict {
  outcome: Outcome;
  reachability: Reachability;
  reason: Reason | null;
  answeredBy: AnsweredBy | null;
  errorCode: number | null;
  sipResponseCode: number | null;
  /** False: never dialed again, whatever the retry policy says. */
  retryable: boolean;
}

const noCodes = { answeredBy: null, errorCode: null, sipResponseCode: null } as const;

/** Twilio's final statuses. `failed` is refined by the SIP code below. */
const byStatus: Record<TerminalStatus, Outcome> = {
  completed: 'answered',
  busy: 'busy',
  'no-answer': 'no-answer',
  failed: 'failed',
  canceled: 'canceled',
};

/** Outcomes after which a policy may ask to dial again. The others are final by what they are, except an answer by a machine. */
const retryableOutcomes: ReadonlySet<Outcome> = new Set([
  'busy',
  'no-answer',
  'failed',
  'unknown',
  'rejected',
]);

/**
 * How an attempt turned out, read off its evidence alone: Twilio's status and SIP code, the refusal of the create, the error
 * code found for the call. `unknown` while the evidence does not decide. `merged`: its updates as one, if that is known.
 */
export function verdictOfAttempt(
  attempt: Attempt,
  merged: CallUpdate | null = mergeUpdates(attempt.evidence.updates),
): Verdict {
  if (merged && isTerminal(merged.status)) return verdictOfStatus(merged.status, merged, attempt.errorCode);
  const refusal = attempt.evidence.create?.error;
  return refusal ? verdictOfRefusal(refusal) : unknownVerdict;
}

function verdictOfRefusal(error: TwilioError): Verdict {
  const isInvalid = classifyRefusal(error) === 'invalid-number';
  const isUnreachable = error.code !== null && unreachableErrorCodes.has(error.code);
  return {
    ...noCodes,
    outcome: isInvalid ? 'invalid-number' : 'rejected',
    reachability: isInvalid ? 'invalid' : isUnreachable ? 'unreachable' : 'undetermined',
    reason: {
      code: error.code === null ? `http-${error.httpStatus}` : String(error.code),
      source: 'twilio',
      message: error.message,
    },
    errorCode: error.code,
    // Twilio's other refusals stay as they are until somebody fixes the request or the account.
    retryable: error.code === 21214,
  };
}

/** `found`: the error code found for a failed call. It says nothing of a call that did not fail after all. */
function verdictOfStatus(status: TerminalStatus, merged: CallUpdate, found: number | null): Verdict {
  const sip = merged.sipResponseCode;
  const errorCode = merged.errorCode ?? (status === 'failed' ? found : null);
  const outcome = status === 'failed' && sip === 480 ? 'no-answer' : byStatus[status];
  const answeredBy = answeredByOf(merged.answeredBy);
  return {
    outcome,
    reachability: reachabilityOf(outcome, merged.rang, sip, errorCode),
    reason: outcome === 'answered' ? null : reasonOf(sip, errorCode, outcome),
    answeredBy,
    errorCode,
    sipResponseCode: sip,
    retryable:
      outcome === 'answered'
        ? isMachine(answeredBy)
        : retryableOutcomes.has(outcome) && sip !== sipUnwantedCode,
  };
}

function reachabilityOf(
  outcome: Outcome,
  rang: boolean,
  sip: number | null,
  code: number | null,
): Reachability {
  if (code !== null && unreachableErrorCodes.has(code)) return 'unreachable';
  const unanswered = outcome === 'failed' || outcome === 'no-answer';
  // Early media, such as "this number is not in service", can pass for ringing. So having rung does not outweigh these.
  if (unanswered && sip !== null && unreachableSipCodes.has(sip)) return 'unreachable';
  if (unanswered && sip === 480 && !rang) return 'unreachable';
  if (outcome === 'answered' || outcome === 'busy') return 'reachable';
  return outcome === 'no-answer' && rang ? 'reachable' : 'undetermined';
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
 * Does Lookup forbid to dial? Only `valid: false`, and `inactive` in mode `lineStatus` do.
 * Everything else, also Lookup being down or not knowing, is null: the call goes on.
 */
export function verdictOfLookup(lookup: LookupEvidence, mode: LookupMode): Verdict | null {
  const errors = lookup.validationErrors.join(', ');
  const reason: Reason | null =
    lookup.valid === false
      ? {
          code: lookup.validationErrors[0] ?? 'invalid',
          source: 'lookup',
          message: `Lookup says that this is no valid number${errors && `: ${errors}`}`,
        }
      : mode === 'lineStatus' && lookup.lineStatus === 'inactive'
        ? {
            code: 'inactive',
            source: 'lookup',
            message: 'Lookup says that the line is inactive: not in service',
          }
        : null;
  return (
    reason && { ...noCodes, outcome: 'invalid-number', reachability: 'invalid', reason, retryable: false }
  );
}

/** The number must not be dialed. */
export function verdictOfForbidden(forbidden: Forbidden): Verdict {
  const message = forbiddenMessage(forbidden);
  if (forbidden.by === 'known-invalid') {
    const { code, source } = forbidden;
    const reason: Reason = { code, source, message };
    return { ...noCodes, outcome: 'invalid-number', reachability: 'invalid', reason, retryable: false };
  }
  const reason: Reason = { code: forbidden.by, source: 'policy', message };
  return { ...noCodes, outcome: 'canceled', reachability: 'undetermined', reason, retryable: false };
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
export const expiredVerdict: Verdict = {
  ...noCodes,
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
export function windowNeverOpens(timeZones: string[]): Verdict {
  const zones = timeZones.length > 3 ? `all ${timeZones.length} time zones at once` : timeZones.join(' and ');
  const message =
    timeZones.length === 0
      ? "No time zone is known for the number, so nobody can tell when its calling window is open; give the window's timeZone"
      : `The calling window does not open within 400 days in ${zones}; give it other hours, other dates or a timeZone`;
  return { ...expiredVerdict, reason: { code: 'calling-window', source: 'policy', message } };
}

/** Canceled while Twilio had no call of ours. */
export function canceledVerdict(why: string | null): Verdict {
  return {
    ...noCodes,
    outcome: 'canceled',
    reachability: 'undetermined',
    reason: { code: 'canceled', source: 'policy', message: why ?? 'Canceled on request' },
    retryable: false,
  };
}

/** Even Twilio could not say in time. */
export const unknownVerdict: Verdict = {
  ...noCodes,
  outcome: 'unknown',
  reachability: 'undetermined',
  reason: {
    code: 'no-final-status',
    source: 'policy',
    message:
      'Twilio was asked after the last moment at which the call could be alive, and gave no final status',
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
