import type { ActivityEvent } from '../../activities/createActivities.js';
import type { TwilioSettings } from '../../activities/twilio/twilioClient.js';
import { createTwilioClient } from '../../activities/twilio/twilioClient.js';
import { TwilioRestError } from '../../activities/twilio/twilioRestError.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { retryForever } from '../process/retryForever.js';

/** Source: Twilio error 20008, "Resource not accessible with Test Account Credentials". */
const testCredentials = 20008;

/**
 * Asks Twilio at start whether it accepts the account, and repeats that until it does. The question is for
 * the newest call: it costs nothing, and every key that suits ringtrue may read it. Until Twilio has
 * answered, `readiness` says so, and the worker counts as ready.
 */
export async function watchAccount(
  twilio: TwilioSettings,
  parts: { readiness: Readiness; emit: (event: ActivityEvent) => void; log: Log; signal: AbortSignal },
): Promise<void> {
  const { readiness, emit, log, signal } = parts;
  const { calls } = createTwilioClient(twilio);
  const ask = () =>
    calls.page({ pageSize: 1 }).catch((error) => {
      // Any other answer says nothing against the account.
      if (!(error instanceof TwilioRestError) || [401, 403].includes(error.error.httpStatus)) throw error;
    });
  let lastTrouble = '';
  const onFailure = (error: unknown, seconds: number) => {
    const refusal = error instanceof TwilioRestError ? error.error : null;
    if (refusal?.httpStatus === 401)
      return emit({ kind: 'account-trouble', code: refusal.code, message: refusal.message });
    const trouble = refusal
      ? `Twilio does not let this account read its calls (${refusal.code ?? 'no code'}): ${refusal.message}${refusal.code === testCredentials ? '. These are test credentials: no phone rings' : ''}`
      : `Twilio cannot be reached: ${(error as Error).message}`;
    if (refusal) readiness.report('twilioReads', trouble);
    else readiness.note('twilioAccount', `not known yet: ${trouble}`);
    if (trouble !== lastTrouble) log.warn(`${trouble}. Next try in ${seconds} s.`);
    lastTrouble = trouble;
  };
  readiness.note('twilioAccount', 'not asked yet');
  try {
    await retryForever(ask, { signal, onFailure });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  readiness.report('twilioReads', null);
  emit({ kind: 'account-ok' });
}
