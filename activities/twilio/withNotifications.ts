import type { Attempt, CallOutcome, TwilioNotification } from '../../workflows/callOutcome.js';
import type { TwilioClient } from './twilioClient.js';

/** More entries than these about one call say nothing new. */
const maxEntries = 10;
const maxMessageLength = 200;

/**
 * Returns the outcome with what Twilio noted about its answered attempts: faults of TwiML documents and of the
 * URLs that they name, which the callee hears and no callback tells. Asks once and briefly. Never throws: if
 * Twilio does not answer, or the account is not configured, the outcome is returned as it is.
 */
export async function withNotifications(
  clientOfCall: () => TwilioClient | null,
  outcome: CallOutcome,
): Promise<CallOutcome> {
  const client = outcome.attempts.some(wasAnswered) ? clientOfCall() : null;
  if (client === null) return outcome;
  const attempts = await Promise.all(
    outcome.attempts.map(async (attempt) => {
      const notifications = wasAnswered(attempt)
        ? await notificationsOf(client, attempt.callSid as string)
        : [];
      return notifications.length === 0
        ? attempt
        : { ...attempt, evidence: { ...attempt.evidence, notifications } };
    }),
  );
  return { ...outcome, attempts };
}

function wasAnswered({ outcome, callSid }: Attempt): boolean {
  return outcome === 'answered' && callSid !== null;
}

async function notificationsOf(
  { callsBriefly }: TwilioClient,
  callSid: string,
): Promise<TwilioNotification[]> {
  const entries = await callsBriefly(callSid)
    .notifications.list({ limit: 50 })
    .catch(() => []);
  const byCode = new Map<number, TwilioNotification>();
  for (const { errorCode, messageText } of entries)
    if (/^\d{5}$/.test(errorCode) && !byCode.has(Number(errorCode)))
      byCode.set(Number(errorCode), { code: Number(errorCode), message: messageOf(messageText) });
  return [...byCode.values()].slice(0, maxEntries);
}

/** Twilio writes the text as a query: `Msg=Document+parse+failure&ErrorCode=12100&LogLevel=ERROR`. */
function messageOf(messageText: string | null | undefined): string {
  const text = messageText ?? '';
  const message = new URLSearchParams(text).get('Msg') ?? text;
  // Half a surrogate pair, cut so, could not be recorded.
  return message
    .slice(0, maxMessageLength)
    .replaceAll(/\p{Surrogate}/gu, '\uFFFD')
    .replaceAll('\0', '');
}
