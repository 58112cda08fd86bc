import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Which room may import which, and which packages: the arrows of the house. */
const rooms = {
  workflows: {
    rooms: ['workflows'],
    packages: /^@temporalio\/(workflow|common)$/,
  },
  activities: {
    rooms: ['activities', 'workflows'],
    packages:
      /^(node:|@temporalio\/(activity|common)$|twilio(\/|$)|pg$|@electric-sql\/pglite$|zod$|temporal-polyfill$|libphonenumber-|standardwebhooks$|ipaddr\.js$|saxes$)/,
  },
  src: { rooms: ['src', 'activities', 'workflows'], packages: /./ },
} as const;

function filesOf(room: string): string[] {
  return readdirSync(join(root, room), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && /\.m?[jt]s$/.test(file.name))
    .map((file) => relative(root, join(file.parentPath, file.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\s)(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|^import\s+['"]([^'"]+)['"]/gm,
  );
  return [...found].map((m) => (m[1] ?? m[2] ?? m[3]) as string);
}

/** Imports of a room's files that go against the arrows, as `file → import`. */
function againstTheArrows(room: keyof typeof rooms, file: string, imports: string[]): string[] {
  const { rooms: open, packages } = rooms[room];
  return imports
    .filter((name) => {
      if (!name.startsWith('.')) return !packages.test(builtinModules.includes(name) ? `node:${name}` : name);
      const target = posix.join(dirname(file), name).split('/')[0] as string;
      return !(open as readonly string[]).includes(target);
    })
    .map((name) => `${file} → ${name}`);
}

/** What a module keeps from call to call, since it is loaded once for all of them: variables, and collections that can grow. */
function stateOf(text: string): string[] {
  const variables = /^(?:export )?(?:let|var) .*/gm;
  const collections =
    /^(?:export )?const (?![^=]*: Readonly(?:Set|Map)<)[^=]*= new (?:Map|Set|WeakMap|WeakSet|Array)\b.*/gm;
  const statics = /^\s+static (?!readonly)(?!#?\w+\().*/gm;
  return [variables, collections, statics].flatMap((kind) => text.match(kind) ?? []);
}

describe('the house', () => {
  it.each(Object.keys(rooms) as (keyof typeof rooms)[])('%s imports only along the arrows', (room) => {
    const files = filesOf(room);
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap((file) => againstTheArrows(room, file, importsOf(file)))).toEqual([]);
  });

  it('an import against the arrows is seen', () => {
    const wrong = [
      'node:fs',
      'fs',
      'twilio',
      '../src/process/log.js',
      '../activities/placeCall.js',
      '@temporalio/client',
    ];
    expect(againstTheArrows('workflows', 'workflows/x.ts', wrong)).toHaveLength(wrong.length);
    expect(
      againstTheArrows('activities', 'activities/x.ts', [
        'hono',
        '../src/process/log.js',
        '@temporalio/client',
      ]),
    ).toHaveLength(3);
    expect(importsOf('test/architecture.test.ts')).toContain('node:path');
  });

  it('no module of workflows/ keeps state: it would pass from one call to another', () => {
    const found = filesOf('workflows').flatMap((file) => stateOf(readFileSync(join(root, file), 'utf8')));
    expect(found).toEqual([]);
    const wrong = ['let n = 0;', 'export const seen = new Map();', 'const a: Set<number> = new Set([1]);'];
    expect(stateOf([...wrong, 'class A {', '  static count = 0;', '}'].join('\n'))).toHaveLength(4);
    expect(stateOf('const a: ReadonlySet<number> = new Set();\nclass A {\n  static of() {}\n}')).toEqual([]);
  });

  it('nothing in the rooms imports the tests', () => {
    const all = Object.keys(rooms).flatMap(filesOf);
    expect(all.filter((file) => importsOf(file).some((name) => /(^|\/)test\//.test(name)))).toEqual([]);
  });
});
