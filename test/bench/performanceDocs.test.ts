import { describe, expect, it } from 'vitest';
import { quantile, steadyRate } from './pace.js';
import { performanceDocs } from './performanceDocs.js';
import { isUsageKnown, usageOf } from './processUsage.js';

describe('docs/performance.md', () => {
  it('tables and chart: show baseline and costs (if not, run `npm run bench:docs`)', () => {
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
  ])('quantile %d of 1 to 100: %d', (share, value) => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(values, share)).toBe(value);
  });

  it('a slow start and a slow end: do not count for the rate', () => {
    const middle = Array.from({ length: 60 }, (_, i) => 100_000 + i * 10);
    const start = Array.from({ length: 20 }, (_, i) => i * 1_000);
    const end = Array.from({ length: 20 }, (_, i) => 200_000 + i * 1_000);
    expect(steadyRate([...start, ...middle, ...end])).toBeCloseTo(100, 5);
  });

  it('a process that computes: CPU and memory are measured on Linux', () => {
    const before = usageOf(process.pid);
    for (const until = Date.now() + 200; Date.now() < until; );
    const after = usageOf(process.pid);
    expect(after.cpuSeconds > before.cpuSeconds).toBe(isUsageKnown);
    expect(after.residentBytes > 10_000_000).toBe(isUsageKnown);
  });
});
