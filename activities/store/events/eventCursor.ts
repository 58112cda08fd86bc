import { InvalidCursor } from '../database/pageCursor.js';

/** The cursor before the first event. */
export const feedStart = '0';
/** In place of a cursor: after the newest event of now. */
export const feedEnd = 'latest';

/** A place in the feed: after the event at this position. */
export interface EventCursor {
  /** 0: before the first event. */
  position: number;
  /**
   * When that event was recorded, in microseconds since 1970, as text. A restored backup may have another event at this
   * position.
   */
  recordedMicros: string;
  /** The reader knows that events up to this position were removed. */
  knownRemovals: number;
}

const pattern = /^([1-9]\d{0,14})-(\d{1,17})(?:-([1-9]\d{0,14}))?$/;

export function isEventCursor(text: string): boolean {
  return text === feedStart || text === feedEnd || pattern.test(text);
}

/** Throws `InvalidCursor`. */
export function readEventCursor(text: string): EventCursor {
  if (text === feedStart) return { position: 0, recordedMicros: '', knownRemovals: 0 };
  const [, position, recordedMicros, knownRemovals = 0] = pattern.exec(text) ?? [];
  if (position === undefined || recordedMicros === undefined)
    throw new InvalidCursor('This is no cursor of the event feed. Start again without a cursor.');
  return { position: Number(position), recordedMicros, knownRemovals: Number(knownRemovals) };
}

/** The cursor as text. Of removals only those that lie ahead matter to the reader. */
export function eventCursorText({ position, recordedMicros, knownRemovals }: EventCursor): string {
  if (position === 0) return feedStart;
  return `${position}-${recordedMicros}${knownRemovals > position ? `-${knownRemovals}` : ''}`;
}
