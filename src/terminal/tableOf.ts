import Table from 'cli-table3';

/** A table for people, without borders, so that `cut` and `grep` work on it. */
export function tableOf(head: string[], rows: string[][]): string {
  const table = new Table({
    head,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(
      ['top', 'bottom', 'left', 'right', 'mid', 'left-mid', 'mid-mid', 'right-mid', 'middle']
        .concat(['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'])
        .map((part) => [part, '']),
    ),
  });
  // Names and reasons may hold line breaks. A row is one line.
  table.push(...rows.map((row) => row.map((cell) => cell.replaceAll(/\p{Cc}+/gu, ' '))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}
