import { newSid } from '../sid.js';
import { twilioDate } from '../twilioDate.js';
import { notificationTexts } from '../twilioErrors.js';
import type { CallNotification, SimulatedCall } from './simulatedCall.js';

/** Adds a Notification to the call. */
export function addNotification(
  call: SimulatedCall,
  code: number,
  about: { url?: string; method?: 'GET' | 'POST'; visibleInMs?: number; detail?: string } = {},
): void {
  const [level, text] = notificationTexts[code] ?? ['error', `Error ${code}`];
  const at = new Date();
  call.notifications.push({
    sid: newSid('NO'),
    code,
    level,
    text: about.detail ? `${text}: ${about.detail}` : text,
    at,
    visibleFrom: new Date(at.getTime() + (about.visibleInMs ?? 0)),
    requestUrl: about.url ?? null,
    requestMethod: about.method ?? null,
  });
}

/** The Notifications that can be read now. `log` is the API's filter: `0` errors, `1` warnings. */
export function notificationsOf(call: SimulatedCall, filter: { log: string | null; date: string | null }) {
  return call.notifications.filter(
    (one) =>
      one.visibleFrom.getTime() <= Date.now() &&
      (filter.log === null || filter.log === logLevel(one)) &&
      (filter.date === null || one.at.toISOString().startsWith(filter.date)),
  );
}

/** The Notification resource as the API answers it. */
export function notificationResource(call: SimulatedCall, one: CallNotification) {
  return {
    account_sid: call.accountSid,
    api_version: '2010-04-01',
    call_sid: call.sid,
    date_created: twilioDate(one.visibleFrom),
    date_updated: twilioDate(one.visibleFrom),
    error_code: String(one.code),
    log: logLevel(one),
    message_date: twilioDate(one.at),
    message_text: `ErrorCode=${one.code}&LogLevel=${one.level === 'error' ? 'ERROR' : 'WARN'}&Msg=${encodeURIComponent(one.text).replaceAll('%20', '+')}`,
    more_info: `https://www.twilio.com/docs/errors/${one.code}`,
    request_method: one.requestMethod,
    request_url: one.requestUrl,
    sid: one.sid,
    uri: `/2010-04-01/Accounts/${call.accountSid}/Calls/${call.sid}/Notifications/${one.sid}.json`,
  };
}

function logLevel(one: CallNotification): '0' | '1' {
  return one.level === 'error' ? '0' : '1';
}
