import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from './part.js';
import { type Fault, type Target, targets } from './plan.js';

/** A fault that was injected. */
export interface InjectedFault extends Fault {
  /** Milliseconds since the start of the run: later than planned if the process was not up again yet. */
  injectedAtMs: number;
  /** How long the process took to stop and was down. */
  downMs: number;
}

/**
 * Injects the planned faults: one after the other for each process, at the same time for different processes.
 */
export async function injectFaults(parts: Record<Target, Part>, faults: Fault[]): Promise<InjectedFault[]> {
  const begunAt = Date.now();
  const since = () => Date.now() - begunAt;
  const injecting = targets.map(async (target) => {
    const injected: InjectedFault[] = [];
    for (const fault of faults.filter((one) => one.target === target)) {
      await pause(Math.max(0, fault.atMs - since()));
      const injectedAtMs = since();
      await injectFault(parts[target], fault);
      injected.push({ ...fault, injectedAtMs, downMs: since() - injectedAtMs });
    }
    return injected;
  });
  return (await Promise.all(injecting)).flat().sort((a, b) => a.injectedAtMs - b.injectedAtMs);
}

async function injectFault(part: Part, { kind, forMs }: Fault): Promise<void> {
  if (kind === 'freeze') {
    part.freeze();
    await pause(forMs);
    part.unfreeze();
    return;
  }
  await (kind === 'kill' ? part.kill() : part.stop());
  await pause(forMs);
  await part.start();
}
