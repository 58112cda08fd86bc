import { createHash } from 'node:crypto';
import type { Notification } from '../../workflows/callActivities.js';

/**
 * The `webhook-id` of a notification: the same for every repeat, another one for another revision of an
 * attempt. A digest, because a call id may hold characters that a header may not.
 */
export function webhookId({ id, callId, type, payload }: Notification): string {
  if (id !== undefined) return id;
  const event =
    'revision' in payload
      ? [callId, type, payload.number, ...(payload.revision > 1 ? [payload.revision] : [])]
      : [callId, type, null];
  return `msg_${createHash('sha256').update(JSON.stringify(event)).digest('hex').slice(0, 32)}`;
}
