import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../../src/process/cacheDirectory.js';
import { findTemporalCli } from '../../src/temporal/temporalCli.js';
import { progressModes } from '../../workflows/rules/twilioStatus.js';
import useRunDirectory from '../support/useRunDirectory.js';
import { type BenchPlan, benchmark } from './benchmark.js';
import { startBenchStack } from './benchStack.js';
import {
  growthMb,
  longMemoryPlan,
  measureMemory,
  memoryReport,
  mostGrowthMb,
  shortMemoryPlan,
} from './memory.js';
import { readBaseline, writeBaseline, writePerformanceDocs } from './performanceDocs.js';
import { isUsageKnown } from './processUsage.js';
import { jsonOf, tableOf } from './report.js';

/** `npm run bench -- --quick --json results.json`; `--help` explains the options. */
const help = `npm run bench -- [OPTIONS]

  --quick            one short repeat: a minute or two, with more noise
  --waiting NUMBER   most calls that wait at once: 1000, or 300 with --quick; 10000 takes a while
  --file             Temporal keeps its state in a SQLite file, as \`ringtrue dev\` does, instead of in memory
  --progress MODE    RINGTRUE_PROGRESS: signal, or store
  --json FILE        writes the results there too
  --memory           only the memory of API and worker over many calls and waited reads; exits with 1 if it grows
  --baseline         makes the results the new baseline, and writes docs/performance.md anew
`;
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    file: { type: 'boolean', default: false },
    progress: { type: 'string', default: 'signal' },
    json: { type: 'string' },
    memory: { type: 'boolean', default: false },
    baseline: { type: 'boolean', default: false },
    waiting: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(help);
  process.exit();
}
const most = Number(values.waiting ?? (values.quick ? 300 : 1_000));
if (!Number.isInteger(most) || most < 200 || most > 20_000)
  throw new Error(`--waiting is ${JSON.stringify(values.waiting)}; must be a whole number 200..20000.`);
const levels = [...new Set([100, 1_000, most].filter((level) => level <= most))];
const progress = progressModes.find((mode) => mode === values.progress);
if (!progress) throw new Error(`--progress is ${JSON.stringify(values.progress)}; must be signal or store.`);
const plan: BenchPlan = values.quick
  ? {
      repeats: 1,
      warmUp: 150,
      count: 150,
      inFlight: 80,
      paced: 60,
      callbacks: 800,
      startUps: 1,
      levels,
      beside: 80,
    }
  : {
      repeats: 5,
      warmUp: 500,
      count: 300,
      inFlight: 100,
      paced: 200,
      callbacks: 4_000,
      startUps: 3,
      levels,
      beside: 300,
    };

const say = (line: string) => process.stderr.write(`${line}\n`);
const startedAt = Date.now();
// If something hangs: the other processes end with this one.
const minutes = 15 + most / 500;
setTimeout(() => {
  say(`Given up after ${minutes} minutes.`);
  process.exit(1);
}, minutes * 60_000).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const cli = await findTemporalCli({ env: process.env, cacheDirectory: cacheDirectory(tmpdir()), say });
const removeRunDirectory = useRunDirectory();
if (values.memory) {
  const stack = await startBenchStack({ cliPath: cli.path, file: values.file, progress });
  const measure = await measureMemory(stack, values.quick ? shortMemoryPlan : longMemoryPlan, say);
  await stack.end();
  removeRunDirectory();
  process.stdout.write(`${memoryReport(measure)}\n`);
  process.exit(Math.max(growthMb(measure.apiMb), growthMb(measure.workerMb)) > mostGrowthMb ? 1 : 0);
}
const results = await benchmark(plan, {
  cliPath: cli.path,
  file: values.file,
  progress,
  print: (line) => say(`${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s  ${line}`),
});
removeRunDirectory();
process.stdout.write(`${tableOf(results, readBaseline())}\n`);
if (values.baseline) {
  if (!isUsageKnown) throw new Error('--baseline: CPU and memory can be measured on Linux only.');
  writeBaseline(results);
  writePerformanceDocs();
  say('The baseline and docs/performance.md are renewed.');
}
if (values.json !== undefined) {
  writeFileSync(values.json, jsonOf(results));
  say(`The results are in ${values.json}.`);
}
process.exit();
