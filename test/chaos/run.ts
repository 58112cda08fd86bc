import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../../src/process/cacheDirectory.js';
import { findTemporalCli } from '../../src/temporal/temporalCli.js';
import useRunDirectory from '../support/useRunDirectory.js';
import { chaosRun, evidenceDirectory } from './chaosRun.js';
import { reportOf } from './report.js';

/** `npm run chaos -- --seed 42 --calls 300 --minutes 5`. Exits with 1 if it finds a violation. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    calls: { type: 'string' },
    minutes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write('npm run chaos -- [--seed NUMBER] [--calls NUMBER] [--minutes NUMBER]\n');
  process.exit(0);
}
const seed = number('seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000)));
const calls = number('calls', values.calls ?? '300');
const minutes = number('minutes', values.minutes ?? '5');
const print = (line: string) => process.stderr.write(`${line}\n`);

const evidenceIn = evidenceDirectory(seed, calls);
const cli = await findTemporalCli({ env: process.env, cacheDirectory: cacheDirectory(tmpdir()), say: print });
const removeRunDirectory = useRunDirectory();
print(`Seed ${seed}: ${calls} calls in ${minutes} minutes.`);
const result = await chaosRun({
  seed,
  calls,
  seconds: Math.round(minutes * 60),
  cliPath: cli.path,
  evidenceIn,
  print,
});
process.stdout.write(`${reportOf(result)}\n`);
if (result.violations.length > 0) {
  print(`The evidence is in ${evidenceIn}: rows, Twilio's calls, logs and histories.`);
  print(`To run it again: npm run chaos -- --seed ${seed} --calls ${calls} --minutes ${minutes}`);
}
removeRunDirectory();
process.exit(result.violations.length > 0 ? 1 : 0);

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} is ${JSON.stringify(text)}; must be a number.`);
}
