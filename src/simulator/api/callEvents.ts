import type { LifeClock } from '../calls/lifeClock.js';
import { type CallRequestRecord, currentOf, isOver, type SimulatedCall } from '../calls/simulatedCall.js';
import type { Unconfirmed } from '../simulatorOptions.js';
import { twilioDate } from '../twilioDate.js';
import { snakeCase } from './callResource.js';

/** The requests that the call's Events show now: none until some time after its end. */
export function eventsOf(
  call: SimulatedCall,
  clock: LifeClock,
  { eventsAfterSeconds }: Pick<Unconfirmed, 'eventsAfterSeconds'>,
): CallRequestRecord[] {
  const readable = isOver(call) && clock.secondsSince(currentOf(call).at.getTime()) >= eventsAfterSeconds;
  return readable ? call.requests : [];
}

/** An Event as the API answers it. */
export function eventResource(
  record: CallRequestRecord,
  { eventsShowSipCode }: Pick<Unconfirmed, 'eventsShowSipCode'>,
): Record<string, unknown> {
  const parameters = Object.entries(record.params)
    .filter(([name]) => eventsShowSipCode || name !== 'SipResponseCode')
    .map(([name, value]) => [snakeCase(name), value]);
  return {
    request: { method: record.method, url: record.url, parameters: Object.fromEntries(parameters) },
    response: record.response && {
      response_code: record.response.status,
      request_duration: record.response.milliseconds,
      content_type: record.response.contentType,
      response_body: record.response.body,
      date_created: twilioDate(record.at),
    },
  };
}
