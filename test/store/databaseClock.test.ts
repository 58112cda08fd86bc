import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { databaseClock } from '../../activities/store/database/databaseClock.js';

/** The database is six hours behind this machine. */
const behindMs = 6 * 3_600_000;
let reads = 0;
const read = async () => {
  reads++;
  return (realNow() - behindMs) / 1000;
};
const realNow = () => performance.timeOrigin + performance.now();
beforeEach(() => {
  reads = 0;
});
afterEach(() => vi.restoreAllMocks());

/** From now on, the clocks of this machine are ahead by so much. */
function advance({ monotonicMs, dateMs }: { monotonicMs: number; dateMs: number }) {
  const [monotonic, date] = [performance.now.bind(performance), Date.now.bind(Date)];
  vi.spyOn(performance, 'now').mockImplementation(() => monotonic() + monotonicMs);
  vi.spyOn(Date, 'now').mockImplementation(() => date() + dateMs);
}

it('a statement of before told the time: it goes on from there, and the database is not asked', async () => {
  const clock = databaseClock(read);
  clock.hear((Date.now() - behindMs) / 1000);
  advance({ monotonicMs: 30_000, dateMs: 30_000 });
  expect(Math.abs((await clock.now()) - (Date.now() - behindMs))).toBeLessThan(100);
  expect(reads).toBe(0);
});

it('no statement has told the time: asked once', async () => {
  const clock = databaseClock(read);
  for (let time = 0; time < 3; time++)
    expect(Math.abs((await clock.now()) - (Date.now() - behindMs))).toBeLessThan(1000);
  expect(reads).toBe(1);
});

it.each([
  ['the reading is older than a minute', { monotonicMs: 61_000, dateMs: 61_000 }],
  ['the date of the machine was set back', { monotonicMs: 1_000, dateMs: -3_600_000 }],
  ['the machine slept', { monotonicMs: 1_000, dateMs: 8 * 3_600_000 }],
])('%s: asked again', async (_, change) => {
  const clock = databaseClock(read);
  await clock.now();
  advance(change);
  await clock.now();
  expect(reads).toBe(2);
});

it('the database cannot be asked: throws, so that nothing is dialed', async () => {
  const clock = databaseClock(() => Promise.reject(new Error('the store is away')));
  await expect(clock.now()).rejects.toThrow('the store is away');
});
