import type { Attempt } from '../../../../workflows/callOutcome.js';
import type { CallAnswer } from '../../calls/callAnswer.js';
import { withMaskedNumbers } from '../parts/maskedNumber.js';
import { textOfMoment } from '../parts/moment.js';

/**
 * What the call waits for, or why it turned out as it did: one sentence for people, with numbers masked and times in
 * their zone.
 */
export function callSentence(call: CallAnswer, zone: string): string {
  return withMaskedNumbers(sentenceOf(call)).replace(isoTime, (at) => textOfMoment(at, zone));
}

const isoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

function sentenceOf(call: CallAnswer): string {
  const { outcome, workflowEnd, waitingFor, state, pauseReason } = call;
  if (workflowEnd !== undefined)
    return `Its workflow ended without an outcome (${workflowEnd.status}). Nobody knows how the call turned out`;
  if (outcome !== null) return outcome.reason?.message ?? outcome.endedBecause.message;
  if (call.paused)
    return `Paused${pauseReason === null ? '' : `: ${pauseReason}`}. It waits for somebody to resume it`;
  if (waitingFor !== null) return `Waits for ${waitingFor}`;
  const last = call.attempts.at(-1);
  switch (state) {
    case 'looking-up':
      return 'Lookup is asked about the number';
    case 'waiting':
      return 'Waits until the phone may ring';
    case 'placing':
      return 'Waits for capacity to be placed';
    case 'queued':
      return 'Twilio has the call in its queue';
    case 'ringing':
      return 'The phone rings';
    case 'in-progress':
      return 'Somebody, or something, has answered';
    case 'waiting-to-retry':
      return `Waits to dial again${afterAttempt(last)}`;
    case 'recording':
      return 'Its outcome is being recorded';
    case 'done':
      return 'Over';
  }
}

function afterAttempt(last: Attempt | undefined): string {
  return last?.outcome == null ? '' : ` after attempt ${last.number}: ${last.outcome}`;
}
