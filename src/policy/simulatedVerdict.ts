import { newAttempt } from '../../workflows/call/attempt.js';
import type { Attempt } from '../../workflows/callOutcome.js';
import { updateFromCallback } from '../../workflows/rules/callUpdate.js';
import type { RetryBasis } from '../../workflows/rules/retry.js';
import { classifyRefusal } from '../../workflows/rules/twilioRefusal.js';
import type { TerminalStatus } from '../../workflows/rules/twilioStatus.js';
import { verdictOfAttempt } from '../../workflows/rules/verdict.js';

/** Twilio's status for each word that a person may use. */
const simulatedStatus: Record<string, { status: TerminalStatus; answeredBy?: string }> = {
  answered: { status: 'completed', answeredBy: 'human' },
  'answered-by-machine': { status: 'completed', answeredBy: 'machine_start' },
  busy: { status: 'busy' },
  'no-answer': { status: 'no-answer' },
  failed: { status: 'failed' },
  canceled: { status: 'canceled' },
  unreachable: { status: 'failed' },
};

/** The error code of a refused placement. 21214 is the one `rejected` code after which a policy may retry. */
const simulatedRefusal: Record<string, number> = { rejected: 21214, 'invalid-number': 21211 };

/** The status that usually comes with a SIP code. All other codes come with `failed`. */
const statusOfSip: Record<number, TerminalStatus> = { 486: 'busy', 487: 'no-answer', 600: 'busy' };

const words = [...Object.keys(simulatedStatus), ...Object.keys(simulatedRefusal), 'unknown'];

/**
 * Returns the verdict on an attempt that turns out as `text` says: an outcome, a retry class, or some of them
 * joined by `+`, such as `busy+sip:486`. The rules of a real call judge the evidence that Twilio would give.
 * If `text` stands for no verdict, returns what is wrong with it.
 */
export function simulatedVerdict(text: string): RetryBasis | { wrong: string } {
  const parts = text.split('+');
  const codeOf = (kind: string, pattern: RegExp) => {
    const found = parts.find(
      (part) => part.startsWith(`${kind}:`) && pattern.test(part.slice(kind.length + 1)),
    );
    return found === undefined ? null : Number(found.slice(kind.length + 1));
  };
  const sip = codeOf('sip', /^[1-6]\d\d$/);
  const error = codeOf('error', /^[1-9]\d{3,5}$/);
  const outcomeWords = parts.filter((part) => words.includes(part));
  if (
    outcomeWords.length + [sip, error].filter((code) => code !== null).length !== parts.length ||
    outcomeWords.length > 1
  )
    return {
      wrong: `is not a way in which an attempt can end; must be one of ${words.join(', ')}, sip:CODE, error:CODE, or one of each joined by +`,
    };

  const [word] = outcomeWords;
  if (word === 'unknown') return verdictOfAttempt(newAttempt(1));
  const refusal =
    (word === undefined ? null : simulatedRefusal[word]) ?? (isPlacementError(error) ? error : null);
  if (refusal !== null && (word === undefined || word in simulatedRefusal)) {
    const code = error ?? refusal;
    const refusalClass = classifyRefusal({ code, httpStatus: 400, message: '' });
    return refusalClass === 'account-trouble' || refusalClass === 'not-processed'
      ? { wrong: 'ends no attempt: the call waits until Twilio accepts it' }
      : verdictOfAttempt(refusedAttempt(code));
  }
  const { status, answeredBy = '' } = word
    ? (simulatedStatus[word] as { status: TerminalStatus; answeredBy?: string })
    : { status: statusOfSip[sip ?? 0] ?? ('failed' as const) };
  const verdict = verdictOfAttempt(calledAttempt({ status, answeredBy, sip, error }));
  return word === 'unreachable' ? { ...verdict, reachability: 'unreachable' } : verdict;
}

/**
 * Does this code refuse a placement, rather than end a call? Source: Twilio's error dictionary, 2xxxx: REST
 * API.
 */
function isPlacementError(code: number | null): boolean {
  if (code === null) return false;
  return (
    Math.floor(code / 10_000) === 2 ||
    classifyRefusal({ code, httpStatus: 400, message: '' }) === 'invalid-number'
  );
}

function refusedAttempt(code: number): Attempt {
  const attempt = newAttempt(1);
  const error = { code, httpStatus: 400, message: '' };
  return { ...attempt, evidence: { ...attempt.evidence, create: { sidFrom: null, error, unclear: null } } };
}

function calledAttempt(callback: {
  status: string;
  answeredBy: string;
  sip: number | null;
  error: number | null;
}): Attempt {
  const attempt = newAttempt(1);
  const update = updateFromCallback({
    CallSid: 'CA',
    CallStatus: callback.status,
    AnsweredBy: callback.answeredBy,
    SipResponseCode: String(callback.sip ?? ''),
    ErrorCode: String(callback.error ?? ''),
    // Sequence number 2 means that it rang. A SIP code or `failed` decides by itself whether it rang.
    SequenceNumber: callback.sip === null && callback.status !== 'failed' ? '2' : '',
  });
  return { ...attempt, evidence: { ...attempt.evidence, updates: update ? [update] : [] } };
}
