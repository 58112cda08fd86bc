import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from './part.js';
import { type Blow, type Target, targets } from './plan.js';

/** A blow that was dealt. */
export interface Struck extends Blow {
  /** When, in milliseconds of the run: later than planned when the process was not up again by then. */
  struckAtMs: number;
  /** How long it took to stop, and was down. */
  downMs: number;
}

/** Deals the planned blows: one after the other to each process, to different ones at the same time. */
export async function dealBlows(parts: Record<Target, Part>, blows: Blow[]): Promise<Struck[]> {
  const begunAt = Date.now();
  const since = () => Date.now() - begunAt;
  const dealt = targets.map(async (target) => {
    const struck: Struck[] = [];
    for (const blow of blows.filter((one) => one.target === target)) {
      await pause(Math.max(0, blow.atMs - since()));
      const struckAtMs = since();
      await deal(parts[target], blow);
      struck.push({ ...blow, struckAtMs, downMs: since() - struckAtMs });
    }
    return struck;
  });
  return (await Promise.all(dealt)).flat().sort((a, b) => a.struckAtMs - b.struckAtMs);
}

async function deal(part: Part, { kind, forMs }: Blow): Promise<void> {
  if (kind === 'freeze') {
    part.freeze();
    await pause(forMs);
    part.thaw();
    return;
  }
  await (kind === 'kill' ? part.kill() : part.stop());
  await pause(forMs);
  await part.start();
}
