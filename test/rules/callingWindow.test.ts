import { describe, expect, it } from 'vitest';
import { findAllowedTime, nextAllowedTime } from '../../activities/calling-window/findAllowedTime.js';
import { nextTimeInWindow } from '../../activities/calling-window/nextTimeInWindow.js';
import { timeZonesOf } from '../../activities/calling-window/timeZonesOf.js';
import type { CallingWindow } from '../../workflows/callRequest.js';

const allowedTime = (window: CallingWindow, zones: string | string[], from: string) =>
  nextTimeInWindow(window, [zones].flat(), new Date(from))?.toISOString() ?? null;

const daytime = { start: '08:00', end: '21:00' };
const weekdays = { ...daytime, days: [1, 2, 3, 4, 5] };
const night = { start: '22:00', end: '02:00' };

describe('one time zone', () => {
  it.each([
    [
      'inside the window: at once, to the millisecond',
      daytime,
      '2026-07-01T10:00:30.123Z',
      '2026-07-01T10:00:30.123Z',
    ],
    ['at the first minute: at once', daytime, '2026-07-01T06:00:00Z', '2026-07-01T06:00:00.000Z'],
    [
      'a millisecond early: at the first minute',
      daytime,
      '2026-07-01T05:59:59.999Z',
      '2026-07-01T06:00:00.000Z',
    ],
    ['in the last minute: at once', daytime, '2026-07-01T18:59:59.999Z', '2026-07-01T18:59:59.999Z'],
    ['at the end: the next day', daytime, '2026-07-01T19:00:00Z', '2026-07-02T06:00:00.000Z'],
    [
      'on the 28th of February in a leap year: the 29th',
      daytime,
      '2028-02-28T23:00:00Z',
      '2028-02-29T07:00:00.000Z',
    ],
    [
      'on Friday evening, weekdays only: on Monday',
      weekdays,
      '2026-07-03T20:00:00Z',
      '2026-07-06T06:00:00.000Z',
    ],
    [
      'on Monday evening, Mondays only: a week later',
      { ...daytime, days: [1] },
      '2026-07-06T19:00:00Z',
      '2026-07-13T06:00:00.000Z',
    ],
    [
      'past midnight, window begun the day before: at once',
      night,
      '2026-07-01T23:59:00Z',
      '2026-07-01T23:59:00.000Z',
    ],
    [
      'a window past midnight has ended: in the evening',
      night,
      '2026-07-01T00:00:00Z',
      '2026-07-01T20:00:00.000Z',
    ],
    [
      'early on Saturday, Friday counts, which has the window: at once',
      { ...night, days: [5] },
      '2026-07-03T23:30:00Z',
      '2026-07-03T23:30:00.000Z',
    ],
    [
      'early on Friday, Thursday counts, which has none: on Friday evening',
      { ...night, days: [5] },
      '2026-07-02T23:30:00Z',
      '2026-07-03T20:00:00.000Z',
    ],
    [
      'early on Monday, Sunday counts, across the end of the week: at once',
      { ...night, days: [7] },
      '2026-07-05T23:30:00Z',
      '2026-07-05T23:30:00.000Z',
    ],
    [
      'a window up to the last minute of the day: shut in that minute',
      { start: '08:00', end: '23:59' },
      '2026-07-01T21:59:00Z',
      '2026-07-02T06:00:00.000Z',
    ],
    ['a window of no length: never', { start: '08:00', end: '08:00' }, '2026-07-01T00:00:00Z', null],
  ])('Berlin, %s', (_, window, from, allowedAt) => {
    expect(allowedTime(window, 'Europe/Berlin', from)).toBe(allowedAt);
  });

  it.each([
    ['Asia/Kathmandu', '2026-07-01T00:00:00Z', '2026-07-01T02:15:00.000Z'],
    ['Pacific/Chatham', '2026-07-01T10:00:00Z', '2026-07-01T19:15:00.000Z'],
    ['Pacific/Pago_Pago', '2026-07-01T10:00:00Z', '2026-07-01T19:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-07-01T10:00:00Z', '2026-07-01T18:00:00.000Z'],
    ['Africa/Casablanca', '2026-07-01T00:00:00Z', '2026-07-01T07:00:00.000Z'],
  ])('%s, at %s: opens at %s', (zone, from, allowedAt) => {
    expect(allowedTime(daytime, zone, from)).toBe(allowedAt);
  });
});

