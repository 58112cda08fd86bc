import type { Notification } from '../workflows/callActivities.js';
import type { ActivityDeps } from './deps/activityDeps.js';
import { webhookId } from './webhooks/webhookId.js';

/** Writes a dead letter. Throws while the store is away; then Temporal retries for as long as it takes. */
export function keepDeadLetter({ store, emit }: ActivityDeps) {
  return async (input: { notification: Notification; error: string }): Promise<{ id: string }> => {
    const { type, url } = input.notification;
    const id = webhookId(input.notification);
    await store.saveDeadLetter({ ...input, id });
    emit({ kind: 'dead-letter', type, id, host: URL.canParse(url) ? new URL(url).host : 'no URL' });
    return { id };
  };
}
