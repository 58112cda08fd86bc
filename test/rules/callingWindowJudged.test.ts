import fc from 'fast-check';
import { DateTime } from 'luxon';
import { expect, it } from 'vitest';
import { nextOpening } from '../../activities/callingWindow.js';
import type { CallingWindow } from '../../workflows/callRequest.js';

const minute = 60_000;

/** The contract, word for word, in another library: is the phone allowed to ring at this moment? */
function mayRing({ start, end, days = [1, 2, 3, 4, 5, 6, 7] }: CallingWindow, zone: string, moment: number) {
  const local = DateTime.fromMillis(moment, { zone });
  const time = local.toFormat('HH:mm');
  const today = days.includes(local.weekday);
  const yesterday = days.includes(local.weekday === 1 ? 7 : local.weekday - 1);
  if (start < end) return today && time >= start && time < end;
  return (today && time >= start) || (yesterday && time < end);
}

const zones = fc.constantFrom(
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
  'Pacific/Pago_Pago',
  'Antarctica/Troll',
  'Etc/UTC',
);

const time = fc
  .integer({ min: 0, max: 1439 })
  .map((at) => `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`);

/** Also windows that begin or end in the hours of the night in which clocks change. */
const nightTime = fc
  .integer({ min: 0, max: 239 })
  .map((at) => `0${Math.floor(at / 60)}:${String(at % 60).padStart(2, '0')}`);

const windows = fc
  .record(
    {
      start: fc.oneof(time, nightTime),
      end: fc.oneof(time, nightTime),
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
    },
    { requiredKeys: ['start', 'end'] },
  )
  .filter(({ start, end }) => start !== end);

/** Any minute of eleven years, and the days on which clocks change or February has one more day. */
const moments = fc
  .oneof(
    fc.integer({ min: Date.UTC(2020, 0, 1) / minute, max: Date.UTC(2031, 0, 1) / minute }),
    fc
      .tuple(
        fc.constantFrom(
          ...[
            '2024-02-28',
            '2028-02-28',
            '2026-03-07',
            '2026-03-28',
            '2026-04-04',
            '2026-04-23',
            '2026-09-05',
          ],
          ...[
            '2026-10-03',
            '2026-10-24',
            '2026-10-29',
            '2026-10-31',
            '2026-12-31',
            '2026-02-14',
            '2026-03-21',
          ],
        ),
        fc.integer({ min: 0, max: 2 * 1440 }),
      )
      .map(([date, later]) => Date.parse(date) / minute + later),
  )
  .map((at) => at * minute);

it('any window, zone and moment: opens in the first minute in which a wall clock shows a time inside', () => {
  fc.assert(
    fc.property(windows, zones, moments, (window, zone, from) => {
      const opensAt = nextOpening(window, [zone], new Date(from))?.getTime();
      expect(opensAt).toBeDefined();
      expect(opensAt).toBe(firstOpenMinute(window, [zone], from, from + 16 * 1440 * minute));
    }),
    { numRuns: 200 },
  );
});

it('any window in two or three zones: opens in the first minute in which all of them are open', () => {
  fc.assert(
    fc.property(
      windows,
      fc.uniqueArray(zones, { minLength: 2, maxLength: 3 }),
      moments,
      (window, several, from) => {
        const searched = from + 9 * 1440 * minute;
        const opensAt = nextOpening(window, several, new Date(from))?.getTime() ?? null;
        const judged = firstOpenMinute(window, several, from, searched);
        if (judged !== null) expect(opensAt).toBe(judged);
        else if (opensAt !== null) {
          expect(opensAt).toBeGreaterThanOrEqual(searched);
          expect(several.every((zone) => mayRing(window, zone, opensAt))).toBe(true);
          expect(several.every((zone) => mayRing(window, zone, opensAt - 1))).toBe(false);
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('a moment between two minutes: at once if open, else in the same minute as ever', () => {
  fc.assert(
    fc.property(windows, zones, moments, fc.integer({ min: 1, max: 59_999 }), (window, zone, from, later) => {
      const moment = from + later;
      const opensAt = nextOpening(window, [zone], new Date(moment))?.getTime();
      if (mayRing(window, zone, moment)) expect(opensAt).toBe(moment);
      else expect(opensAt).toBe(nextOpening(window, [zone], new Date(from + minute))?.getTime());
    }),
    { numRuns: 500 },
  );
});

function firstOpenMinute(window: CallingWindow, zones: string[], from: number, until: number): number | null {
  for (let moment = from; moment < until; moment += minute)
    if (zones.every((zone) => mayRing(window, zone, moment))) return moment;
  return null;
}
