/** One row of the table that `ringtrue demo` prints at its end. */
export interface DemoRow {
  number: string;
  outcome: string;
  reachability: string;
  decidedBy: string;
  reason: string;
  happened: string;
}

const columnNames = {
  number: 'NUMBER',
  outcome: 'OUTCOME',
  reachability: 'REACHABILITY',
  decidedBy: 'DECIDED BY',
  reason: 'REASON',
  happened: 'WHAT THE SIMULATOR DID',
} as const satisfies Record<keyof DemoRow, string>;

/** Reads the last table of the demo's output. Throws if there is none. */
export function demoRows(output: string): DemoRow[] {
  const lines = output.split('\n');
  const headAt = lines.findLastIndex((line) => line.startsWith('NUMBER ') && line.includes('OUTCOME'));
  const head = lines[headAt];
  if (head === undefined) throw new Error(`The demo printed no table at its end:\n${output}`);
  const starts = [...head.matchAll(/\S+(?: \S+)*/g)].map(({ index }) => index);
  const rows: DemoRow[] = [];
  for (const line of lines.slice(headAt + 1)) {
    if (!line.startsWith('+')) break;
    const cell = (name: string) => {
      const from = head.indexOf(name);
      return line
        .slice(
          from,
          starts.find((start) => start > from),
        )
        .trim();
    };
    rows.push(
      Object.fromEntries(
        Object.entries(columnNames).map(([field, name]) => [field, cell(name)]),
      ) as unknown as DemoRow,
    );
  }
  return rows;
}

const rowHeight = 32;
const top = 104;
const width = 980;
const columns = { happened: 28, outcome: 436, reachability: 596, decidedBy: 716, reason: 812 } as const;
const headings = {
  happened: 'what happens to the call',
  outcome: 'outcome',
  reachability: 'the number is',
  decidedBy: 'decided by',
  reason: 'reason',
} as const satisfies Record<keyof typeof columns, string>;

const colors: Record<string, string> = {
  answered: '#3fb950',
  busy: '#d29922',
  'no-answer': '#d29922',
  failed: '#f85149',
  rejected: '#f85149',
  'invalid-number': '#f85149',
  canceled: '#8b949e',
};

/** The demo as an SVG: one line per call. */
export function demoPicture(rows: DemoRow[]): string {
  const height = top + rows.length * rowHeight + 18;
  const text = (x: number, y: number, content: string, attributes: string) =>
    `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;
  const fields = Object.keys(columns) as (keyof typeof columns)[];
  const lines = rows.map((row, i) => {
    const y = top + i * rowHeight + 21;
    const color = colors[row.outcome] ?? '#8b949e';
    return [
      i % 2 === 0
        ? `<rect x="12" y="${y - 21}" width="${width - 24}" height="${rowHeight}" fill="#161b22"/>`
        : '',
      text(columns.happened, y, sentence(row.happened), 'class="plain"'),
      `<circle cx="${columns.outcome + 5}" cy="${y - 5}" r="5" fill="${color}"/>`,
      text(columns.outcome + 18, y, row.outcome, `class="strong" fill="${color}"`),
      text(columns.reachability, y, row.reachability, 'class="plain"'),
      text(columns.decidedBy, y, row.decidedBy, 'class="plain"'),
      text(columns.reason, y, row.reason || '–', 'class="plain"'),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Calls of ringtrue demo and their outcomes">
<!-- Written by \`npm run pictures\` from the output of \`ringtrue demo\`. -->
<style>
text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", Roboto, Helvetica, Arial, sans-serif; font-size: 14px; }
.plain { fill: #c9d1d9; }
.strong { font-weight: 600; }
.head { fill: #8b949e; font-size: 12.5px; }
.command { fill: #e6edf3; font-family: ui-monospace, "SFMono-Regular", Menlo, "DejaVu Sans Mono", monospace; font-size: 14px; }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
<circle cx="26" cy="24" r="6" fill="#f85149"/><circle cx="46" cy="24" r="6" fill="#d29922"/><circle cx="66" cy="24" r="6" fill="#3fb950"/>
${text(28, 62, '$ npm run demo', 'class="command"')}
${fields.map((field) => text(columns[field], 94, headings[field], 'class="head"')).join('\n')}
${lines.join('\n')}
</svg>
`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
