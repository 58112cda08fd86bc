import Table from 'cli-table3';
import type { BenchResults } from './benchmark.js';
import { type Latency, partsOfCall, partsOfYardstick, sumOfCpu } from './measures.js';

/** The results as a table for a terminal, ratios first, beside those of the baseline. */
export function tableOf(results: BenchResults, { ratios: then }: BenchResults): string {
  const { ratios, scenarios, calls, yardstick, webhook, waiting, kbPerWaitingCall, startUpMs, machine } =
    results;
  const topCall = calls.top.cpuMsPerCall;
  const topYardstick = yardstick.top.cpuMsPerWorkflow;
  return [
    section('Ratios', [
      ['', 'now', 'baseline', 'wanted'],
      [
        'CPU of an answered call / of three ordinary no-op activities',
        [two(ratios.cpuPerCall), ...repeatsOf(ratios)].join(' '),
        two(then.cpuPerCall),
        'at most 0.9',
      ],
      [
        'callback to row / signal-and-finish of an empty workflow',
        two(ratios.callbackToRow),
        two(then.callbackToRow),
        'at most 3',
      ],
      ['webhook / bare route', two(ratios.webhook), two(then.webhook), 'at least 0.5'],
      [
        `CPU of a call beside ${waiting.at(-1)?.waiting} waiting ones / beside ${waiting[0]?.waiting}`,
        two(ratios.cpuBesideWaiting),
        two(then.cpuBesideWaiting),
        '0.85 to 1.15',
      ],
    ]),
    section('A call in Temporal', [
      ['', 'events', 'bytes', 'billable actions'],
      ...Object.entries(scenarios).map(([scenario, { events, bytes, actions, actionsOf }]) => [
        scenario,
        String(events),
        String(bytes),
        `${actions}: ${Object.entries(actionsOf)
          .map(([kind, count]) => `${count} ${kind}`)
          .join(', ')}`,
      ]),
    ]),
    section('Rates, and CPU milliseconds of each', [
      ['', 'per second', 'CPU ms', 'of which'],
      [
        'calls, at the top',
        one(calls.top.perSecond),
        one(sumOfCpu(topCall, partsOfCall)),
        partsOf(topCall, partsOfCall),
      ],
      [
        'calls, at a quarter',
        one(calls.quarter.perSecond),
        one(sumOfCpu(calls.quarter.cpuMsPerCall, partsOfCall)),
        partsOf(calls.quarter.cpuMsPerCall, partsOfCall),
      ],
      [
        'three ordinary no-ops',
        one(yardstick.top.perSecond),
        one(sumOfCpu(topYardstick, partsOfYardstick)),
        partsOf(topYardstick, partsOfYardstick),
      ],
      ['callbacks to the webhook', one(webhook.perSecond), '', ''],
      ['callbacks to the bare route', one(webhook.barePerSecond), '', ''],
      ['not counted, at the top', '', '', partsOf(topCall, ['simulator', 'load'])],
    ]),
    section('Milliseconds', [
      ['', 'p50', 'p95', 'p99'],
      ['callback to row, at the top', ...latency(calls.top.callbackToRowMs)],
      ['callback to row, at a quarter', ...latency(calls.quarter.callbackToRowMs)],
      ['signal-and-finish of an empty workflow', ...latency(yardstick.signalAndFinishMs)],
      ['POST to create at Twilio, at the top', ...latency(calls.top.postToCreateMs)],
      ['POST to create at Twilio, at a quarter', ...latency(calls.quarter.postToCreateMs)],
      ['POST to its answer, at a quarter', ...latency(calls.quarter.postToAnswerMs)],
    ]),
    section('Calls that wait', [
      ['', 'worker MB', 'Temporal MB', 'CPU ms of a call beside them, and of the yardstick'],
      ...waiting.map(({ waiting: count, residentMb, cpuMsPerCall, cpuMsPerYardstick }) => [
        String(count),
        one(residentMb.worker),
        one(residentMb.temporal),
        `${one(sumOfCpu(cpuMsPerCall, partsOfCall))}, ${one(sumOfCpu(cpuMsPerYardstick, partsOfYardstick))}`,
      ]),
      ['kB each, cached', one(kbPerWaitingCall.worker), one(kbPerWaitingCall.temporal), ''],
    ]),
    section(
      'Until it serves, milliseconds',
      Object.entries(startUpMs).map(([what, ms]) => [`ringtrue ${what}`, ms.toFixed(0), '', '']),
    ),
    Object.values(machine).join(' · '),
  ].join('\n');
}

/** The results as JSON for programs and for the baseline, with five digits. */
export function jsonOf(results: BenchResults): string {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(5)) : value;
  return `${JSON.stringify(results, rounded, 2)}\n`;
}

function section(title: string, rows: string[][]): string {
  const table = new Table({ style: { head: [], border: [], compact: true } });
  table.push([{ content: title, colSpan: 4 }], ...rows);
  return table.toString();
}

/** The ratio of each repeat: their spread is the noise. */
function repeatsOf({ cpuPerCallOfRepeats: repeats }: BenchResults['ratios']): string[] {
  return repeats.length > 1 ? [`(repeats: ${repeats.map(two).join(', ')})`] : [];
}

function partsOf(cpu: Record<string, number>, parts: readonly string[]): string {
  return parts.map((part) => `${part} ${one(cpu[part] ?? 0)}`).join(', ');
}

function latency({ p50, p95, p99 }: Latency): [string, string, string] {
  return [one(p50), one(p95), one(p99)];
}

// A dash where the system does not report CPU and memory.
const one = (value: number) => (Number.isFinite(value) ? value.toFixed(1) : '-');
const two = (value: number | null) => (Number.isFinite(value) ? (value as number).toFixed(2) : '-');
