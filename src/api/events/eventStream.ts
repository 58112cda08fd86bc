import { setTimeout as pause } from 'node:timers/promises';
import { streamSSE } from 'hono/streaming';
import { StoreUnavailable } from '../../../activities/store/database/storeError.js';
import { eventCursorText, readEventCursor } from '../../../activities/store/events/eventCursor.js';
import { type EventPage, LostCursor } from '../../../activities/store/events/eventFeed.js';
import type { ApiContext, ApiTools } from '../http/apiDependencies.js';
import { whileWanted } from '../http/whileWanted.js';
import type { NewEvents } from './newEvents.js';

/** A line that says nothing is sent so often, so that proxies keep the connection. */
const idleMs = 15_000;
/** After a failure of the store. */
const tryAgainMs = 1_000;

/**
 * The feed as server-sent events, from this page on, until the client goes or the server stops. While the store is away the
 * stream waits. If it cannot go on without a gap it ends, and the next request is told why.
 */
export function eventStream(
  tools: ApiTools,
  c: ApiContext,
  { first, limit, news }: { first: EventPage; limit: number; news: NewEvents },
): Response {
  // Proxies that collect answers would hold events back. Source: nginx, `X-Accel-Buffering`.
  c.header('X-Accel-Buffering', 'no');
  c.header('Cache-Control', 'no-store');
  return streamSSE(c, (stream) =>
    whileWanted(tools, c, async (signal) => {
      const isOver = () => signal.aborted || stream.aborted;
      let page = first;
      while (!isOver()) {
        for (const event of page.events)
          await stream.writeSSE({
            id: withRemovals(event.id, page.removedTo),
            event: event.type,
            data: JSON.stringify(event),
          });
        try {
          if (page.events.length < limit) {
            const { position } = readEventCursor(page.next);
            if (!(await news.after(position, idleMs, signal))) await stream.write(': nothing new\n\n');
          }
          page = await tools.store.readEvents({ after: page.next, limit });
        } catch (error) {
          if (error instanceof LostCursor) return;
          if (!(error instanceof StoreUnavailable)) throw error;
          page = { ...page, events: [] };
          await stream.write(': the store is away\n\n');
          await pause(tryAgainMs);
        }
      }
    }),
  );
}

/** The cursor after an event for a reader that has seen what is kept before it. */
function withRemovals(id: string, removedTo: number): string {
  return eventCursorText({ ...readEventCursor(id), knownRemovals: removedTo });
}
