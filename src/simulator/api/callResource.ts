import type { LifeClock } from '../calls/lifeClock.js';
import { finalStatuses, type Moment, type SimulatedCall } from '../calls/simulatedCall.js';
import { lagSeconds } from '../numbers/faults.js';
import { displayed } from '../numbers/numberingPlan.js';
import { twilioDate, twilioDateOrNull } from '../twilioDate.js';

/** A status that Twilio does not have. */
const newStatusWord = 'wrapping-up';

/** A call as a read shows it now. */
export interface SeenCall {
  call: SimulatedCall;
  moment: Moment;
  /** Usually that of `moment`. */
  status: string;
}

/**
 * Returns what a read of the call shows, which may lag behind as its number says; null if the read does not
 * find it.
 */
export function seenCall(call: SimulatedCall, clock: LifeClock): SeenCall | null {
  const { fault } = call.behavior.readFault;
  const lagging = (since: Date) => clock.secondsSince(since.getTime()) < lagSeconds;
  if (fault === 'never-found') return null;
  if (fault === 'not-found-at-first' && lagging(call.createdAt)) return null;
  const moments = call.moments.filter(
    (moment, index) =>
      index === 0 ||
      !(
        (fault === 'stale' && lagging(moment.at)) ||
        (fault === 'never-final' && finalStatuses.has(moment.status))
      ),
  );
  const moment = moments.at(-1);
  if (!moment) return null;
  const hasNewStatus = fault === 'new-status' && finalStatuses.has(moment.status) && lagging(moment.at);
  return { call, moment, status: hasNewStatus ? newStatusWord : moment.status };
}

/** The Call resource as the API answers it: with every field, null if it has no value. */
export function callResource({ call, moment, status }: SeenCall): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${call.accountSid}/Calls/${call.sid}`;
  const { to, from } = call.request;
  const resource: Record<string, unknown> = {
    sid: call.sid,
    account_sid: call.accountSid,
    parent_call_sid: null,
    phone_number_sid: null,
    group_sid: null,
    trunk_sid: null,
    to,
    to_formatted: displayed(to),
    from,
    from_formatted: displayed(from),
    status,
    date_created: twilioDate(call.createdAt),
    date_updated: twilioDate(moment.at),
    start_time: twilioDateOrNull(moment.startedAt),
    end_time: twilioDateOrNull(moment.endedAt),
    duration: moment.durationSeconds === null ? null : String(moment.durationSeconds),
    price: null,
    price_unit: 'USD',
    direction: 'outbound-api',
    answered_by: moment.answeredBy,
    annotation: null,
    api_version: '2010-04-01',
    forwarded_from: null,
    caller_name: null,
    queue_time: String(call.queueMilliseconds),
    uri: `${uri}.json`,
    subresource_uris: Object.fromEntries(
      subresources.map((path) => [snakeCase(path), `${uri}/${path}.json`]),
    ),
  };
  if (call.behavior.readFault.fault === 'missing-fields') {
    Object.assign(resource, { duration: '', end_time: '', start_time: '' });
    delete resource.answered_by;
    delete resource.queue_time;
    delete resource.price;
  }
  return resource;
}

/** `StatusCallbackEvent` → `status_callback_event`, `Say2` → `say2`. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

const subresources = [
  'Events',
  'Notifications',
  'Payments',
  'Recordings',
  'Siprec',
  'Streams',
  'Transcriptions',
  'UserDefinedMessageSubscriptions',
  'UserDefinedMessages',
];
