import { expect, it } from 'vitest';
import { allPages, type Page, proseOf } from './pages.js';

/** The index of the pages, as https://llmstxt.org describes it: a title, a summary, and lists of links. */
function llmsText(pages: Page[]): string {
  const textOf = (name: string) => pages.find((page) => page.name === name)?.text ?? '';
  const summary = /^\*\*(.*)\*\*$/m.exec(textOf('README.md'))?.[1] ?? '';
  const [, second = ''] = proseOf({ name: 'README.md', text: textOf('README.md') })
    .split(/\n\s*\n/)
    .slice(1);
  const sections = textOf('docs/README.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = ''] = section.split('\n');
      const rows = [...section.matchAll(/^\| \[[^\]]+\]\(([^)]+)\) \| (.*) \|$/gm)];
      const links = rows.map(([, link = '', question = '']) => {
        const heading = /^# (.*)$/m.exec(
          textOf(link.startsWith('../') ? link.slice(3) : `docs/${link}`),
        )?.[1];
        return `- [${heading}](${link}): ${question}`;
      });
      return `## ${title}\n\n${links.join('\n')}`;
    });
  return `${['# ringtrue', `> ${summary}`, second.replaceAll(/\s+/g, ' ').trim(), ...sections].join('\n\n')}\n`;
}

it('docs/llms.txt: has every page, as it is now (`npx vitest run test/docs/llms.test.ts -u` writes it)', async () => {
  const text = llmsText(allPages());
  expect(text.match(/^- \[/gm)?.length).toBeGreaterThan(20);
  expect(text).not.toContain('[undefined]');
  await expect(text).toMatchFileSnapshot('../../docs/llms.txt');
});
