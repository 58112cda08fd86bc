import type { Attempt, CallOutcome, CallState, Dialing } from '../client/ringtrue.js';

/** Why a call does not ring, or how it ended and why: sentences, and what somebody could do. */
export interface Explanation {
  facts: string[];
  fixes: string[];
}

/** `dialing`: null if it may not be read. */
export function explanationOf(call: CallState, dialing: Dialing | null): Explanation {
  const attempts = call.attempts.map(attemptSentence);
  if (call.outcome !== null) return ended(call.outcome, attempts);
  if (call.state === 'done')
    return {
      facts: [call.error ?? 'The call ended without an outcome.', ...attempts],
      fixes: ['To call the number again, use place_call with another idempotencyKey.'],
    };
  const running = underWay(call);
  const stopped = atTwilio.has(call.state)
    ? { facts: [], fixes: [] }
    : dialingStopped(dialing, call.to ?? '');
  return {
    facts: [...running.facts, ...stopped.facts, ...attempts],
    fixes: [...running.fixes, ...stopped.fixes],
  };
}

/** States in which Twilio has the call. */
const atTwilio = new Set(['queued', 'ringing', 'in-progress']);

function underWay({
  state,
  to,
  stale,
  waitingFor,
  nextAttemptAt,
  paused,
  pauseReason,
}: CallState): Explanation {
  const facts = [`The call to ${to ?? 'its number'} is under way: ${state}.`];
  const fixes: string[] = [];
  if (waitingFor !== null) facts.push(`It waits for ${waitingFor}.`);
  if (nextAttemptAt !== null) facts.push(`Its next attempt begins at ${nextAttemptAt} at the earliest.`);
  if (paused) {
    facts.push(`It is paused${pauseReason === null ? '' : `: ${pauseReason}`}.`);
    fixes.push('Resume it with `ringtrue resume CALL_ID`, if whoever paused it agrees.');
  }
  if (stale) {
    facts.push('No worker answers for this call, so this is its last recorded state.');
    fixes.push('See whether a worker runs: start one with `ringtrue worker`, or read its log.');
  }
  return { facts, fixes };
}

function dialingStopped(dialing: Dialing | null, to: string): Explanation {
  if (dialing === null) return { facts: [], fixes: [] };
  const { paused, breaker } = dialing;
  const facts: string[] = [];
  const fixes: string[] = [];
  if (paused !== null) {
    const by = paused.by === null ? '' : ` by ${paused.by}`;
    const why = paused.reason === null ? '' : `: ${paused.reason}`;
    facts.push(`All dialing is paused since ${paused.since}${by}${why}.`);
    fixes.push('Resume dialing with `ringtrue dialing resume`, if whoever paused it agrees.');
  }
  const isHeld = breaker.prefixes === null || breaker.prefixes.some((prefix) => to.startsWith(prefix));
  if (breaker.state !== 'closed' && isHeld) {
    const why = breaker.reason === null ? '' : `: ${breaker.reason}`;
    facts.push(`The circuit breaker is ${breaker.state}${why}. It tests Twilio by itself.`);
    fixes.push('Correct what the circuit breaker names. Calls then go on by themselves.');
  }
  return { facts, fixes };
}

function ended(outcome: CallOutcome, attempts: string[]): Explanation {
  const { to, reason, decidedBy, reachability, answeredBy, endedBecause, lookup } = outcome;
  const who = answeredBy === null ? '' : ` by ${answeredBy}`;
  const facts = [
    `The call to ${to} is over: ${outcome.outcome}${who}, decided by ${decidedBy}.`,
    ...(reason === null ? [] : [`Reason: ${reason.message} (${reason.source} ${reason.code}).`]),
    `No more attempts: ${endedBecause.message}.`,
    `The number is ${reachability}.`,
    ...(lookup === null || lookup.answered ? [] : ['Lookup could not be asked.']),
    ...attempts,
  ];
  return { facts, fixes: fixesAfter(outcome) };
}

function fixesAfter({ outcome, endedBecause }: CallOutcome): string[] {
  if (outcome === 'answered') return [];
  switch (endedBecause.code) {
    case 'do-not-call':
      return ['The number is on the do-not-call list. Do not call it, unless an operator takes it off.'];
    case 'give-up-at':
      return ['Place it again with a later giveUpAt and another idempotencyKey.'];
    case 'window-never-opens':
      return ['Place it again with another callingWindow and another idempotencyKey.'];
  }
  if (outcome === 'invalid-number') return ['Correct the number: Twilio says that it does not exist.'];
  return ['To call again, use place_call with another idempotencyKey, perhaps with a retry policy.'];
}

function attemptSentence(attempt: Attempt): string {
  const { number, status, outcome, decidedBy, sipResponseCode, errorCode, durationSeconds, reason } = attempt;
  const parts = [
    outcome === null ? `Twilio says ${status ?? 'nothing yet'}` : `${outcome}, decided by ${decidedBy}`,
    ...(sipResponseCode === null ? [] : [`SIP ${sipResponseCode}`]),
    ...(errorCode === null ? [] : [`Twilio's error ${errorCode}`]),
    ...(durationSeconds === null ? [] : [`${durationSeconds} seconds`]),
    ...(reason === null ? [] : [reason.message]),
    ...(attempt.evidence.disagreed ? ['callback and poll disagreed'] : []),
  ];
  const unclear = attempt.evidence.create?.unclear;
  if (unclear != null && outcome === null) parts.push(`it is not clear whether a call was made: ${unclear}`);
  return `Attempt ${number}: ${parts.join('; ')}.`;
}
