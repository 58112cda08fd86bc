import { describe, expect, it } from 'vitest';
import { nextWait, standardInterval } from '../../workflows/batch/feedInterval.js';

describe('the wait before the next look at a batch', () => {
  it.each<[string, { last: number; ended: number; window: number }, number]>([
    ['nothing ended: longer', { last: 2, ended: 0, window: 100 }, 3],
    ['less than a twentieth of the window ended: longer', { last: 2, ended: 4, window: 100 }, 3],
    ['a tenth ended: as long again', { last: 4, ended: 10, window: 100 }, 4],
    ['half of it ended: half as long', { last: 8, ended: 50, window: 100 }, 4],
    ['all of it ended: never below the shortest', { last: 1, ended: 100, window: 100 }, 1],
    ['nothing ends for long: never above the longest', { last: 25, ended: 0, window: 100 }, 30],
    ['a window of one, and it ended: half as long', { last: 4, ended: 1, window: 1 }, 2],
  ])('%s', (_, { last, ...step }, wait) => {
    expect(nextWait(last, step, standardInterval)).toBe(wait);
  });
});
