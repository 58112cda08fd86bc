import type { CallUpdate } from '../callOutcome.js';
import { isTerminal, orderOf } from './twilioStatus.js';

/**
 * Reads the parameters of a status callback; null when they are none (no `CallSid` or no `CallStatus`).
 * Empty parameters count as absent. Source: Twilio, "StatusCallback request parameters".
 */
export function updateFromCallback(params: Record<string, unknown>): CallUpdate | null {
  const callSid = text(params.CallSid);
  const status = text(params.CallStatus);
  if (callSid === null || status === null) return null;
  const sequence = wholeNumber(params.SequenceNumber);
  return {
    source: 'webhook',
    callSid,
    status,
    sequence,
    at: isoTime(params.Timestamp),
    sipResponseCode: wholeNumber(params.SipResponseCode),
    errorCode: wholeNumber(params.ErrorCode),
    // CallDuration counts seconds; the parameter named Duration counts begun minutes.
    durationSeconds: wholeNumber(params.CallDuration),
    answeredBy: text(params.AnsweredBy),
    rang: hasRung(status, sequence),
  };
}

/**
 * Did the phone ring? Said outright by `ringing` and by an answer. A final `no-answer` or `busy` tells it by
 * its number: we subscribe to every event, and two fired before it only if `initiated` and `ringing` did.
 */
function hasRung(status: string, sequence: number | null): boolean {
  if (status === 'ringing' || status === 'in-progress' || status === 'completed') return true;
  return isTerminal(status) && sequence !== null && sequence >= 2;
}

/**
 * What is known of a Twilio call from everything that was heard about it, in whatever order it came;
 * null when nothing was. The best update counts, and what it leaves open is filled from the others
 * that tell the same status.
 */
export function mergeUpdates(updates: readonly CallUpdate[]): CallUpdate | null {
  const [best, ...others] = [...updates].sort(byKnowledge);
  if (!best) return null;
  const result = { ...best, rang: updates.some((u) => u.rang) };
  for (const other of others) {
    result.answeredBy ??= other.answeredBy;
    if (other.status !== best.status) continue;
    result.sequence ??= other.sequence;
    result.at ??= other.at;
    result.sipResponseCode ??= other.sipResponseCode;
    result.errorCode ??= other.errorCode;
    result.durationSeconds ??= other.durationSeconds;
  }
  return result;
}

/** Did two sources give different final statuses for the same call? */
export function disagree(updates: readonly CallUpdate[]): boolean {
  return new Set(updates.map((u) => u.status).filter(isTerminal)).size > 1;
}

/** Is this update known already? Twilio repeats a callback whose answer it lost. */
export function isRepeat(updates: readonly CallUpdate[], update: CallUpdate): boolean {
  return updates.some((u) => keyOf(u) === keyOf(update));
}

/**
 * Which of two updates knows more, first: a final status before any other; among final ones Twilio's
 * sequence number, among others the place in a call's life; then the one that says more. The rest makes
 * the order total, so that it never matters in which order updates came.
 */
function byKnowledge(a: CallUpdate, b: CallUpdate): number {
  const [aFinal, bFinal] = [isTerminal(a.status), isTerminal(b.status)];
  if (aFinal !== bFinal) return aFinal ? -1 : 1;
  const bySequence = (b.sequence ?? -1) - (a.sequence ?? -1);
  const byPlace = orderOf(b.status) - orderOf(a.status);
  return (
    (aFinal ? bySequence || byPlace : byPlace || bySequence) ||
    detailCount(b) - detailCount(a) ||
    (keyOf(a) < keyOf(b) ? -1 : 1)
  );
}

function detailCount(u: CallUpdate): number {
  const fields = [u.sequence, u.at, u.sipResponseCode, u.errorCode, u.durationSeconds, u.answeredBy];
  return fields.filter((field) => field !== null).length;
}

function keyOf(u: CallUpdate): string {
  return JSON.stringify([
    u.callSid,
    u.status,
    u.source,
    u.sequence,
    u.at,
    u.sipResponseCode,
    u.errorCode,
    u.durationSeconds,
    u.answeredBy,
    u.rang,
  ]);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A number Twilio writes as digits; anything else counts as not said. */
export function wholeNumber(value: unknown): number | null {
  const digits = typeof value === 'number' ? String(value) : value;
  return typeof digits === 'string' && /^\d{1,9}$/.test(digits) ? Number(digits) : null;
}

/** An RFC 2822 or ISO 8601 time as ISO 8601 UTC; null when it is neither. */
export function isoTime(value: unknown): string | null {
  const time = typeof value === 'string' && value !== '' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
