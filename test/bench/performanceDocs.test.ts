import { describe, expect, it } from 'vitest';
import { quantile, steadyRate } from './pace.js';
import { performanceDocs } from './performanceDocs.js';
import { isUsageKnown, usageOf } from './processUsage.js';

describe('the page about performance', () => {
  it('tables and chart show the baseline and the costs: else `npm run bench:docs` writes them anew', () => {
    const { page, chart } = performanceDocs();
    expect(page[0]).toBe(page[1]);
    expect(chart[0]).toBe(chart[1]);
  });
});

describe('the arithmetic of the benchmark', () => {
  it.each([
    [0.5, 50],
    [0.95, 95],
    [0.99, 99],
    [1, 100],
  ])('of 1 to 100, a share of %d is not above %d', (share, value) => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(values, share)).toBe(value);
  });

  it('the rate is that of the steady middle: a slow start and a slow end do not count', () => {
    const middle = Array.from({ length: 60 }, (_, i) => 100_000 + i * 10);
    const start = Array.from({ length: 20 }, (_, i) => i * 1_000);
    const end = Array.from({ length: 20 }, (_, i) => 200_000 + i * 1_000);
    expect(steadyRate([...start, ...middle, ...end])).toBeCloseTo(100, 5);
  });

  it('a process that computes is seen to use CPU and memory, where the system tells', () => {
    const before = usageOf(process.pid);
    for (const until = Date.now() + 200; Date.now() < until; );
    const after = usageOf(process.pid);
    expect(after.cpuSeconds > before.cpuSeconds).toBe(isUsageKnown);
    expect(after.residentBytes > 10_000_000).toBe(isUsageKnown);
  });
});
