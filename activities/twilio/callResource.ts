import type { CallInstance } from 'twilio/lib/rest/api/v2010/account/call.js';
import type { CallUpdate } from '../../workflows/callOutcome.js';
import { wholeNumber } from '../../workflows/rules/callUpdate.js';
import { isTerminal } from '../../workflows/rules/twilioStatus.js';

/**
 * The update that a Call resource gives. It has no SIP code and no error code. Source: Twilio OpenAPI,
 * `api.v2010.account.call`.
 */
export function updateFromCall(call: CallInstance, rangBefore: boolean): CallUpdate {
  const status = String(call.status ?? '');
  const rings = status === 'ringing' || status === 'in-progress' || status === 'completed';
  return {
    source: 'poll',
    callSid: call.sid,
    status,
    sequence: null,
    // A call that was never answered has no end time; it was last changed when it ended.
    at: timeOf(call.endTime) ?? (isTerminal(status) ? timeOf(call.dateUpdated) : null),
    sipResponseCode: null,
    errorCode: null,
    durationSeconds: wholeNumber(call.duration),
    answeredBy: call.answeredBy || null,
    rang: rangBefore || rings,
  };
}

/** The SDK gives a Date, null, or an invalid Date for an empty string. */
export function timeOf(date: Date | null | undefined): string | null {
  return date instanceof Date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}
