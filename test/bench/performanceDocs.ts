import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HistoryCost } from '../costs/historyCost.js';
import type { BenchResults } from './benchmark.js';
import { chartOf } from './chart.js';
import type { Latency } from './measures.js';
import { jsonOf } from './report.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const files = {
  baseline: path('baseline.json'),
  costs: path('../costs/costs.json'),
  page: path('../../docs/performance.md'),
  chart: path('../../docs/performance.svg'),
};
const marks = ['costs', 'results'] as const;

/** The results that docs/performance.md shows. */
export function readBaseline(): BenchResults {
  return JSON.parse(readFileSync(files.baseline, 'utf8'));
}

export function writeBaseline(results: BenchResults): void {
  writeFileSync(files.baseline, jsonOf(results));
}

/** Page and chart as they are, and as they should be by baseline and costs. */
export function performanceDocs(): { page: [is: string, ought: string]; chart: [is: string, ought: string] } {
  const results = readBaseline();
  const costs: Record<string, HistoryCost> = JSON.parse(readFileSync(files.costs, 'utf8'));
  const page = readFileSync(files.page, 'utf8');
  const blocks = { costs: costsTable(costs), results: resultsTable(results) };
  return {
    page: [page, marks.reduce((text, mark) => withBlock(text, mark, blocks[mark]), page)],
    chart: [read(files.chart), chartOf(results, costs)],
  };
}

export function writePerformanceDocs(): void {
  const { page, chart } = performanceDocs();
  writeFileSync(files.page, page[1]);
  writeFileSync(files.chart, chart[1]);
}

function withBlock(page: string, mark: string, block: string): string {
  const [begin, end] = [`<!-- ${mark}: written by \`npm run bench:docs\` -->`, `<!-- end of ${mark} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/performance.md has no block between "${begin}" and "${end}".`);
  return `${page.slice(0, from + begin.length)}\n\n${block}\n\n${page.slice(to)}`;
}

function costsTable(costs: Record<string, HistoryCost>): string {
  return table(
    ['a call that is', 'billable actions', 'of these', 'history events', 'history bytes'],
    Object.entries(costs).map(([scenario, { events, bytes, actions, actionsOf }]) => [
      scenario,
      String(actions),
      Object.entries(actionsOf)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', '),
      String(events),
      String(Math.round(bytes / 100) * 100),
    ]),
  );
}

function resultsTable({
  ratios,
  calls,
  yardstick,
  webhook,
  kbPerWaitingCall,
  ...more
}: BenchResults): string {
  const { startUpMs, waiting, machine } = more;
  const row = (what: string, { p50, p95, p99 }: Latency) => [
    what,
    `${p50.toFixed(0)} ms (95 %: ${p95.toFixed(0)}, 99 %: ${p99.toFixed(0)})`,
  ];
  const repeats = ratios.cpuPerCallOfRepeats.map((ratio) => ratio.toFixed(2)).join(', ');
  return `${table(
    ['measured', 'result'],
    [
      [
        'CPU of an answered call, as a multiple of three no-op activities',
        `${ratios.cpuPerCall.toFixed(2)} (repeats: ${repeats})`,
      ],
      [
        'callback to row, as a multiple of the signal-and-finish of an empty workflow',
        ratios.callbackToRow.toFixed(2),
      ],
      ['webhook, as a share of the bare route', ratios.webhook.toFixed(2)],
      [
        `CPU of a call beside ${waiting.at(-1)?.waiting} waiting ones, as a multiple of that beside ${waiting[0]?.waiting}`,
        ratios.cpuBesideWaiting.toFixed(2),
      ],
      ['calls a second, at the top', calls.top.perSecond.toFixed(1)],
      ['three no-op activities a second, at the top', yardstick.top.perSecond.toFixed(1)],
      ['callbacks a second, webhook alone', webhook.perSecond.toFixed(0)],
      row('callback to row, at a quarter of the top', calls.quarter.callbackToRowMs),
      row('callback to row, at the top', calls.top.callbackToRowMs),
      row('POST to the create at Twilio, at a quarter of the top', calls.quarter.postToCreateMs),
      [
        "memory of a waiting call that is in the worker's cache",
        `worker ${kbPerWaitingCall.worker.toFixed(0)} kB, Temporal ${kbPerWaitingCall.temporal.toFixed(0)} kB`,
      ],
      [
        `memory with ${waiting.at(-1)?.waiting} calls waiting`,
        `worker ${waiting.at(-1)?.residentMb.worker.toFixed(0)} MB, Temporal ${waiting.at(-1)?.residentMb.temporal.toFixed(0)} MB`,
      ],
      [
        'until it serves',
        `api ${seconds(startUpMs.api)}, worker ${seconds(startUpMs.worker)}, dev ${seconds(startUpMs.dev)}`,
      ],
    ],
  )}\n\nOn ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, ${machine.platform}; Node ${machine.node}, Temporal SDK ${machine.temporalSdk}, ${machine.temporalServer}, which kept its state in ${machine.temporalKeeps}.`;
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
