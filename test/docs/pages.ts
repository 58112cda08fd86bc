import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A page of the documentation. */
export interface Page {
  /** Relative to the repository: `docs/api.md`. */
  name: string;
  text: string;
}

/** A fenced block of code. `kind`: what stands behind the language in its first line. */
export interface Block {
  page: string;
  line: number;
  language: string;
  kind: string;
  code: string;
}

/** Every page that a person reads. */
export function allPages(): Page[] {
  const markdown = (folder: string) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file));
  return [...markdown('.'), ...markdown('docs')].map((name) => ({
    name,
    text: readFileSync(join(root, name), 'utf8'),
  }));
}

/** The fenced blocks of a page. */
export function blocksOf({ name, text }: Page): Block[] {
  return [...text.matchAll(/^( *)```(\w*) ?([^\n]*)\n(.*?)^\1```$/gms)].map(
    ([, indent = '', language = '', kind = '', code = ''], index, all) => ({
      page: name,
      line: text.slice(0, all[index]?.index).split('\n').length,
      language,
      kind,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

export function allBlocks(...languages: string[]): Block[] {
  return allPages()
    .flatMap(blocksOf)
    .filter(({ language }) => languages.includes(language));
}

/** The page without its fenced blocks and comments. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```.*?^\1```$/gms, '').replaceAll(/<!--.*?-->/gs, '');
}

/** The cells of every table of a page. */
export function cellsOf(page: Page): string[] {
  return proseOf(page)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cell) => cell !== '');
}

/** The sentences of a page outside of tables, headings and quotations; links as their text. */
export function sentencesOf(page: Page): string[] {
  const lines = proseOf(page)
    .split('\n')
    .filter((line) => !/^[|#>]/.test(line));
  return lines
    .join('\n')
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/)
    .flatMap((paragraph) =>
      paragraph
        .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/\s+/g, ' ')
        .split(/(?<=[.!?:])\**\s+(?=[A-Z`*"])/),
    )
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

export function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => /\w/.test(word)).length;
}
