import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { type HistoryCost, historyCost } from '../costs/historyCost.js';
import { type BenchStack, type PartName, partNames } from './benchStack.js';
import { BenchProcess } from './childProcess.js';
import type { CallbackLoad, CallLoad, PostedCall } from './loadProcess.js';
import { quantile, steadyRate, together } from './pace.js';

/** Percentiles in milliseconds: half of all values are at most `p50`. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
}

/** CPU milliseconds of each process for one call, or one workflow of the yardstick. */
export type CpuOf = Partial<Record<PartName, number>>;

export interface CallMeasure {
  /** Calls recorded a second. */
  perSecond: number;
  cpuMsPerCall: CpuOf;
  /** From sending the deciding callback to the recorded outcome. */
  callbackToRowMs: Latency;
  /** From sending `POST /calls` to the create at Twilio. */
  postToCreateMs: Latency;
  /** From sending `POST /calls` to its answer. */
  postToAnswerMs: Latency;
}

/** ringtrue and its servers. Simulator and load generator do not count: they replace Twilio and a client. */
export const partsOfCall: readonly PartName[] = ['temporal', 'worker', 'api', 'postgres'];
export const partsOfYardstick: readonly PartName[] = ['temporal', 'yardstick'];

export function sumOfCpu(cpu: CpuOf, parts: readonly PartName[]): number {
  return parts.reduce((sum, part) => sum + (cpu[part] ?? 0), 0);
}

const idleSeconds = 5;

/** Waits until all is idle and measures what each process spends then. Later measures subtract it. */
export async function measureIdle(stack: BenchStack): Promise<void> {
  await stack.quiet();
  const before = stack.usage();
  await pause(idleSeconds * 1000);
  const after = stack.usage();
  for (const part of partNames)
    stack.idle[part] = (after[part].cpuSeconds - before[part].cpuSeconds) / idleSeconds;
}

/**
 * Starts to measure. The returned function says what each of `count` items has cost since, without the cost
 * of idling.
 */
function cpuMeter(stack: BenchStack): (count: number) => CpuOf {
  const before = stack.usage();
  const begunAt = performance.now();
  return (count) => {
    const after = stack.usage();
    const seconds = (performance.now() - begunAt) / 1000;
    const spent = (part: PartName) =>
      Math.max(0, after[part].cpuSeconds - before[part].cpuSeconds - stack.idle[part] * seconds);
    return Object.fromEntries(partNames.map((part) => [part, (spent(part) * 1000) / count]));
  };
}

/** Posts calls, waits for their outcomes and returns what they took. */
export async function measureCalls(stack: BenchStack, load: Omit<CallLoad, 'to'>): Promise<CallMeasure> {
  const cpuSince = cpuMeter(stack);
  const posted = await stack.load.run<PostedCall[]>('calls', { ...load, to: 'ordinary numbers' });
  // After the row is written the workflow still has to end. That belongs to the call.
  await pause(500);
  const cpuMsPerCall = cpuSince(load.count);
  const simulated = await simulatedCalls(stack);
  const toRow: number[] = [];
  const toCreate: number[] = [];
  for (const { callId, postedAt, recordedAt } of posted) {
    const twilio = simulated.get(callId);
    if (!twilio?.endedAt || recordedAt === null)
      throw new Error(`Call ${callId} did not end as an answered one.`);
    toRow.push(recordedAt - Date.parse(twilio.endedAt));
    toCreate.push(Date.parse(twilio.createdAt) - postedAt);
  }
  return {
    perSecond: steadyRate(posted.map(({ recordedAt }) => recordedAt as number)),
    cpuMsPerCall,
    callbackToRowMs: latencyOf(toRow),
    postToCreateMs: latencyOf(toCreate),
    postToAnswerMs: latencyOf(posted.map(({ acceptedAt, postedAt }) => acceptedAt - postedAt)),
  };
}

