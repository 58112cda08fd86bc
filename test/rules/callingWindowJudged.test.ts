import fc from 'fast-check';
import { DateTime, IANAZone } from 'luxon';
import { describe, expect, it } from 'vitest';
import { nextTimeInWindow } from '../../activities/calling-window/nextTimeInWindow.js';
import type { CallingRange, CallingWindow } from '../../workflows/callRequest.js';

const minute = 60_000;
const day = 1440 * minute;

/** The contract, word for word, in another library: is the phone allowed to ring at this moment? */
function mayRing(window: CallingWindow, zone: string, moment: number): boolean {
  const local = DateTime.fromMillis(moment, { zone });
  const time = `${two(local.hour)}:${two(local.minute)}`;
  const inside = ({ start, end, days = [1, 2, 3, 4, 5, 6, 7] }: CallingRange) => {
    const begunToday = time >= start && (start > end || time < end);
    const begunYesterday = start > end && time < end;
    return (
      (begunToday && days.includes(local.weekday)) ||
      (begunYesterday && days.includes(local.weekday === 1 ? 7 : local.weekday - 1))
    );
  };
  const { ranges = [window as CallingRange], blockedDates = [] } = window;
  return ranges.some(inside) && !blockedDates.includes(local.toISODate() as string);
}

const two = (number: number) => String(number).padStart(2, '0');

/** Fails unless the window opens in the very minute in which a search minute by minute finds it open in all zones. */
function check(window: CallingWindow, zones: string[], from: number, searchedDays: number): void {
  const allowedAt = nextTimeInWindow(window, zones, new Date(from))?.getTime() ?? null;
  const open = (moment: number) => zones.every((zone) => mayRing(window, zone, moment));
  const until = from + searchedDays * day;
  let expected = from;
  while (expected < until && !open(expected)) expected += minute;
  if (expected < until) expect(allowedAt).toBe(expected);
  else if (allowedAt === null) expect(zones.length, 'in one zone it opens some day').toBeGreaterThan(1);
  else {
    expect(allowedAt).toBeGreaterThanOrEqual(until);
    expect([open(allowedAt - 1), open(allowedAt)]).toEqual([false, true]);
  }
}

const zones = [
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/Phoenix',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Beirut',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Antarctica/Troll',
  'Etc/UTC',
];

/** Every moment within a span at which the clocks of a zone are put forward or back, found by halving. */
function shiftsOf(zone: string, from: string, until: string): number[] {
  const offset = (moment: number) => IANAZone.create(zone).offset(moment);
  const shifts: number[] = [];
  for (let start = Date.parse(from); start < Date.parse(until); start += day) {
    let [before, after] = [start, start + day];
    if (offset(before) === offset(after)) continue;
    while (after - before > minute) {
      const middle = before + Math.floor((after - before) / minute / 2) * minute;
      if (offset(middle) === offset(before)) before = middle;
      else after = middle;
    }
    shifts.push(after);
  }
  return shifts;
}

const clock = (at: number) => `${two(Math.floor(at / 60))}:${two(at % 60)}`;
const time = fc.integer({ min: 0, max: 1439 }).map(clock);
const days = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 });

const rangeOf = (start: fc.Arbitrary<string>, end: fc.Arbitrary<string>): fc.Arbitrary<CallingRange> =>
  fc.record({ start, end, days }, { requiredKeys: ['start', 'end'] }).filter((r) => r.start !== r.end);

/** One range or several, also such as begin or end in the hours of the night in which clocks change. */
const midnights = fc.constantFrom('00:00', '23:59', '24:00');
const nightTime = fc.integer({ min: 0, max: 239 }).map(clock);
const range = rangeOf(
  fc.oneof(time, nightTime, fc.constant('00:00')),
  fc.oneof(time, time, nightTime, midnights),
);
const windows: fc.Arbitrary<CallingWindow> = fc.oneof(
  range,
  fc.array(range, { minLength: 1, maxLength: 4 }).map((ranges) => ({ ranges })),
);

/** Some of the dates around a moment, as they are at one end of the world or the other. */
const blockedAround = (from: number, offsets: number[]) =>
  offsets.map((offset) => new Date(from + offset * day).toISOString().slice(0, 10));
