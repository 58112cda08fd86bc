import type { Attempt } from '../workflows/callOutcome.js';
import { updateFromCallback } from '../workflows/callUpdate.js';
import { verdictOf } from '../workflows/createError.js';
import { newAttempt } from '../workflows/newAttempt.js';
import { type Ending, endingOf } from '../workflows/retryClass.js';
import type { TerminalStatus } from '../workflows/twilioStatus.js';

/** What Twilio would say of the call, by the word that a person has for it. */
const statusOfWord: Record<string, { status: TerminalStatus; answeredBy?: string }> = {
  answered: { status: 'completed', answeredBy: 'human' },
  'answered-by-machine': { status: 'completed', answeredBy: 'machine_start' },
  busy: { status: 'busy' },
  'no-answer': { status: 'no-answer' },
  failed: { status: 'failed' },
  canceled: { status: 'canceled' },
  unreachable: { status: 'failed' },
};

/** A create that Twilio refuses; of those whose outcome is `rejected`, the one that a policy may come back to. */
const refusalOfWord: Record<string, number> = { rejected: 21214, 'invalid-number': 21211 };

/** The status with which a SIP code usually comes; `failed` with all others. */
const statusOfSip: Record<number, TerminalStatus> = { 486: 'busy', 487: 'no-answer', 600: 'busy' };

const words = [...Object.keys(statusOfWord), ...Object.keys(refusalOfWord), 'unknown'];

/**
 * The ending of an attempt that a word stands for: an outcome, a class, or some of them joined by `+` such as
 * `busy+sip:486`. It is read off the evidence that Twilio would give, by the rules of a real call. A word that stands for
 * no ending comes back as what is wrong with it.
 */
export function rehearsedEnding(text: string): Ending | { wrong: string } {
  const parts = text.split('+');
  const codeOf = (kind: string, pattern: RegExp) => {
    const found = parts.find(
      (part) => part.startsWith(`${kind}:`) && pattern.test(part.slice(kind.length + 1)),
    );
    return found === undefined ? null : Number(found.slice(kind.length + 1));
  };
  const sip = codeOf('sip', /^[1-6]\d\d$/);
  const error = codeOf('error', /^[1-9]\d{3,5}$/);
  const named = parts.filter((part) => words.includes(part));
  if (named.length + [sip, error].filter((code) => code !== null).length !== parts.length || named.length > 1)
    return {
      wrong: `is no ending of an attempt; must be one of ${words.join(', ')}, sip:CODE, error:CODE, or one of each joined by +`,
    };

  const [word] = named;
  if (word === 'unknown') return endingOf(newAttempt(1));
  const refusal = (word === undefined ? null : refusalOfWord[word]) ?? (isOfCreate(error) ? error : null);
  if (refusal !== null && (word === undefined || word in refusalOfWord)) {
    const code = error ?? refusal;
    const verdict = verdictOf({ code, httpStatus: 400, message: '' });
    return verdict === 'account-trouble' || verdict === 'not-processed'
      ? { wrong: 'ends no attempt: the call waits, and dials when Twilio takes it' }
      : endingOf(refused(code));
  }
  const { status, answeredBy = '' } = word
    ? (statusOfWord[word] as { status: TerminalStatus; answeredBy?: string })
    : { status: statusOfSip[sip ?? 0] ?? ('failed' as const) };
  const ending = endingOf(called({ status, answeredBy, sip, error }));
  return word === 'unreachable' ? { ...ending, reachability: 'unreachable' } : ending;
}

/** Does Twilio say this of a create rather than of a call? Source: its error dictionary: 2xxxx are errors of the REST API. */
function isOfCreate(code: number | null): boolean {
  if (code === null) return false;
  return (
    Math.floor(code / 10_000) === 2 || verdictOf({ code, httpStatus: 400, message: '' }) === 'invalid-number'
  );
}

function refused(code: number): Attempt {
  const attempt = newAttempt(1);
  const error = { code, httpStatus: 400, message: '' };
  return { ...attempt, evidence: { ...attempt.evidence, create: { sidFrom: null, error, unclear: null } } };
}

function called(said: {
  status: string;
  answeredBy: string;
  sip: number | null;
  error: number | null;
}): Attempt {
  const attempt = newAttempt(1);
  const update = updateFromCallback({
    CallSid: 'CA',
    CallStatus: said.status,
    AnsweredBy: said.answeredBy,
    SipResponseCode: String(said.sip ?? ''),
    ErrorCode: String(said.error ?? ''),
    // Without a SIP code that says otherwise it has rung: two events came before.
    SequenceNumber: said.sip === null && said.status !== 'failed' ? '2' : '',
  });
  return { ...attempt, evidence: { ...attempt.evidence, updates: update ? [update] : [] } };
}
