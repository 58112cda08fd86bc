import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Caller } from './caller.js';
import { forge } from './forger.js';
import { dealBlows, type Struck } from './killer.js';
import { reset } from './operator.js';
import { type Plan, planOf } from './plan.js';
import { type Stack, startStack } from './stack.js';
import { type Violation, violationsOf } from './truth.js';
import { allOver, type Evidence, hearWitnesses, historyOf } from './witnesses.js';

export interface ChaosOptions {
  seed: number;
  calls: number;
  /** How long calls are placed and processes struck; then everything may come to rest. */
  seconds: number;
  cliPath: string;
  /** Where what is needed to look into a violation is written; null: nowhere. */
  evidenceIn: string | null;
  say: (line: string) => void;
}

export interface ChaosResult {
  plan: Plan;
  struck: Struck[];
  evidence: Evidence;
  violations: Violation[];
  /** From the last blow until every call was over. */
  calmSeconds: number;
}

/** Longer than any single wait that a fault can cost: a lost worker (30 s), a store that was away (30 s), each a few times. */
const comesToRestWithinMs = 240_000;

/** One run: places calls, strikes processes, waits until everything is over, and holds the record against the truth. */
export async function chaosRun(options: ChaosOptions): Promise<ChaosResult> {
  const { say } = options;
  const plan = planOf(options);
  const stack = await startStack(options.cliPath);
  try {
    await stack.ready(60_000);
    say('Everything is up. Calls are placed, and processes are struck.');
    const caller = new Caller(stack.apiUrl, plan.calls);
    const accepted = () => caller.placed.flatMap(({ callIds }) => callIds);
    const calling = caller.run();
    const [struck, forged, resets] = await Promise.all([
      dealBlows(stack.parts, plan.blows),
      forge(stack, plan.forgeries, accepted),
      reset(stack, plan.resets, accepted),
      pause(plan.lengthMs),
    ]);
    say('No more blows. Waiting until every call is over.');
    const calmFrom = Date.now();
    await stack.ready(90_000);
    await calling;
    const over = await allOver(stack, accepted(), comesToRestWithinMs);
    const calmSeconds = Math.round((Date.now() - calmFrom) / 1000);
    if (!over) say(`Not every call is over after ${calmSeconds} s.`);
    const heard = { placed: caller.placed, forged, resets, badEnds: stack.badEnds() };
    const evidence = await hearWitnesses(stack, heard);
    const violations = violationsOf(evidence);
    if (violations.length > 0 && options.evidenceIn !== null)
      await keepEvidence(options.evidenceIn, stack, { plan, struck, evidence, violations });
    return { plan, struck, evidence, violations, calmSeconds };
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
  for (const [name, said] of Object.entries(stack.said()))
    await writeFile(join(directory, `${name}.log`), said);
  const callIds = new Set(result.violations.map(({ callId }) => callId).filter((id) => id !== null));
  for (const callId of callIds)
    await writeFile(join(directory, `${callId}.history.json`), await historyOf(stack, callId));
}
