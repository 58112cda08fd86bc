import type { Attempt, CallOutcome } from '../../../workflows/callOutcome.js';
import { arrangeAttempt, arrangeOutcome } from '../calls/arrangeOutcome.js';
import { type Database, iso, prepared } from '../database/database.js';
import { type EventCursor, eventCursorText, feedEnd, readEventCursor } from './eventCursor.js';

/** The end of an attempt, or of a call. */
export type FeedEvent = {
  /** The cursor after this event. */
  id: string;
  /** When it was recorded, ISO 8601 UTC, by the database's clock. */
  at: string;
  callId: string;
} & ({ type: 'attempt.ended'; data: Attempt } | { type: 'call.ended'; data: CallOutcome });

export interface EventPage {
  events: FeedEvent[];
  /** The cursor after the last of them; the same as before if there is none. */
  next: string;
  /** The highest position of an event that was deleted. */
  removedTo: number;
}

/**
 * Every end of an attempt and of a call, in one sequence that never changes. Nothing is ever added before an event that
 * somebody has read.
 */
export interface EventFeed {
  /**
   * The events after this cursor, or `latest`. Throws `InvalidCursor` for any other text, and `LostCursor` if the feed cannot
   * go on there.
   */
  readEvents(page: { after: string; limit: number }): Promise<EventPage>;

  /** The position of the newest event; 0 when there is none. */
  newestEventPosition(): Promise<number>;
}

/** The feed cannot go on after this cursor without a gap. */
export class LostCursor extends Error {
  override readonly name = 'LostCursor';
  /** The cursor with which to go on behind the gap. Null: nobody knows which events are missing. */
  readonly next: string | null;

  constructor(message: string, next: string | null) {
    super(message);
    this.next = next;
  }
}

/** So many events are numbered at once. */
const numberedAtOnce = 1000;

/** The rows of the event feed. */
export function eventFeedRows(db: Database): EventFeed {
  async function newestEventPosition(): Promise<number> {
    const [row] = await db.query<{ newest: number }>(numberEvents, [numberedAtOnce]);
    return row?.newest ?? 0;
  }

  return {
    newestEventPosition,

    async readEvents({ after, limit }) {
      const newest = await newestEventPosition();
      const cursor = after === feedEnd ? { ...nowhere, position: newest } : readEventCursor(after);
      // One statement, so that nothing is deleted between the check of the cursor and the page.
      const rows = await db.query<FeedRow>(readPage, [cursor.position, limit]);
      const { removedTo = 0, cursorMicros = null } = rows[0] ?? {};
      if (after === feedEnd) {
        const found = { position: newest, recordedMicros: cursorMicros ?? '0', knownRemovals: removedTo };
        return { events: [], next: eventCursorText(found), removedTo };
      }
      checkCursor(cursor, { removedTo, cursorMicros });
      const events = rows.flatMap((row) => (row.position === null ? [] : [eventOf(row)]));
      const last = rows.at(-1);
      if (!last || last.position === null) return { events, next: after, removedTo };
      const { position, recordedMicros } = last;
      const next = eventCursorText({ position, recordedMicros, knownRemovals: removedTo });
      return { events, next, removedTo };
    },
  };
}

const nowhere = { recordedMicros: '', knownRemovals: 0 };

type FeedRow = {
  removedTo: number;
  /** When the event at the cursor was recorded; null if it is not there. */
  cursorMicros: string | null;
} & (
  | { position: null }
  | {
      position: number;
      recordedMicros: string;
      at: string;
      callId: string;
      attempt: number;
      data: Attempt | CallOutcome;
    }
);

function checkCursor(
  cursor: EventCursor,
  { removedTo, cursorMicros }: Pick<FeedRow, 'removedTo' | 'cursorMicros'>,
): void {
  const { position, recordedMicros, knownRemovals } = cursor;
  if (position === 0) return;
  // The event itself may have been removed; then nothing is left to compare.
  const isKnown = cursorMicros === null ? position <= removedTo : cursorMicros === recordedMicros;
  if (!isKnown)
    throw new LostCursor(
      'The outcome store does not have the event of this cursor: it was restored from an older backup, or is another one. Go on after an older cursor that you have kept, or start again without after.',
      null,
    );
  if (position < removedTo && knownRemovals < removedTo)
    throw new LostCursor(
      'Events after this cursor were deleted together with their calls. To read those that are kept, go on after the cursor in next.',
      eventCursorText({ ...cursor, knownRemovals: removedTo }),
    );
}

function eventOf(row: FeedRow & { position: number }): FeedEvent {
  const { position, recordedMicros, at, callId, attempt, data } = row;
  const id = eventCursorText({ position, recordedMicros, knownRemovals: 0 });
  return attempt === 0
    ? { id, type: 'call.ended', at, callId, data: arrangeOutcome(data as CallOutcome) }
    : { id, type: 'attempt.ended', at, callId, data: arrangeAttempt(data as Attempt) };
}

const numberEvents = prepared(`select number_events($1::integer)::float8 as newest`);

const micros = (time: string) => `(extract(epoch from ${time}) * 1000000)::bigint::text`;

const readPage = prepared(`
  select removals.last_position::float8 as "removedTo",
    (select ${micros('recorded_at')} from events where position = $1::bigint) as "cursorMicros", page.*
  from event_removals removals left join lateral (
    select e.position::float8 as position, ${micros('e.recorded_at')} as "recordedMicros", ${iso('e.recorded_at')} as at,
      e.call_id as "callId", e.attempt, case when e.attempt = 0 then c.document else
        (select a.document from attempts a where a.call_id = e.call_id and a.number = e.attempt) end as data
    from events e join calls c on c.call_id = e.call_id
    where e.position > $1::bigint order by e.position limit $2::integer
  ) page on true
  order by page.position`);
