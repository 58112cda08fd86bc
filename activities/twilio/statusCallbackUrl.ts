/**
 * Twilio's connection overrides: try again what we answered 5xx, what did not connect, what did not answer.
 * All tries together get 15 s, so each must be short. Source: Twilio, "Webhooks: connection overrides".
 */
const connectionOverrides = 'rc=5&rp=5xx,ct,rt&ct=2000&rt=4000';

/** The return address of an attempt: names call and attempt, so that even a callback before the SID is known finds home. */
export function statusCallbackUrl(publicUrl: string, callId: string, attempt: number): string {
  return `${publicUrl}/twilio/status/${encodeURIComponent(callId)}/${attempt}#${connectionOverrides}`;
}
