import { Temporal } from 'temporal-polyfill';
import type { CallingWindow } from '../workflows/callRequest.js';

const minute = 60_000;
const day = 1440 * minute;
const week = 7 * day;

/** The Unix epoch was a Thursday: so long after a Monday's midnight. */
const epochInWeek = 3 * day;

/** Every shift of the clocks that will ever matter comes round within a year: what stays shut for so long never opens. */
const horizon = 400 * day;

/**
 * The first moment at or after `from` at which the phone may ring in each of these zones, to the millisecond;
 * null when there is none, or no zone.
 *
 * A clock on the wall decides: the phone may ring while it shows a time inside the window. An hour that the
 * clocks skip is not waited for, and an hour that they repeat counts both times.
 *
 * Throws when this installation does not know one of the zones.
 */
export function nextOpening(window: CallingWindow, timeZones: string[], from: Date): Date | null {
  if (timeZones.length === 0) return null;
  const spans = openSpans(window);
  let moment = from.getTime();
  const limit = moment + horizon;
  const openings = timeZones.map((zone) => openingsIn(zone, spans, { from: moment, limit }));
  while (moment <= limit) {
    const latest = Math.max(...openings.map((firstFrom) => firstFrom(moment)));
    if (latest === moment) return new Date(moment);
    moment = latest;
  }
  return null;
}

/** A stretch of the local week in milliseconds since Monday 00:00, end exclusive; the end may lie in the week after. */
interface Span {
  start: number;
  end: number;
}

function openSpans({ start, end, days = [1, 2, 3, 4, 5, 6, 7] }: CallingWindow): Span[] {
  const opens = sinceMidnight(start);
  const shuts = sinceMidnight(end) + (sinceMidnight(end) < opens ? day : 0);
  return days.map((number) => ({ start: (number - 1) * day + opens, end: (number - 1) * day + shuts }));
}

function sinceMidnight(time: string): number {
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  return (hours * 60 + minutes) * minute;
}

/** In one zone: the first open moment at or after another, `Infinity` when none comes before the limit. */
function openingsIn(
  timeZone: string,
  spans: Span[],
  { from, limit }: { from: number; limit: number },
): (from: number) => number {
  let steady = steadyStretch(timeZone, from);
  return (earliest) => {
    // While the offset stands still, local time is plain arithmetic; each shift of the clocks begins a new stretch.
    for (let moment = earliest; moment <= limit; moment = steady.until) {
      if (moment >= steady.until) steady = steadyStretch(timeZone, moment);
      const opens = moment + waitUntilOpen(moment + steady.offset, spans);
      if (opens < steady.until) return opens;
    }
    return Number.POSITIVE_INFINITY;
  };
}

/** How far local time is ahead of UTC at a moment, and until when: both in milliseconds. */
function steadyStretch(timeZone: string, moment: number): { offset: number; until: number } {
  const local = inZone(timeZone, moment);
  const shift = local.getTimeZoneTransition('next');
  return {
    offset: local.offsetNanoseconds / 1e6,
    until: shift?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
  };
}

function inZone(timeZone: string, moment: number): Temporal.ZonedDateTime {
  try {
    return Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(timeZone);
  } catch (error) {
    throw new Error(
      `The calling window cannot be read in the time zone ${timeZone}: this Node.js, whose time zone data is ${process.versions.tz ?? 'missing'}, does not know it. Run the worker on a newer Node.js.`,
      { cause: error },
    );
  }
}

function waitUntilOpen(local: number, spans: Span[]): number {
  const inWeek = remainder(local + epochInWeek, week);
  return Math.min(
    ...spans.map(({ start, end }) => {
      const sinceStart = remainder(inWeek - start, week);
      return sinceStart < end - start ? 0 : week - sinceStart;
    }),
  );
}

/** What `%` gives for positive numbers, for all of them. */
function remainder(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
