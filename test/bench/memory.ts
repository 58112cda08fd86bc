import type { BenchStack } from './benchStack.js';

/** How often everything is repeated, and how much of it each time. */
export interface MemoryPlan {
  slices: number;
  /** Answered calls of a slice, with all callbacks. */
  calls: number;
  /** Reads `GET /calls/{callId}?wait=1` of a slice, of calls that run on: each waits for its whole second. */
  waitedReads: number;
}

export interface MemoryMeasure {
  plan: MemoryPlan;
  /** What the JavaScript of each process has in use after each slice, once garbage was collected, in MB. */
  apiMb: number[];
  workerMb: number[];
}

/** Short enough for a test. A leak of 160 kB for each waited read, as there once was, shows as 70 MB. */
export const shortMemoryPlan: MemoryPlan = { slices: 6, calls: 25, waitedReads: 150 };
export const longMemoryPlan: MemoryPlan = { slices: 15, calls: 200, waitedReads: 400 };

/** Growth in MB that caches explain which are not full yet, however long the run. */
export const mostGrowthMb = 10;

/** Repeats calls and waited reads, and reads after each slice how much memory API and worker use. */
export async function measureMemory(
  stack: BenchStack,
  plan: MemoryPlan,
  print: (line: string) => void = () => {},
): Promise<MemoryMeasure> {
  const measure: MemoryMeasure = { plan, apiMb: [], workerMb: [] };
  await stack.load.run('hold', 10);
  for (let slice = 1; slice <= plan.slices; slice++) {
    await Promise.all([
      stack.load.run('calls', { count: plan.calls, pace: { inFlight: 25 }, to: 'ordinary numbers' }),
      stack.load.run('waitedReads', { count: plan.waitedReads, inFlight: 50 }),
    ]);
    const { api, worker } = await stack.heapBytes();
    measure.apiMb.push(api / 1024 / 1024);
    measure.workerMb.push(worker / 1024 / 1024);
    print(
      `slice ${slice} of ${plan.slices}: ${lastOf(measure.apiMb)} MB API, ${lastOf(measure.workerMb)} MB worker`,
    );
  }
  return measure;
}

/**
 * MB by which memory grew after the first third of the slices, in which a process loads and compiles its
 * code. Compares the least memory of the second third with that of the last third, because what is under way
 * comes and goes.
 */
export function growthMb(usedMb: number[]): number {
  const third = Math.floor(usedMb.length / 3);
  return Math.min(...usedMb.slice(-third)) - Math.min(...usedMb.slice(third, 2 * third));
}

/** The measure as text for people. */
export function memoryReport({ plan, apiMb, workerMb }: MemoryMeasure): string {
  const line = (name: string, mb: number[]) =>
    `${name} ${mb.map((one) => one.toFixed(1)).join(' ')} MB: grew by ${growthMb(mb).toFixed(1)} MB`;
  return [
    `memory in use after each of ${plan.slices} slices of ${plan.calls} calls and ${plan.waitedReads} waited reads`,
    line('API   ', apiMb),
    line('worker', workerMb),
    `Flat means: grew by at most ${mostGrowthMb} MB from the second third of the slices to the last.`,
  ].join('\n');
}

function lastOf(values: number[]): string {
  return (values.at(-1) ?? Number.NaN).toFixed(1);
}
