import { createHmac } from 'node:crypto';

/** A signing secret of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. */
export function isNotifySecret(secret: string): boolean {
  const base64 = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(secret)?.[1];
  const bytes = base64 === undefined ? 0 : Buffer.from(base64, 'base64').length;
  return bytes >= 24 && bytes <= 64;
}

/** The secret that signs when none is configured: only holders of the account's auth token can compute it. */
export function derivedNotifySecret(twilioAuthToken: string): string {
  return `whsec_${createHmac('sha256', twilioAuthToken).update('ringtrue notifications').digest('base64')}`;
}
