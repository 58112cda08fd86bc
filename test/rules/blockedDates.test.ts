import { describe, expect, it } from 'vitest';
import { nextTimeInWindow } from '../../activities/calling-window/nextTimeInWindow.js';
import type { CallingWindow } from '../../workflows/callRequest.js';

const allowedTime = (window: CallingWindow, zones: string | string[], from: string) =>
  nextTimeInWindow(window, [zones].flat(), new Date(from))?.toISOString() ?? null;

const daytime = { start: '08:00', end: '21:00' };
const weekdays = { ...daytime, days: [1, 2, 3, 4, 5] };
const night = { start: '22:00', end: '02:00' };

describe('blocked dates', () => {
  const without = (...blockedDates: string[]) => ({ ...daytime, blockedDates });
  it.each<[string, string | string[], CallingWindow, string, string | null]>([
    [
      'on such a date: the next day',
      'Europe/Berlin',
      without('2026-12-25'),
      '2026-12-25T10:00:00Z',
      '2026-12-26T07:00:00.000Z',
    ],
    [
      'the evening before: past it',
      'Europe/Berlin',
      without('2026-12-25'),
      '2026-12-24T20:00:00Z',
      '2026-12-26T07:00:00.000Z',
    ],
    [
      'two in a row, and a Sunday without hours: past all of them',
      'Europe/Berlin',
      { ...weekdays, blockedDates: ['2026-12-24', '2026-12-25'] },
      '2026-12-23T20:00:00Z',
      '2026-12-28T07:00:00.000Z',
    ],
    [
      'another date: at once',
      'Europe/Berlin',
      without('2026-12-25'),
      '2026-12-26T10:00:00Z',
      '2026-12-26T10:00:00.000Z',
    ],
    [
      'the date is the local one, ahead of UTC',
      'Pacific/Auckland',
      without('2026-12-25'),
      '2026-12-24T19:30:00Z',
      '2026-12-25T19:00:00.000Z',
    ],
    [
      'the date is the local one, behind UTC',
      'America/Los_Angeles',
      without('2026-12-25'),
      '2026-12-26T03:00:00Z',
      '2026-12-26T16:00:00.000Z',
    ],
    [
      'the 29th of February, in a leap year',
      'Europe/Berlin',
      without('2028-02-29'),
      '2028-02-28T20:00:00Z',
      '2028-03-01T07:00:00.000Z',
    ],
    [
      'the turn of the year',
      'Europe/Berlin',
      without('2026-12-31', '2027-01-01'),
      '2026-12-30T20:00:00Z',
      '2027-01-02T07:00:00.000Z',
    ],
    [
      'a window past midnight, the first date is blocked: opens at midnight, when the date has passed',
      'Europe/Berlin',
      { ...night, blockedDates: ['2026-12-24'] },
      '2026-12-24T21:00:00Z',
      '2026-12-24T23:00:00.000Z',
    ],
    [
      'a window past midnight, the second date is blocked: shut from midnight on',
      'Europe/Berlin',
      { ...night, blockedDates: ['2026-12-25'] },
      '2026-12-24T23:00:00Z',
      '2026-12-25T23:00:00.000Z',
    ],
    [
      'the whole day is open, one date is not: at its end',
      'Europe/Berlin',
      { start: '00:00', end: '24:00', blockedDates: ['2026-12-25'] },
      '2026-12-24T23:00:00Z',
      '2026-12-25T23:00:00.000Z',
    ],
    [
      'the clocks go forward on that date: an hour sooner over',
      'Europe/Berlin',
      { start: '00:00', end: '24:00', blockedDates: ['2026-03-29'] },
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00.000Z',
    ],
    [
      'the clocks go back on that date: an hour later over',
      'Europe/Berlin',
      { start: '00:00', end: '24:00', blockedDates: ['2026-10-25'] },
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00.000Z',
    ],
    [
      'there is no midnight: the blocked date ends at one',
      'America/Havana',
      { start: '00:00', end: '24:00', blockedDates: ['2026-03-07'] },
      '2026-03-08T04:00:00Z',
      '2026-03-08T05:00:00.000Z',
    ],
    [
      'a date that was never there: changes nothing',
      'Pacific/Apia',
      { start: '00:00', end: '24:00', blockedDates: ['2011-12-30'] },
      '2011-12-30T09:59:00Z',
      '2011-12-30T09:59:00.000Z',
    ],
    [
      'the date after one that was never there',
      'Pacific/Apia',
      { start: '00:00', end: '24:00', blockedDates: ['2011-12-31'] },
      '2011-12-30T10:00:00Z',
      '2011-12-31T10:00:00.000Z',
    ],
    [
      'two zones, it is that date in one of them only: shut in both',
      ['America/New_York', 'America/Los_Angeles'],
      { start: '00:00', end: '24:00', blockedDates: ['2026-12-25'] },
      '2026-12-25T05:00:00Z',
      '2026-12-26T08:00:00.000Z',
    ],
    [
      'the only day of the week, for weeks: when it is not blocked',
      'Europe/Berlin',
      { ...daytime, days: [5], blockedDates: ['2026-12-25', '2027-01-01'] },
      '2026-12-18T20:00:00Z',
      '2027-01-08T07:00:00.000Z',
    ],
  ])('%s', (_, zones, window, from, allowedAt) => {
    expect(allowedTime(window, zones, from)).toBe(allowedAt);
  });

  it('every day of more than a year: never', () => {
    const from = Date.parse('2026-01-01');
    const dates = (days: number) =>
      Array.from({ length: days }, (_, later) =>
        new Date(from + later * 86_400_000).toISOString().slice(0, 10),
      );
    const window = (days: number) => ({ ...daytime, blockedDates: dates(days) });
    expect(allowedTime(window(399), 'Etc/UTC', '2026-01-01T00:00:00Z')).toBe('2027-02-04T08:00:00.000Z');
    expect(allowedTime(window(401), 'Etc/UTC', '2026-01-01T00:00:00Z')).toBeNull();
  });
});