describe('the clocks change', () => {
  it.each([
    [
      'Europe/Berlin',
      'the night before they go forward: an hour sooner',
      daytime,
      '2026-03-28T22:00:00Z',
      '2026-03-29T06:00:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the night before they go back: an hour later',
      daytime,
      '2026-10-24T22:00:00Z',
      '2026-10-25T07:00:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the start is in the skipped hour: when the skip is over',
      { start: '02:30', end: '05:00' },
      '2026-03-29T00:00:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the window is the skipped hour itself: the next day',
      { start: '02:00', end: '03:00' },
      '2026-03-29T00:00:00Z',
      '2026-03-30T00:00:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the whole window is in the skipped hour: the next day',
      { start: '02:15', end: '02:45' },
      '2026-03-29T00:00:00Z',
      '2026-03-30T00:15:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the only window of the week is skipped: a week later',
      { start: '02:15', end: '02:45', days: [7] },
      '2026-03-22T02:00:00Z',
      '2026-04-05T00:15:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the hour comes for the first time: open',
      { start: '02:00', end: '03:00' },
      '2026-10-25T00:30:00Z',
      '2026-10-25T00:30:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the hour comes for the second time: open again',
      { start: '02:00', end: '03:00' },
      '2026-10-25T01:30:00Z',
      '2026-10-25T01:30:00.000Z',
    ],
    [
      'Europe/Berlin',
      'half of the hour has the window, first time over: opens for the second',
      { start: '02:30', end: '03:00' },
      '2026-10-25T01:00:00Z',
      '2026-10-25T01:30:00.000Z',
    ],
    [
      'Europe/Berlin',
      'the window had ended before they went back: opens again',
      { start: '01:00', end: '02:30' },
      '2026-10-25T00:45:00Z',
      '2026-10-25T01:00:00.000Z',
    ],
    [
      'America/New_York',
      'forward: an hour sooner',
      daytime,
      '2026-03-08T03:00:00Z',
      '2026-03-08T12:00:00.000Z',
    ],
    ['America/New_York', 'back: an hour later', daytime, '2026-11-01T03:00:00Z', '2026-11-01T13:00:00.000Z'],
    [
      'America/Havana',
      'there is no midnight: the day begins at one',
      { start: '00:00', end: '06:00', days: [7] },
      '2026-03-08T03:00:00Z',
      '2026-03-08T05:00:00.000Z',
    ],
    [
      'Australia/Lord_Howe',
      'half an hour is skipped: when the skip is over',
      { start: '02:10', end: '04:00' },
      '2026-10-03T15:00:00Z',
      '2026-10-03T15:30:00.000Z',
    ],
    [
      'Antarctica/Troll',
      'two hours are skipped: when the skip is over',
      { start: '01:30', end: '04:00' },
      '2026-03-29T00:00:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
  ])('%s, %s', (zone, _, window, from, allowedAt) => {
    expect(allowedTime(window, zone, from)).toBe(allowedAt);
  });
});

/** Office hours with a break at noon, and Saturday mornings. */
const office = {
  ranges: [
    { start: '09:00', end: '12:00', days: [1, 2, 3, 4, 5] },
    { start: '13:30', end: '18:00', days: [1, 2, 3, 4, 5] },
    { start: '10:00', end: '12:00', days: [6] },
  ],
};

describe('several ranges a week', () => {
  it.each<[string, CallingWindow, string, string | null]>([
    ['before the first one: when it opens', office, '2026-07-01T05:00:00Z', '2026-07-01T07:00:00.000Z'],
    ['in the first one: at once', office, '2026-07-01T08:00:00Z', '2026-07-01T08:00:00.000Z'],
    ['in the break: the second one', office, '2026-07-01T10:00:00Z', '2026-07-01T11:30:00.000Z'],
    ['in the second one: at once', office, '2026-07-01T15:59:59Z', '2026-07-01T15:59:59.000Z'],
    [
      'on Friday evening: Saturday has its own hours',
      office,
      '2026-07-03T16:00:00Z',
      '2026-07-04T08:00:00.000Z',
    ],
    ['on Saturday noon: on Monday', office, '2026-07-04T10:00:00Z', '2026-07-06T07:00:00.000Z'],
    [
      'they overlap: open as long as one of them is',
      {
        ranges: [
          { start: '08:00', end: '12:00' },
          { start: '10:00', end: '14:00' },
        ],
      },
      '2026-07-01T11:59:00Z',
      '2026-07-01T11:59:00.000Z',
    ],
    [
      'one follows the other at once: no gap',
      {
        ranges: [
          { start: '12:00', end: '14:00' },
          { start: '08:00', end: '12:00' },
        ],
      },
      '2026-07-01T10:00:00Z',
      '2026-07-01T10:00:00.000Z',
    ],
    [
      'one past midnight, one by day: the night still counts to the day before',
      {
        ranges: [
          { start: '22:00', end: '02:00', days: [5] },
          { start: '08:00', end: '09:00', days: [1] },
        ],
      },
      '2026-07-03T23:59:00Z',
      '2026-07-03T23:59:00.000Z',
    ],
    [
      'one range only: as if it stood by itself',
      { ranges: [daytime] },
      '2026-07-01T19:00:00Z',
      '2026-07-02T06:00:00.000Z',
    ],
  ])('Berlin, %s', (_, window, from, allowedAt) => {
    expect(allowedTime(window, 'Europe/Berlin', from)).toBe(allowedAt);
  });
});

describe('the end of the day', () => {
  it.each<[string, CallingWindow, string, string | null]>([
    [
      'until 24:00: open in the last minute',
      { start: '08:00', end: '24:00' },
      '2026-07-01T21:59:00Z',
      '2026-07-01T21:59:00.000Z',
    ],
    [
      'until 24:00: shut at midnight',
      { start: '08:00', end: '24:00' },
      '2026-07-01T22:00:00Z',
      '2026-07-02T06:00:00.000Z',
    ],
    [
      'until 00:00: the same',
      { start: '08:00', end: '00:00' },
      '2026-07-01T22:00:00Z',
      '2026-07-02T06:00:00.000Z',
    ],
    [
      'the whole day: open at midnight',
      { start: '00:00', end: '24:00' },
      '2026-07-01T22:00:00Z',
      '2026-07-01T22:00:00.000Z',
    ],
    [
      'the whole of one day: open until it ends',
      { start: '00:00', end: '24:00', days: [3] },
      '2026-07-01T22:00:00Z',
      '2026-07-07T22:00:00.000Z',
    ],
    [
      'one minute around midnight',
      {
        ranges: [
          { start: '23:59', end: '24:00' },
          { start: '00:00', end: '00:01' },
        ],
      },
      '2026-07-01T22:00:59Z',
      '2026-07-01T22:00:59.000Z',
    ],
  ])('Berlin, %s', (_, window, from, allowedAt) => {
    expect(allowedTime(window, 'Europe/Berlin', from)).toBe(allowedAt);
  });
});

describe('several time zones', () => {
  it.each([
    [
      'both must be open: the western one opens last',
      ['America/Boise', 'America/Los_Angeles'],
      daytime,
      '2026-07-01T10:00:00Z',
      '2026-07-01T15:00:00.000Z',
    ],
    [
      'the eastern one has shut: both open again',
      ['America/Boise', 'America/Los_Angeles'],
      daytime,
      '2026-07-02T03:30:00Z',
      '2026-07-02T15:00:00.000Z',
    ],
    [
      'they lie half a day apart: the little that they share',
      ['Asia/Tokyo', 'America/New_York'],
      daytime,
      '2026-07-01T15:00:00Z',
      '2026-07-01T23:00:00.000Z',
    ],
    [
      'their days differ, Mondays only: Monday in both',
      ['Pacific/Auckland', 'America/Anchorage'],
      { start: '00:00', end: '23:59', days: [1] },
      '2026-07-01T00:00:00Z',
      '2026-07-06T08:00:00.000Z',
    ],
    [
      'their days never meet: never',
      ['Pacific/Kiritimati', 'Pacific/Pago_Pago'],
      { start: '00:00', end: '23:00', days: [1] },
      '2026-07-01T00:00:00Z',
      null,
    ],
    [
      'they share the hour in winter only: in winter',
      ['America/Phoenix', 'America/Denver'],
      { start: '08:00', end: '09:00' },
      '2026-07-01T00:00:00Z',
      '2026-11-01T15:00:00.000Z',
    ],
    [
      'they share no minute in any season: never',
      ['Asia/Tokyo', 'America/New_York'],
      { start: '09:00', end: '17:00' },
      '2026-07-01T00:00:00Z',
      null,
    ],
  ])('%s', (_, zones, window, from, allowedAt) => {
    expect(allowedTime(window, zones, from)).toBe(allowedAt);
  });
});

describe('the window without a zone: the number says where the phone is', () => {
  it.each([
    ['+12125550123', ['America/New_York']],
    ['+13105550123', ['America/Los_Angeles']],
    ['+12085550123', ['America/Boise', 'America/Denver', 'America/Los_Angeles']],
    ['+442079460123', ['Europe/London']],
    ['+4915112345678', ['Europe/Berlin']],
    ['+351912345678', ['Atlantic/Azores', 'Europe/Lisbon']],
    ['+34612345678', ['Atlantic/Canary', 'Europe/Madrid']],
    ['+8613800138000', ['Asia/Shanghai']],
    ['+74951234567', ['Europe/Moscow']],
    ['+61212345678', ['Australia/Sydney']],
    ['+5511987654321', ['America/Sao_Paulo']],
    ['+870773123456', []],
    ['+80012345678', []],
  ])('%s: %j', async (number, zones) => {
    expect(timeZonesOf(number)).toEqual(zones);
  });

  it.each<[string, string[]]>([
    ['+79141234567', ['Europe/Kaliningrad', 'Europe/Moscow', 'Asia/Vladivostok']],
    ['+78001234567', ['Europe/Kaliningrad', 'Asia/Kamchatka']],
    ['+77011234567', ['Asia/Almaty', 'Asia/Aqtobe']],
    ['+61412345677', ['Australia/Sydney', 'Australia/Adelaide', 'Australia/Perth']],
    ['+611800123456', ['Australia/Sydney', 'Australia/Perth']],
    ['+6281112345678', ['Asia/Jakarta', 'Asia/Jayapura']],
    ['+243812345678', ['Africa/Kinshasa', 'Africa/Lubumbashi']],
  ])('%s is mobile or toll-free in a country of several zones: all of them', (number, zones) => {
    expect(timeZonesOf(number)).toEqual(expect.arrayContaining(zones));
  });

  it.each(['+18005550199', '+15005550006', '+14605550123', '+19355550123'])(
    '%s belongs to no area: every zone of its plan',
    async (number) => {
      const zones = timeZonesOf(number);
      expect(zones.length).toBeGreaterThan(12);
      expect(zones).toEqual(
        expect.arrayContaining(['America/New_York', 'Pacific/Guam', 'Pacific/Pago_Pago']),
      );
    },
  );

  it.each([
    ['a number of one zone', '+12125550123', daytime, '2026-07-01T12:00:00.000Z'],
    ['a number of two zones: the strictest', '+12085550123', daytime, '2026-07-01T15:00:00.000Z'],
    [
      'a toll-free number, long window: when all zones are open',
      '+18005550199',
      daytime,
      '2026-07-01T22:00:00.000Z',
    ],
    [
      'a toll-free number, office hours: never, for they do not meet',
      '+18005550199',
      { start: '09:00', end: '17:00' },
      null,
    ],
    ['a satellite phone: never, for nobody knows where it is', '+870773123456', daytime, null],
    [
      'a satellite phone, and the request names a zone: that zone',
      '+870773123456',
      { ...daytime, timeZone: 'Asia/Tokyo' },
      '2026-07-01T23:00:00.000Z',
    ],
  ])('%s', async (_, to, window, allowedAt) => {
    expect((await findAllowedTime({ to, window, from: '2026-07-01T12:00:00Z' })).opensAt).toBe(allowedAt);
  });

  it('says which zones were considered', async () => {
    const at = { to: '+12085550123', from: '2026-07-01T08:00:00Z' };
    expect((await findAllowedTime({ ...at, window: daytime })).timeZones).toEqual([
      'America/Boise',
      'America/Denver',
      'America/Los_Angeles',
    ]);
    expect(
      (await findAllowedTime({ ...at, window: { ...daytime, timeZone: 'Asia/Tokyo' } })).timeZones,
    ).toEqual(['Asia/Tokyo']);
  });
});

describe('a call as it was accepted', () => {
  const from = new Date('2026-07-01T02:00:00.123Z');
  const shut = { ...daytime, timeZone: 'Europe/Berlin' };
  it.each<[string, Parameters<typeof nextAllowedTime>[0], Awaited<ReturnType<typeof nextAllowedTime>>]>([
    [
      'no window: at once',
      { to: '+4915112345678', callingWindow: null, urgent: false },
      { opensAt: '2026-07-01T02:00:00.123Z', timeZones: [] },
    ],
    [
      'outside its window: when that opens',
      { to: '+4915112345678', callingWindow: shut, urgent: false },
      { opensAt: '2026-07-01T06:00:00.000Z', timeZones: ['Europe/Berlin'] },
    ],
    [
      'urgent: at once, whatever the window says',
      { to: '+4915112345678', callingWindow: { ...shut, blockedDates: ['2026-07-01'] }, urgent: true },
      { opensAt: '2026-07-01T02:00:00.123Z', timeZones: [] },
    ],
    [
      'urgent, and nothing is known of its zone: at once',
      { to: '+870773123456', callingWindow: daytime, urgent: true },
      { opensAt: '2026-07-01T02:00:00.123Z', timeZones: [] },
    ],
  ])('%s', async (_, plan, found) => {
    expect(await nextAllowedTime(plan, from)).toEqual(found);
  });
});

it('a time zone that this Node.js does not know: throws a sentence about it', () => {
  expect(() => allowedTime(daytime, 'Mars/Olympus', '2026-07-01T00:00:00Z')).toThrow(
    /The calling window cannot be read in the time zone Mars\/Olympus: this Node\.js/,
  );
});
