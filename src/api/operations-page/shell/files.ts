import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ApiContext } from '../../http/apiDependencies.js';
import { problem } from '../../http/problem.js';

const types: Record<string, string> = {
  'page.css': 'text/css',
  'page.js': 'text/javascript',
  'icon.svg': 'image/svg+xml',
};

/** The files of the page, by name. No other file is served. */
const files = new Map(
  Object.entries(types).map(([name, type]) => {
    const content = readFileSync(new URL(`../files/${name}`, import.meta.url), 'utf8');
    const version = createHash('sha256').update(content).digest('hex').slice(0, 12);
    return [name, { type, content, version }] as const;
  }),
);

/** The path of a file from the root. It changes with the content, so browsers may keep the file. */
export function fileLink(name: string): string {
  return `ui/files/${name}?v=${files.get(name)?.version}`;
}

/** `GET /ui/files/{file}`: needs no session, because the sign-in page uses the files too. */
export function serveFile(c: ApiContext): Response {
  const file = files.get(c.req.param('file') ?? '');
  if (file === undefined) return problem(c, 'not-found', 'The page has no such file.');
  c.header('Content-Type', `${file.type}; charset=utf-8`);
  c.header('Cache-Control', 'public, max-age=31536000, immutable');
  return c.body(file.content);
}
