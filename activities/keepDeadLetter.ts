import type { Notification } from '../workflows/callActivities.js';
import { webhookId } from './webhookId.js';
import type { World } from './world.js';

/** Writes a dead letter. Throws while the store is away; the workflow has Temporal try for as long as it takes. */
export function keepDeadLetter({ store, notice }: World) {
  return async (letter: { notification: Notification; error: string }): Promise<{ id: string }> => {
    const { type, url } = letter.notification;
    const id = webhookId(letter.notification);
    await store.saveDeadLetter({ ...letter, id });
    notice({ kind: 'dead-letter', type, id, host: URL.canParse(url) ? new URL(url).host : 'no URL' });
    return { id };
  };
}
