import { callIdOfSegment, callIdSegment } from './callIdSegment.js';

/**
 * Twilio's connection overrides: retry after a 5xx answer, a failed connection, or no answer. All tries
 * together get 15 s, so each must be short. Source: Twilio, "Webhooks: connection overrides".
 */
const connectionOverrides = 'rc=5&rp=5xx,ct,rt&ct=2000&rt=4000';

/** Names call and attempt, so that even a callback that comes before the SID is known reaches its attempt. */
export function statusCallbackUrl(publicUrl: string, callId: string, attempt: number): string {
  return `${publicUrl}/twilio/status/${callIdSegment(callId)}/${attempt}#${connectionOverrides}`;
}

/** Does a URL that Twilio requested belong to this attempt? The call id may be written in any of its forms. */
export function isStatusCallbackOf(
  url: string,
  { publicUrl, callId, attempt }: { publicUrl: string; callId: string; attempt: number },
): boolean {
  const base = `${publicUrl}/twilio/status/`;
  const [segment = '', number, ...rest] = url.startsWith(base)
    ? (url.slice(base.length).split(/[?#]/, 1)[0] ?? '').split('/')
    : [];
  return rest.length === 0 && number === String(attempt) && callIdOfSegment(segment) === callId;
}
