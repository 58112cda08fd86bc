import { setTimeout as pause } from 'node:timers/promises';
import type { EventFeed } from '../../../activities/store/events/eventFeed.js';

/** How often the store is asked for new events while a request waits for one. */
const lookEveryMs = 300;

/** Tells requests that wait when there is a new event. */
export interface NewEvents {
  /** Resolves once there is an event behind this position: true. False: not in time, or nobody waits any longer. */
  after(position: number, withinMs: number, signal: AbortSignal): Promise<boolean>;
}

/** All requests of a process wait on the same question to the store. None is put while nobody waits. */
export function newEvents(store: Pick<EventFeed, 'newestEventPosition'>): NewEvents {
  let asking: Promise<number> | null = null;

  function newestPosition(): Promise<number> {
    asking ??= pause(lookEveryMs)
      .then(() => store.newestEventPosition())
      .finally(() => {
        asking = null;
      });
    return asking;
  }

  return {
    async after(position, withinMs, signal) {
      for (const giveUpAt = performance.now() + withinMs; performance.now() < giveUpAt && !signal.aborted; )
        if ((await newestPosition()) > position) return true;
      return false;
    },
  };
}
