import { behaviorOf } from '../../src/simulator/numbers/numbers.js';
import type { Attempt } from '../../workflows/callOutcome.js';
import type { CallRequest, Outcome } from '../../workflows/callRequest.js';
import { classifyRefusal } from '../../workflows/rules/twilioRefusal.js';
import type { TwilioCall } from './collectEvidence.js';

/**
 * The outcome of each final status of Twilio. `failed` with SIP 480 is a `no-answer`. Source: the outcomes in
 * README.
 */
const outcomeOfStatus: Record<string, Outcome> = {
  completed: 'answered',
  busy: 'busy',
  'no-answer': 'no-answer',
  failed: 'failed',
  canceled: 'canceled',
};

/**
 * Differences between the record of an attempt and the call that Twilio made for it, if any. Empty: the
 * record is true.
 */
export function untruthsOfAttempt(
  attempt: Attempt,
  twilio: TwilioCall | undefined,
  request: CallRequest,
): string[] {
  return twilio ? untruthsOfCall(attempt, twilio, request) : untruthsOfRefusal(attempt, request);
}

function untruthsOfCall(attempt: Attempt, twilio: TwilioCall, request: CallRequest): string[] {
  const wrong: string[] = [];
  const report = (what: string, recorded: unknown, truth: unknown) =>
    wrong.push(`${what} is recorded as ${JSON.stringify(recorded)} but is ${JSON.stringify(truth)}`);

  const outcome = outcomeOfStatus[twilio.status];
  if (outcome === undefined) report('the status', attempt.status, `${twilio.status}, which is not over`);
  if (attempt.callSid !== twilio.sid) report('the SID', attempt.callSid, twilio.sid);
  if (attempt.status !== twilio.status) report('the status', attempt.status, twilio.status);
  // Only callbacks have a SIP code. A record that a callback decided must have it.
  const { sipResponseCode: sip, decidedBy } = attempt;
  if (sip !== twilio.sipResponseCode && (sip !== null || decidedBy === 'webhook'))
    report('the SIP code', sip, twilio.sipResponseCode);
  const expected = twilio.status === 'failed' && sip === 480 ? 'no-answer' : outcome;
  if (attempt.outcome !== expected) report('the outcome', attempt.outcome, expected);
  if (decidedBy !== 'webhook' && decidedBy !== 'poll') report('who decided', decidedBy, 'webhook or poll');
  // Callbacks say 0 where the Call resource has no value.
  const duration = attempt.durationSeconds;
  if (duration !== null && duration !== (twilio.durationSeconds ?? 0))
    report('the duration', duration, twilio.durationSeconds);
  const answeredBy = answererOf(twilio.answeredBy);
  if (attempt.answeredBy !== null && attempt.answeredBy !== answeredBy)
    report('who answered', attempt.answeredBy, answeredBy);
  const codes = twilio.notifications.map(({ code }) => code);
  if (attempt.errorCode !== null && !codes.includes(attempt.errorCode))
    report('the error code', attempt.errorCode, codes);
  if (attempt.evidence.updates.some(({ callSid }) => callSid !== twilio.sid))
    wrong.push('its evidence names another SID');
  if (twilio.to !== request.to || twilio.from !== request.from)
    wrong.push(`Twilio called ${twilio.to} from ${twilio.from}, which is not the request`);
  return wrong;
}

/** An attempt without a Twilio call must have been refused with the code of its number. */
function untruthsOfRefusal(attempt: Attempt, request: CallRequest): string[] {
  if (attempt.callSid !== null) return [`it names ${attempt.callSid}, which Twilio does not have`];
  const { refusal, createFault } = behaviorOf(request.to);
  const answer = createFault?.fault.answer;
  const code = refusal?.code ?? (answer?.kind === 'error' ? answer.code : null);
  const verdict = code === null ? null : classifyRefusal({ code, httpStatus: 400, message: '' });
  const expected = verdict === 'invalid-number' || verdict === 'rejected' ? verdict : null;
  if (attempt.outcome !== expected || attempt.errorCode !== code)
    return [
      `Twilio has no call for it, but it is recorded as ${attempt.outcome} (${attempt.errorCode}); the number is ${expected === null ? 'not refused' : `${expected} (${code})`}`,
    ];
  return attempt.status === null ? [] : [`Twilio has no call for it, but its status is ${attempt.status}`];
}

function answererOf(value: string | null): string | null {
  if (value === null || value === 'human' || value === 'fax') return value;
  return value.startsWith('machine_') ? 'machine' : 'unknown';
}
