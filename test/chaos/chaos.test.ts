import { expect, inject, it } from 'vitest';
import { chaosRun, evidenceDirectory } from './chaosRun.js';
import { reportOf } from './report.js';

it('forty calls with faults of Twilio and of every process: none lost, doubled or untrue, no forged callback accepted', async () => {
  const lines: string[] = [];
  const result = await chaosRun({
    seed: 7,
    calls: 40,
    seconds: 20,
    cliPath: inject('temporalCliPath'),
    evidenceIn: evidenceDirectory(7, 40),
    print: (line) => lines.push(line),
  });
  const { plan, injected, evidence, violations } = result;
  expect(violations, reportOf(result)).toEqual([]);
  // The faults did happen. Otherwise the run proves nothing.
  expect(injected).toHaveLength(plan.faults.length);
  expect(evidence.placed.filter(({ callIds }) => callIds.length === 1)).toHaveLength(40);
  expect(evidence.twilio.length).toBeGreaterThan(20);
  expect(
    evidence.attempts.filter(({ document }) => document.evidence.create?.unclear).length,
  ).toBeGreaterThan(0);
  expect(evidence.forged.filter(({ status }) => status === 403).length).toBeGreaterThan(0);
}, 400_000);
