import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allPages, type Page, proseOf, root } from './pages.js';

const pages = allPages();

describe('links of the pages', () => {
  it.each(pages)('$name: every link leads to a file, and every anchor to a heading', (page) => {
    expect(linksOf(page).filter((link) => isBroken(page, link))).toEqual([]);
  });

  it.each(pages)('$name: every file of the repository that it names exists', (page) => {
    const named = [
      ...proseOf(page).matchAll(/`((?:workflows|activities|src|test|docs|docker|bin)\/[\w./-]*)`/g),
    ].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('every page is in the index', () => {
    const index = pages.find(({ name }) => name === 'docs/README.md') as Page;
    const others = pages.filter(({ name }) => name !== index.name);
    const linked = new Set(linksOf(index).map((link) => join('docs', link)));
    expect(others.map(({ name }) => name).filter((name) => !linked.has(name))).toEqual([]);
  });

  it('a broken link is noticed', () => {
    const page: Page = { name: 'docs/x.md', text: '# One thing\n' };
    for (const link of ['nowhere.md', 'api.md#no-such-heading', '#two-things'])
      expect(isBroken(page, link)).toBe(true);
    for (const link of ['api.md', 'api.md#errors', '../README.md']) expect(isBroken(page, link)).toBe(false);
  });
});

/** Where a page leads inside the repository. */
function linksOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link));
}

function isBroken(page: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.name : join(dirname(page.name), path);
  if (!existsSync(join(root, target))) return true;
  if (anchor === undefined) return false;
  const found = pages.find(({ name }) => name === target) ?? page;
  return !anchorsOf(found).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
