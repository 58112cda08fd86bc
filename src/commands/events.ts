import { setTimeout as pause } from 'node:timers/promises';
import { feedEnd, feedStart } from '../../activities/store/events/eventCursor.js';
import { type Event, type EventQuery, type EventsApi, ProblemError } from '../client/ringtrue.js';
import { type ApiOptions, clientOf } from '../terminal/apiOptions.js';
import { print } from '../terminal/print.js';
import { isTemporary } from '../terminal/retryWhenBusy.js';
import { tableOf } from '../terminal/tableOf.js';

/** The longest wait that the API takes. */
const waitSeconds = 60;
const retrySeconds = 2;

interface EventOptions extends ApiOptions {
  after?: string;
  limit?: number;
  follow: boolean;
}

/** `ringtrue events`. */
export async function showEvents({ after, limit, follow, ...options }: EventOptions): Promise<void> {
  const { events } = clientOf(options);
  const size = limit === undefined ? {} : { limit };
  if (follow) return followEvents(events, options, { after: after ?? feedEnd, ...size });
  const page = await events.read({ after: after ?? feedStart, ...size });
  const hint = page.events.length === 0 ? '' : `\nTo go on: --after ${page.next}`;
  print(options, page, `${eventsTable(page.events)}${hint}`);
}

/** Prints each event as one line, for as long as the process runs. Goes on while the API is away or busy. */
async function followEvents(
  events: EventsApi,
  { json }: { json: boolean },
  query: EventQuery & { after: string },
): Promise<void> {
  for (let { after } = query, wait = 0; ; ) {
    try {
      // The first answer comes at once: it says where the feed ends now.
      const page = await events.read({ ...query, after, waitSeconds: wait });
      for (const event of page.events)
        if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
        else print({ json: false }, event, cellsOf(event).join('  '));
      after = page.next;
      wait = waitSeconds;
    } catch (error) {
      if (wait === 0 || !isTemporary(error)) throw error;
      const retryAfter = error instanceof ProblemError ? error.retryAfterSeconds : null;
      await pause(Math.min(Math.max(retryAfter ?? retrySeconds, 1), 60) * 1000);
    }
  }
}

function eventsTable(events: Event[]): string {
  return events.length === 0
    ? 'No events.'
    : tableOf(['AT', 'TYPE', 'CALL', 'ATTEMPT', 'OUTCOME', 'DECIDED BY'], events.map(cellsOf));
}

function cellsOf({ at, type, callId, data }: Event): string[] {
  const attempt = 'number' in data ? data.number : data.attempts.length;
  return [at, type, callId, String(attempt), data.outcome ?? '', data.decidedBy ?? ''];
}