export interface YardstickMeasure {
  perSecond: number;
  cpuMsPerWorkflow: CpuOf;
}

export async function measureYardstick(
  stack: BenchStack,
  load: { count: number; inFlight: number },
): Promise<YardstickMeasure> {
  const cpuSince = cpuMeter(stack);
  const perSecond = await stack.yardstick.run<number>('threeNoOps', load);
  await pause(500);
  return { perSecond, cpuMsPerWorkflow: cpuSince(load.count) };
}

/** The time from a signal to the end of a workflow that only waits for it. */
export async function measureRoundTrip(
  stack: BenchStack,
  load: { count: number; perSecond: number },
): Promise<Latency> {
  return latencyOf(await stack.yardstick.run<number[]>('roundTrips', load));
}

/** Callbacks a second of the API, and of a minimal webhook. No worker processes the signals. */
export async function measureWebhook(
  stack: BenchStack,
  load: { count: number },
): Promise<{ perSecond: number; barePerSecond: number }> {
  const bare = new BenchProcess('bareWebhookProcess');
  try {
    const { accountSid, authToken } = simulatorCredentials;
    const publicUrl = stack.apiUrl;
    const origin = await bare.run<string>('start', { address: stack.temporalAddress, publicUrl, authToken });
    const callIds = await callsWithoutWorker(stack, 100);
    const callbacks = { publicUrl, authToken, accountSid, callIds, inFlight: 32 };
    const run = (at: string, count: number) =>
      stack.load.run<number>('callbacks', { ...callbacks, origin: at, count } satisfies CallbackLoad);
    await run(origin, 200);
    await run(stack.apiUrl, 200);
    // In both orders, because each run finds longer histories than the one before.
    const [bare1, ours1] = [await run(origin, load.count), await run(stack.apiUrl, load.count)];
    const [ours2, bare2] = [await run(stack.apiUrl, load.count), await run(origin, load.count)];
    return { perSecond: (ours1 + ours2) / 2, barePerSecond: (bare1 + bare2) / 2 };
  } finally {
    await bare.stop();
  }
}

async function callsWithoutWorker(stack: BenchStack, count: number): Promise<string[]> {
  const callIds = Array.from({ length: count }, () => `call-${randomUUID()}`);
  await together(count, 10, async (number) => {
    const callId = callIds[number] as string;
    const request = { to: '+12025550143', from: '+13035550100', twiml: '<Response/>' };
    await stack.client.workflow.start('outboundCall', {
      workflowId: callId,
      taskQueue: 'nobody-polls',
      args: [request],
    });
    const { to, from } = request;
    await stack.store.addCall({ callId, to, from, metadata: {}, startedAt: new Date().toISOString() });
  });
  return callIds;
}

export interface WaitingMeasure {
  /** Calls in flight that go on. */
  waiting: number;
  residentMb: { worker: number; temporal: number };
  /** Of short calls while the others wait. */
  cpuMsPerCall: CpuOf;
  /** Of the yardstick at the same time: a machine that gets slower slows both. */
  cpuMsPerYardstick: CpuOf;
}

export function meanOf(one: YardstickMeasure, other: YardstickMeasure): YardstickMeasure {
  const mean = (a = 0, b = 0) => (a + b) / 2;
  const { temporal, yardstick } = other.cpuMsPerWorkflow;
  return {
    perSecond: mean(one.perSecond, other.perSecond),
    cpuMsPerWorkflow: {
      temporal: mean(one.cpuMsPerWorkflow.temporal, temporal),
      yardstick: mean(one.cpuMsPerWorkflow.yardstick, yardstick),
    },
  };
}

/** Waits until this many calls talk on, because calls are placed later than they are posted. */
async function heldAtTwilio(stack: BenchStack, count: number): Promise<void> {
  for (let talking = 0, before = -1; talking < count; ) {
    await pause(3_000);
    const all = await simulatedCalls(stack);
    talking = [...all.values()].filter(({ endedAt }) => endedAt === null).length;
    if (talking === before) throw new Error(`${talking} of ${count} calls talk on, and no more come.`);
    before = talking;
  }
}

