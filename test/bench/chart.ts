import type { ActionKind } from '../costs/billableActions.js';
import type { HistoryCost } from '../costs/historyCost.js';
import type { BenchResults } from './benchmark.js';
import { partsOfCall, partsOfYardstick, sumOfCpu } from './measures.js';

interface Bar {
  label: string;
  /** The text behind the bar. */
  valueText: string;
  parts: { name: string; size: number }[];
}

const width = 860;
const left = 210;
const right = 70;
const rowHeight = 26;
const barHeight = 17;
/** Distinct for people with color blindness too. Source: Okabe and Ito, "Color Universal Design". */
const colors = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999999', '#f0e442'];
const nameOf: Record<string, string> = {
  temporal: 'Temporal server',
  worker: 'worker',
  api: 'API',
  postgres: 'PostgreSQL',
  yardstick: 'its worker and starter',
};
/** Other kinds are rare and drawn as one. */
const shownKinds: readonly ActionKind[] = [
  'start',
  'activity',
  'local activities',
  'search attributes',
  'timer',
  'signal',
];

/** The results as an SVG: the CPU of a call by process, and the billable actions of each kind of call. */
export function chartOf(results: BenchResults, costs: Record<string, HistoryCost>): string {
  const unit = sumOfCpu(results.yardstick.top.cpuMsPerWorkflow, partsOfYardstick);
  const cpu = (label: string, of: Record<string, number>, parts: readonly string[]): Bar => {
    const shares = parts.map((part) => ({ name: nameOf[part] ?? part, size: (of[part] ?? 0) / unit }));
    return { label, valueText: shares.reduce((sum, { size }) => sum + size, 0).toFixed(2), parts: shares };
  };
  const cpuBars = [
    cpu('an answered call', results.calls.top.cpuMsPerCall, partsOfCall),
    cpu('three no-op activities', results.yardstick.top.cpuMsPerWorkflow, partsOfYardstick),
  ];
  const actionBars = Object.entries(costs).map(([scenario, { actions, actionsOf }]): Bar => {
    const shown = shownKinds.map((kind) => ({ name: kind, size: actionsOf[kind] ?? 0 }));
    const rest = actions - shown.reduce((sum, { size }) => sum + size, 0);
    return { label: scenario, valueText: String(actions), parts: [...shown, { name: 'others', size: rest }] };
  });
  const first = panel(0, 'CPU, as a multiple of a workflow of three ordinary no-op activities', cpuBars);
  const second = panel(first.height + 18, 'Billable actions of a call on Temporal Cloud', actionBars);
  const height = first.height + second.height + 18;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#222">`,
    '<title>What a call costs: CPU against a yardstick, and billable actions of each kind of call</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...first.lines,
    ...second.lines,
    '</svg>\n',
  ].join('\n');
}

function panel(top: number, title: string, bars: Bar[]): { lines: string[]; height: number } {
  const names = [
    ...new Set(bars.flatMap(({ parts }) => parts.filter(({ size }) => size > 0).map((p) => p.name))),
  ];
  const sums = bars.map(({ parts }) => parts.reduce((sum, { size }) => sum + size, 0));
  const scale = (width - left - right) / Math.max(...sums);
  const colorOf = (name: string) => colors[names.indexOf(name) % colors.length];
  const lines = [text(16, top + 24, title, 'font-weight="600"')];
  let x = 16;
  for (const name of names) {
    lines.push(`<rect x="${x}" y="${top + 36}" width="11" height="11" fill="${colorOf(name)}"/>`);
    lines.push(text(x + 16, top + 46, name));
    x += 34 + name.length * 7;
  }
  for (const [row, { label, valueText, parts }] of bars.entries()) {
    const y = top + 60 + row * rowHeight;
    lines.push(text(left - 10, y + 13, label, 'text-anchor="end"'));
    let from = left;
    for (const { name, size } of parts) {
      if (size <= 0) continue;
      const wide = size * scale;
      lines.push(
        `<rect x="${from.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${barHeight}" fill="${colorOf(name)}" stroke="#fff" stroke-width="0.8"/>`,
      );
      from += wide;
    }
    lines.push(text(Number((from + 8).toFixed(1)), y + 13, valueText, 'font-weight="600"'));
  }
  return { lines, height: 60 + bars.length * rowHeight + 8 };
}

function text(x: number, y: number, content: string, more = ''): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}"${more && ` ${more}`}>${safe}</text>`;
}
