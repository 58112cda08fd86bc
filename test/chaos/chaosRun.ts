import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from './client.js';
import { allOver, collectEvidence, type Evidence, historyOf } from './collectEvidence.js';
import { forge } from './forger.js';
import { type InjectedFault, injectFaults } from './injectFaults.js';
import { reset } from './operator.js';
import { type Plan, planOf } from './plan.js';
import { type Stack, startStack } from './stack.js';
import { type Violation, violationsOf } from './truth.js';

export interface ChaosOptions {
  seed: number;
  calls: number;
  /** How long calls are placed and faults injected. After that the run waits until every call is over. */
  seconds: number;
  cliPath: string;
  /**
   * Where the evidence of a run with violations is written. What an earlier run left there is deleted. Null:
   * nowhere.
   */
  evidenceIn: string | null;
  print: (line: string) => void;
}

export interface ChaosResult {
  plan: Plan;
  injected: InjectedFault[];
  evidence: Evidence;
  violations: Violation[];
  /** From the last fault until every call was over. */
  calmSeconds: number;
}

/** Longer than a lost worker (30 s) and a store that was down (30 s) can delay a call, each a few times. */
const settlesWithinMs = 240_000;

/**
 * Where `npm run chaos` and the test keep the evidence of a run with violations: in `.cache`, which git
 * ignores.
 */
export function evidenceDirectory(seed: number, calls: number): string {
  return fileURLToPath(new URL(`../../.cache/chaos-evidence/${seed}-${calls}`, import.meta.url));
}

/**
 * One run: places calls, injects faults, waits until every call is over, and compares the record with the
 * truth.
 */
export async function chaosRun(options: ChaosOptions): Promise<ChaosResult> {
  const { print } = options;
  const plan = planOf(options);
  if (options.evidenceIn !== null) await rm(options.evidenceIn, { recursive: true, force: true });
  const stack = await startStack(options.cliPath);
  try {
    await stack.ready(60_000);
    print('Everything is up. Placing calls and injecting faults.');
    const client = new Client(stack.apiUrl, plan.calls);
    const accepted = () => client.placed.flatMap(({ callIds }) => callIds);
    const calling = client.run();
    const [injected, forged, resets] = await Promise.all([
      injectFaults(stack.parts, plan.faults),
      forge(stack, plan.forgeries, accepted),
      reset(stack, plan.resets, accepted),
      pause(plan.lengthMs),
    ]);
    print('No more faults. Waiting until every call is over.');
    const calmFrom = Date.now();
    await stack.ready(90_000);
    await calling;
    const over = await allOver(stack, accepted(), settlesWithinMs);
    const calmSeconds = Math.round((Date.now() - calmFrom) / 1000);
    if (!over) print(`Not every call is over after ${calmSeconds} s.`);
    const observed = { placed: client.placed, forged, resets, badEnds: stack.badEnds() };
    const evidence = await collectEvidence(stack, observed);
    const violations = violationsOf(evidence);
    if (violations.length > 0 && options.evidenceIn !== null)
      await keepEvidence(options.evidenceIn, stack, { plan, injected, evidence, violations });
    return { plan, injected, evidence, violations, calmSeconds };
  } finally {
    await stack.end();
  }
}

async function keepEvidence(
  directory: string,
  stack: Stack,
  result: Omit<ChaosResult, 'calmSeconds'>,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, what] of Object.entries(result))
    await writeFile(join(directory, `${name}.json`), JSON.stringify(what, null, 1));
  for (const [name, output] of Object.entries(stack.output()))
    await writeFile(join(directory, `${name}.log`), output);
  const callIds = new Set(result.violations.map(({ callId }) => callId).filter((id) => id !== null));
  for (const callId of callIds)
    await writeFile(join(directory, `${callId}.history.json`), await historyOf(stack, callId));
}