/** Memory with more and more waiting calls, and what a short call costs meanwhile. */
export async function measureWaiting(
  stack: BenchStack,
  levels: number[],
  beside: number,
): Promise<WaitingMeasure[]> {
  const found: WaitingMeasure[] = [];
  let held = 0;
  for (const waiting of levels) {
    await stack.load.run('hold', waiting - held);
    held = waiting;
    await heldAtTwilio(stack, waiting);
    await measureIdle(stack);
    const { worker, temporal } = stack.usage();
    const residentMb = { worker: mb(worker.residentBytes), temporal: mb(temporal.residentBytes) };
    const half = { count: Math.ceil(beside / 2), inFlight: 50 };
    const first = await measureYardstick(stack, half);
    const { cpuMsPerCall } = await measureCalls(stack, { count: beside, pace: { inFlight: 50 } });
    const second = await measureYardstick(stack, half);
    const { cpuMsPerWorkflow: cpuMsPerYardstick } = meanOf(first, second);
    found.push({ waiting, residentMb, cpuMsPerCall, cpuMsPerYardstick });
  }
  return found;
}

const scenarios: { scenario: string; request: Record<string, unknown> }[] = [
  { scenario: 'answered, all callbacks', request: { to: '+12025550143' } },
  { scenario: 'busy', request: { to: '+15005552486' } },
  { scenario: 'Lookup: no such number', request: { to: '+15008100000' } },
  { scenario: 'refused by Twilio', request: { to: '+15005550003' } },
  {
    scenario: 'busy, busy again',
    request: {
      to: '+15005552487',
      retry: {
        maxAttempts: 2,
        retryOn: ['busy'],
        initialIntervalSeconds: 1,
        maximumIntervalSeconds: 1,
        backoffCoefficient: 1,
      },
    },
  },
  { scenario: 'callbacks lost, polled', request: { to: '+15009001000' } },
  { scenario: 'create lost', request: { to: '+15009020000' } },
];

/**
 * History and billable actions of each kind of call. The worker must poll early, so that calls without
 * callbacks end soon.
 */
export async function measureScenarios(stack: BenchStack): Promise<Record<string, HistoryCost>> {
  const costs: Record<string, HistoryCost> = {};
  await Promise.all(
    scenarios.map(async ({ scenario, request }) => {
      const answered = await fetch(`${stack.apiUrl}/calls`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ from: '+13035550100', twiml: '<Response/>', ...request }),
      });
      const { callId } = (await answered.json()) as { callId: string };
      const handle = stack.client.workflow.getHandle(callId);
      await handle.result();
      costs[scenario] = await historyCost(handle);
    }),
  );
  return Object.fromEntries(scenarios.map(({ scenario }) => [scenario, costs[scenario] as HistoryCost]));
}

interface SimulatedTimes {
  createdAt: string;
  endedAt: string | null;
}

/** The simulator's own times of each call, by call id. */
async function simulatedCalls(stack: BenchStack): Promise<Map<string, SimulatedTimes>> {
  const answered = await fetch(`${stack.simulatorUrl}/simulator/calls`);
  const { calls } = (await answered.json()) as { calls: (SimulatedTimes & { statusCallback: string })[] };
  return new Map(calls.map((call) => [callIdOf(call.statusCallback), call]));
}

function callIdOf(statusCallback: string): string {
  return decodeURIComponent(new URL(statusCallback).pathname.split('/')[3] ?? '');
}

function latencyOf(values: number[]): Latency {
  return { p50: quantile(values, 0.5), p95: quantile(values, 0.95), p99: quantile(values, 0.99) };
}

function mb(bytes: number): number {
  return bytes / 1024 / 1024;
}
