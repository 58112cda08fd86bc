import { describe, expect, inject, it } from 'vitest';
import { startBenchStack } from './benchStack.js';
import { growthMb, measureMemory, memoryReport, mostGrowthMb, shortMemoryPlan } from './memory.js';

describe('memory of API and worker', () => {
  it('calls and waited reads, again and again: stays flat', { timeout: 300_000 }, async () => {
    const stack = await startBenchStack({
      cliPath: inject('temporalCliPath'),
      file: false,
      progress: 'signal',
    });
    try {
      const measure = await measureMemory(stack, shortMemoryPlan);
      const { apiMb, workerMb } = measure;
      expect(Math.min(...apiMb, ...workerMb)).toBeGreaterThan(10);
      expect(growthMb(apiMb), memoryReport(measure)).toBeLessThanOrEqual(mostGrowthMb);
      expect(growthMb(workerMb), memoryReport(measure)).toBeLessThanOrEqual(mostGrowthMb);
    } finally {
      await stack.end();
    }
  });

  it.each<[string, number[], number]>([
    ['a process that warms up', [100, 200, 300, 310, 300, 310], 0],
    ['memory that comes and goes', [100, 100, 180, 120, 190, 125], 5],
    ['a leak', [100, 150, 200, 250, 300, 350], 100],
  ])('%s: its growth is found', (_, usedMb, growth) => {
    expect(growthMb(usedMb)).toBe(growth);
  });
});
