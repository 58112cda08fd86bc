import { expect, it } from 'vitest';
import { callingWindowOf } from '../../src/commands/calls/windowOptions.js';

it.each([
  [{}, undefined],
  [{ window: ['08:00-21:00'] }, { start: '08:00', end: '21:00' }],
  [
    { window: ['22:00-02:00'], days: '1,3,6-7', timeZone: 'Europe/Berlin' },
    { timeZone: 'Europe/Berlin', start: '22:00', end: '02:00', days: [1, 3, 6, 7] },
  ],
  [
    { window: ['09:00-12:00', '13:30-18:00'], days: '1-5', blockedDates: ['2026-12-25', '2026-12-26'] },
    {
      ranges: [
        { start: '09:00', end: '12:00', days: [1, 2, 3, 4, 5] },
        { start: '13:30', end: '18:00', days: [1, 2, 3, 4, 5] },
      ],
      blockedDates: ['2026-12-25', '2026-12-26'],
    },
  ],
  [
    { window: ['08:00-21:00'], days: '1-3,2-4' },
    { start: '08:00', end: '21:00', days: [1, 2, 3, 4] },
  ],
])('ringtrue call, %j: asks for the window %j', (options, window) => {
  expect(callingWindowOf(options)).toEqual(window);
});
