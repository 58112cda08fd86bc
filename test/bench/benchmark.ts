import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { ProgressMode } from '../../workflows/rules/twilioStatus.js';
import type { HistoryCost } from '../costs/historyCost.js';
import { startBenchStack } from './benchStack.js';
import {
  type CallMeasure,
  type Latency,
  meanOf,
  measureCalls,
  measureIdle,
  measureRoundTrip,
  measureScenarios,
  measureWaiting,
  measureWebhook,
  measureYardstick,
  partsOfCall,
  partsOfYardstick,
  sumOfCpu,
  type WaitingMeasure,
  type YardstickMeasure,
} from './measures.js';
import { quantile } from './pace.js';

/** How much of everything is measured. */
export interface BenchPlan {
  /** How often yardstick and calls are measured, one after the other. The middle ratio counts. */
  repeats: number;
  /** Calls before the first measure: V8 still compiles our code during the first few hundred. */
  warmUp: number;
  /** Calls, and workflows of the yardstick, in a repeat. */
  count: number;
  /** Calls at the same time, to find the top rate. */
  inFlight: number;
  /** Calls at a quarter of the top rate. */
  paced: number;
  callbacks: number;
  startUps: number;
  /** Numbers of waiting calls. */
  levels: number[];
  /** Short calls while others wait. */
  beside: number;
}

export interface BenchResults {
  ratios: {
    /** CPU of a call divided by CPU of a workflow of the yardstick. */
    cpuPerCall: number;
    /** The same for each repeat. Their spread is the noise. */
    cpuPerCallOfRepeats: number[];
    /**
     * Median time from callback to row at a quarter of the top rate, divided by that of an empty workflow to
     * finish.
     */
    callbackToRow: number;
    /** Callbacks a second divided by those of the bare route. */
    webhook: number;
    /** CPU of a call in yardsticks with the most waiting calls, divided by that with the fewest. */
    cpuBesideWaiting: number;
  };
  scenarios: Record<string, HistoryCost>;
  calls: { top: CallMeasure; quarter: CallMeasure };
  yardstick: { top: YardstickMeasure; signalAndFinishMs: Latency };
  webhook: { perSecond: number; barePerSecond: number };
  waiting: WaitingMeasure[];
  /**
   * For each waiting call that is in the worker's cache: measured between the first two numbers of waiting
   * calls.
   */
  kbPerWaitingCall: { worker: number; temporal: number };
  startUpMs: { api: number; worker: number; dev: number };
  machine: Record<string, string | number>;
}

export async function benchmark(
  plan: BenchPlan,
  options: { cliPath: string; file: boolean; progress: ProgressMode; print: (line: string) => void },
): Promise<BenchResults> {
  const { print } = options;
  print('starting Temporal, PostgreSQL, simulator, API and worker');
  const stack = await startBenchStack(options);
  try {
    print('history and billable actions of each kind of call');
    await stack.restartWorker({ RINGTRUE_CALLBACK_WAIT_SECONDS: '2', RINGTRUE_POLL_INTERVAL_SECONDS: '1' });
    const scenarios = await measureScenarios(stack);
    await stack.restartWorker();

    print('warming up');
    const { count, inFlight } = plan;
    const warm = { count: plan.warmUp, inFlight };
    await measureCalls(stack, { count: warm.count, pace: { inFlight } });
    await measureYardstick(stack, warm);
    await measureIdle(stack);

    const repeats: { call: CallMeasure; yardstick: YardstickMeasure }[] = [];
    for (let repeat = 1; repeat <= plan.repeats; repeat++) {
      print(`repeat ${repeat} of ${plan.repeats}: ${count} workflows of the yardstick, ${count} calls`);
      // The yardstick runs before and after, so that a machine that gets slower or faster does not change the
      // ratio.
      const half = { count: Math.ceil(count / 2), inFlight };
      const first = await measureYardstick(stack, half);
      const call = await measureCalls(stack, { count, pace: { inFlight } });
      const second = await measureYardstick(stack, half);
      repeats.push({ call, yardstick: meanOf(first, second) });
    }
    const { call: top, yardstick } = middleOf(repeats, ratioOf);
    const perSecond = top.perSecond / 4;
    print(`${plan.paced} calls at a quarter of the top rate, ${perSecond.toFixed(1)} a second`);
    const quarter = await measureCalls(stack, { count: plan.paced, pace: { perSecond } });
    const signalAndFinishMs = await measureRoundTrip(stack, { count: plan.paced, perSecond });

    print(`${plan.callbacks} callbacks to the webhook alone`);
    const webhook = await measureWebhook(stack, { count: plan.callbacks });

    print(`memory and cost with ${plan.levels.join(', ')} calls waiting`);
    await stack.restartWorker();
    await measureCalls(stack, { count: warm.count, pace: { inFlight } });
    const waiting = await measureWaiting(stack, plan.levels, plan.beside);

    print('start-up times');
    const startUpMs = {
      api: await startUp('api'),
      worker: await startUp('worker'),
      dev: await startUp('dev'),
    };

    const [fewest, more] = waiting as [WaitingMeasure, WaitingMeasure];
    const most = waiting.at(-1) as WaitingMeasure;
    const kb = (part: 'worker' | 'temporal') =>
      ((more.residentMb[part] - fewest.residentMb[part]) * 1024) / (more.waiting - fewest.waiting);
    return {
      ratios: {
        cpuPerCall: ratioOf({ call: top, yardstick }),
        cpuPerCallOfRepeats: repeats.map(ratioOf),
        callbackToRow: quarter.callbackToRowMs.p50 / signalAndFinishMs.p50,
        webhook: webhook.perSecond / webhook.barePerSecond,
        cpuBesideWaiting: ratioBeside(most) / ratioBeside(fewest),
      },
      scenarios,
      calls: { top, quarter },
      yardstick: { top: yardstick, signalAndFinishMs },
      webhook,
      waiting,
      kbPerWaitingCall: { worker: kb('worker'), temporal: kb('temporal') },
      startUpMs,
      machine: machineOf(options),
    };
  } finally {
    await stack.end();
  }

  async function startUp(what: 'api' | 'worker' | 'dev'): Promise<number> {
    const times: number[] = [];
    for (let start = 0; start < plan.startUps; start++) times.push(await stack.startUp(what));
    return quantile(times, 0.5);
  }
}

function ratioOf({ call, yardstick }: { call: CallMeasure; yardstick: YardstickMeasure }): number {
  return sumOfCpu(call.cpuMsPerCall, partsOfCall) / sumOfCpu(yardstick.cpuMsPerWorkflow, partsOfYardstick);
}

function ratioBeside({ cpuMsPerCall, cpuMsPerYardstick }: WaitingMeasure): number {
  return sumOfCpu(cpuMsPerCall, partsOfCall) / sumOfCpu(cpuMsPerYardstick, partsOfYardstick);
}

function middleOf<Item>(items: Item[], by: (item: Item) => number): Item {
  return [...items].sort((a, b) => by(a) - by(b))[Math.floor(items.length / 2)] as Item;
}

function machineOf({ cliPath, file }: { cliPath: string; file: boolean }): BenchResults['machine'] {
  const [cpu] = cpus();
  const manifest = new URL('../../node_modules/@temporalio/worker/package.json', import.meta.url);
  return {
    cores: cpus().length,
    cpu: cpu?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    temporalSdk: JSON.parse(readFileSync(manifest, 'utf8')).version,
    temporalServer: execFileSync(cliPath, ['--version'], { encoding: 'utf8' }).trim(),
    temporalKeeps: file ? 'a SQLite file' : 'memory',
  };
}
