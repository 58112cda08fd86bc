import { numberRows } from './numbers.js';

/** The line before and after the table in `docs/simulator.md`. */
const mark = '<!-- the table of numbers: `npx vitest run test/simulator/numbers.test.ts -u` writes it -->';

/** The page with the current table of numbers. Throws if the page has no place for it. */
export function withNumberTable(page: string): string {
  const [before, table, after] = page.split(mark);
  if (table === undefined || after === undefined) {
    throw new Error(`The page has no place for the table of numbers: it needs two lines ${mark}`);
  }
  return [before, `\n\n${numberTable()}\n`, after].join(mark);
}

/** The table of numbers as Markdown. */
export function numberTable(): string {
  const lines = ['| number | what happens |', '| --- | --- |'];
  for (const { pattern, happens } of numberRows) lines.push(`| \`${pattern}\` | ${happens} |`);
  for (const { pattern, title, example, digits } of numberRows.filter((row) => row.digits.length > 0)) {
    lines.push('', `### ${title}: \`${pattern}\``, '', `Example: \`${example}\`.`);
    for (const { letters, means, choices } of digits) {
      lines.push('', `| ${letters} | ${means} |`, '| --- | --- |');
      for (const choice of choices) lines.push(`| ${choice.digits} | ${choice.happens} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}
