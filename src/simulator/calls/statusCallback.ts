import { shapeOf } from '../numbers/numberingPlan.js';
import { newSid } from '../sid.js';
import { twilioDate } from '../twilioDate.js';
import type { CallbackEvent } from './createRequest.js';
import { currentOf, finalStatuses, type SimulatedCall } from './simulatedCall.js';

/** One status callback, with the state at its event. */
export interface StatusCallback {
  event: CallbackEvent;
  url: string;
  method: 'GET' | 'POST';
  params: Record<string, string>;
}

/**
 * Returns the status callback for an event that happens now, with the call's next `SequenceNumber`.
 *
 * Source: Twilio, parameters of a call's status callback.
 */
export function statusCallbackOf(
  call: SimulatedCall,
  event: CallbackEvent,
  target: { url: string; method: 'GET' | 'POST' },
): StatusCallback {
  const { request } = call;
  const now = currentOf(call);
  const status = event === 'initiated' ? 'initiated' : now.status;
  const params: Record<string, string> = {
    CallSid: call.sid,
    AccountSid: call.accountSid,
    ApiVersion: '2010-04-01',
    Direction: 'outbound-api',
    CallStatus: status,
    Timestamp: twilioDate(new Date()),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(call.eventsFired++),
    ...partyParams(['To', 'Called'], request.to),
    ...partyParams(['From', 'Caller'], request.from),
  };
  if (status === 'ringing' || status === 'in-progress') params.StirStatus = 'B';
  if (finalStatuses.has(status)) {
    const seconds = now.durationSeconds ?? 0;
    params.CallDuration = String(seconds);
    params.Duration = String(Math.ceil(seconds / 60));
    if (now.sip !== null) params.SipResponseCode = String(now.sip);
    if (now.answeredBy !== null) params.AnsweredBy = now.answeredBy;
    if (request.record && status === 'completed') {
      const sid = newSid('RE');
      params.RecordingSid = sid;
      params.RecordingUrl = `https://api.twilio.com/2010-04-01/Accounts/${call.accountSid}/Recordings/${sid}`;
      params.RecordingDuration = String(seconds);
    }
  }
  return { event, ...target, params };
}

/**
 * Number and location of one party, under both of its names. Most parts of the location are empty, as at
 * Twilio.
 */
function partyParams(names: [string, string], number: string): Record<string, string> {
  const { country, city } = shapeOf(number);
  return Object.fromEntries(
    names.flatMap((name) => [
      [name, number],
      [`${name}City`, city],
      [`${name}State`, ''],
      [`${name}Zip`, ''],
      [`${name}Country`, country ?? ''],
    ]),
  );
}
