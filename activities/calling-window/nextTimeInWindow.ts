import { Temporal } from 'temporal-polyfill';
import type { CallingRange, CallingWindow } from '../../workflows/callRequest.js';

const minute = 60_000;
const day = 1440 * minute;
const week = 7 * day;

/** The Unix epoch was a Thursday: so long after a Monday's midnight. */
const epochInWeek = 3 * day;

/** Every change of the clocks repeats within a year: a window that stays closed for longer never opens. */
const searchLimit = 400 * day;

/**
 * The first moment at or after `from` at which the phone may ring in each of these zones, to the millisecond;
 * null when there is none, or no zone.
 *
 * Local time decides: the phone may ring at a time inside one of the window's ranges, on a date that is not
 * blocked. An hour that the clocks skip never comes, and an hour that they repeat counts both times.
 *
 * Throws when this installation does not know one of the zones.
 */
export function nextTimeInWindow(window: CallingWindow, timeZones: string[], from: Date): Date | null {
  if (timeZones.length === 0) return null;
  const nextOpenLocal = nextOpenLocalTimeOf(window);
  let moment = from.getTime();
  const limit = moment + searchLimit;
  const nextOpenPerZone = timeZones.map((zone) =>
    nextOpenTimeIn(zone, nextOpenLocal, { from: moment, limit }),
  );
  while (moment <= limit) {
    const latest = Math.max(...nextOpenPerZone.map((nextOpenFrom) => nextOpenFrom(moment)));
    if (latest === moment) return new Date(moment);
    moment = latest;
  }
  return null;
}

/** By a clock that is never put forward or back: the first open local time at or after another. */
type NextOpenLocalTime = (local: number) => number;

/** Local times are written as if they were UTC, in milliseconds since 1970. */
function nextOpenLocalTimeOf(window: CallingWindow): NextOpenLocalTime {
  const waits = minutesUntilOpenInWeek(rangesOf(window));
  const blockedDays = new Set(window.blockedDates?.map((date) => Date.parse(date) / day));
  return (local) => {
    for (let earliest = local; ; ) {
      const sinceMonday = remainder(earliest + epochInWeek, week);
      const wait = waits[Math.floor(sinceMonday / minute)] as number;
      const openAt = wait === 0 ? earliest : earliest - (sinceMonday % minute) + wait * minute;
      const date = Math.floor(openAt / day);
      if (!blockedDays.has(date)) return openAt;
      earliest = (date + 1) * day;
    }
  };
}

function rangesOf({ start, end, days, ranges }: CallingWindow): CallingRange[] {
  if (ranges !== undefined) return ranges;
  return start === undefined || end === undefined ? [] : [{ start, end, ...(days && { days }) }];
}

/**
 * For each minute of the local week, from Monday 00:00: in how many minutes a range is open; `Infinity` for
 * never.
 */
function minutesUntilOpenInWeek(ranges: CallingRange[]): number[] {
  const minutes = week / minute;
  const waits = new Array<number>(minutes).fill(Number.POSITIVE_INFINITY);
  for (const { start, end, days = [1, 2, 3, 4, 5, 6, 7] } of ranges) {
    const openMinute = sinceMidnight(start);
    const closeMinute = sinceMidnight(end) + (end < start ? 1440 : 0);
    for (const number of days)
      for (let at = openMinute; at < closeMinute; at++) waits[((number - 1) * 1440 + at) % minutes] = 0;
  }
  // Backwards, and twice, since after Sunday comes Monday.
  for (let at = 2 * minutes - 1; at >= 0; at--) {
    const later = (waits[(at + 1) % minutes] as number) + 1;
    if (later < (waits[at % minutes] as number)) waits[at % minutes] = later;
  }
  return waits;
}

function sinceMidnight(time: string): number {
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  return hours * 60 + minutes;
}

/** In one zone: the first open moment at or after another, `Infinity` when none comes before the limit. */
function nextOpenTimeIn(
  timeZone: string,
  nextOpenLocal: NextOpenLocalTime,
  { from, limit }: { from: number; limit: number },
): (from: number) => number {
  let period = fixedOffsetPeriod(timeZone, from);
  return (earliest) => {
    // While the offset stays the same, local time is plain arithmetic. Each change of the clocks begins a new
    // period.
    for (let moment = earliest; moment <= limit; moment = period.until) {
      if (moment >= period.until) period = fixedOffsetPeriod(timeZone, moment);
      const openAt = nextOpenLocal(moment + period.offset) - period.offset;
      if (openAt < period.until) return openAt;
    }
    return Number.POSITIVE_INFINITY;
  };
}

/** How far local time is ahead of UTC at a moment, and until when: both in milliseconds. */
function fixedOffsetPeriod(timeZone: string, moment: number): { offset: number; until: number } {
  const local = inZone(timeZone, moment);
  const transition = local.getTimeZoneTransition('next');
  return {
    offset: local.offsetNanoseconds / 1e6,
    until: transition?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
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

/** What `%` gives for positive numbers, for all of them. */
function remainder(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