const blocked = fc.oneof(
  { weight: 2, arbitrary: fc.constant<number[]>([]) },
  { weight: 3, arbitrary: fc.uniqueArray(fc.integer({ min: -1, max: 4 }), { minLength: 1, maxLength: 5 }) },
);

/** Any minute of eleven years, and those about a leap day or the turn of a year. */
const moments = fc
  .oneof(
    fc.integer({ min: Date.UTC(2020, 0, 1) / minute, max: Date.UTC(2031, 0, 1) / minute }),
    fc
      .tuple(
        fc.constantFrom('2024-02-28', '2027-02-27', '2028-02-28', '2026-12-31'),
        fc.integer({ min: 0, max: 3 * 1440 }),
      )
      .map(([date, later]) => Date.parse(date) / minute + later),
  )
  .map((at) => at * minute);

describe('judged by another library, minute by minute', () => {
  it('any window, blocked dates, zone and moment: opens in the first minute in which a wall clock shows a time inside', () => {
    fc.assert(
      fc.property(windows, blocked, fc.constantFrom(...zones), moments, (window, offsets, zone, from) => {
        check({ ...window, blockedDates: blockedAround(from, offsets) }, [zone], from, 12);
      }),
      { numRuns: 150 },
    );
  });

  it('any window in two or three zones: opens in the first minute in which all are open, and none has a blocked date', () => {
    const several = fc.uniqueArray(fc.constantFrom(...zones), { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(windows, blocked, several, moments, (window, offsets, among, from) => {
        check({ ...window, blockedDates: blockedAround(from, offsets) }, among, from, 7);
      }),
      { numRuns: 60 },
    );
  });

  it('a moment between two minutes: at once if open, else in the same minute as ever', () => {
    const within = fc.integer({ min: 1, max: 59_999 });
    fc.assert(
      fc.property(windows, fc.constantFrom(...zones), moments, within, (window, zone, from, later) => {
        const moment = from + later;
        const allowedAt = nextTimeInWindow(window, [zone], new Date(moment))?.getTime();
        if (mayRing(window, zone, moment)) expect(allowedAt).toBe(moment);
        else expect(allowedAt).toBe(nextTimeInWindow(window, [zone], new Date(from + minute))?.getTime());
      }),
      { numRuns: 500 },
    );
  });
});

describe('about every shift of the clocks, either way', () => {
  it.each([
    ['America/New_York', '2024-01-01', 4],
    ['Europe/Berlin', '2024-01-01', 4],
    ['Australia/Lord_Howe', '2024-01-01', 4],
    ['Africa/Casablanca', '2024-01-01', 4],
    ['Africa/Cairo', '2024-01-01', 4],
    ['Pacific/Chatham', '2024-01-01', 4],
    ['America/Havana', '2024-01-01', 4],
    ['Antarctica/Troll', '2024-01-01', 4],
    ['Pacific/Apia', '2011-01-01', 5],
  ])('%s, two years from %s, %i of them', (zone, from, count) => {
    const year = Number(from.slice(0, 4));
    const shifts = shiftsOf(zone, from, `${year + 2}-01-01`);
    expect(shifts).toHaveLength(count);
    const cases = fc.constantFrom(...shifts).chain((shift) => {
      // The edges of the window lie near the times that the clock jumps from and to.
      const local = DateTime.fromMillis(shift, { zone });
      const near = fc
        .integer({ min: -150, max: 150 })
        .map((by) => clock((local.hour * 60 + local.minute + by + 1440) % 1440));
      return fc.record({
        window: fc.oneof(
          rangeOf(near, near),
          rangeOf(near, fc.oneof(time, midnights)),
          fc.array(rangeOf(near, near), { minLength: 2, maxLength: 3 }).map((ranges) => ({ ranges })),
        ),
        moment: fc.integer({ min: -1500, max: 200 }).map((by) => shift + by * minute),
        offsets: fc.oneof(fc.constant<number[]>([]), fc.subarray([-1, 0, 1])),
      });
    });
    fc.assert(
      fc.property(cases, ({ window, moment, offsets }) => {
        check({ ...window, blockedDates: blockedAround(moment, offsets) }, [zone], moment, 3);
      }),
      { numRuns: 40 },
    );
  });
});
