import type { CallActivities } from '../workflows/callActivities.js';
import { clientOf } from './accounts/clientOf.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { retryLater, twilioUnavailable } from './twilio/retryable.js';

/**
 * Faults of our own URLs and TwiML: 11xxx, 12xxx and 15xxx. They do not make a call fail. Source: Twilio
 * error dictionary.
 */
const ownConfigurationErrors = /^1[125]\d{3}$/;
/** `log` of a notification: "0" error, "1" warning. */
const errorLevel = '0';

/**
 * Reads from a call's notifications why it failed; an error takes precedence over a warning. Throws
 * `CallNotSeen` while there is none: Twilio writes them a moment later, if at all.
 */
export function fetchErrorCode(deps: ActivityDeps): CallActivities['fetchErrorCode'] {
  return async ({ callSid, account }) => {
    const notifications = await clientOf(deps, 'CallNotSeen', account)
      .calls(callSid)
      .notifications.list({ limit: 50 })
      .catch((error) => {
        throw twilioUnavailable('CallNotSeen', error);
      });
    const relevant = notifications.filter(
      ({ errorCode }) => /^\d{5}$/.test(errorCode) && !ownConfigurationErrors.test(errorCode),
    );
    const deciding = relevant.find(({ log }) => log === errorLevel) ?? relevant[0];
    if (!deciding) throw retryLater('CallNotSeen', 'Twilio has no notification for the call yet');
    return { code: Number(deciding.errorCode), message: deciding.messageText ?? '' };
  };
}
