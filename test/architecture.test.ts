import { builtinModules } from 'node:module';
import { basename, dirname, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeFilesIn, parseCode, readFile, type SourceCode, wordsOf } from './support/sourceCode.js';

/** What may import what: the arrows between the three folders of the product, and the packages of each. */
const folders = {
  workflows: {
    folders: ['workflows'],
    packages: /^@temporalio\/(workflow|common)$/,
  },
  activities: {
    folders: ['activities', 'workflows'],
    packages:
      /^(node:|@temporalio\/(activity|common)$|twilio(\/|$)|https-proxy-agent$|pg$|@electric-sql\/pglite$|zod$|temporal-polyfill$|libphonenumber-|bson$|standardwebhooks$|ipaddr\.js$|saxes$)/,
  },
  src: { folders: ['src', 'activities', 'workflows'], packages: /./ },
} as const;
type Folder = keyof typeof folders;
const product = Object.keys(folders) as Folder[];

/** A folder with more code files needs subfolders. */
const mostFiles = 15;
/** Folders that are larger on purpose, and why. */
const largeFolders: Record<string, string> = {
  'test/bench': 'each process of the benchmark is a file',
  'test/chaos': 'each part of a chaos run is a file',
  'test/fates': 'one file for each situation of a call',
  'test/processes': 'one file for each process or command',
};

/** Files that are not named after one of their exports, and why. A folder stands for all files in it. */
const otherNames: Record<string, string> = {
  'src/commands/': 'named after the command; exports its subcommands',
  'src/cli.ts': 'the entry of the executable exports nothing',
  'workflows/index.ts': 'exports what Temporal bundles',
  'workflows/activityProxies.ts': 'the activities with the options of each',
  'workflows/call/workflowTime.ts': 'what time it is in a workflow',
  'workflows/rules/callUpdate.ts': 'rules about the type CallUpdate',
  'workflows/rules/phoneNumber.ts': 'the form of a phone number, and how it is shown',
  'workflows/rules/sipResponse.ts': 'facts about SIP response codes',
  'workflows/rules/twilioRefusal.ts': 'facts about error codes of Twilio',
  'workflows/rules/twilioStatus.ts': 'facts about call statuses of Twilio',
  'workflows/rules/wording.ts': 'sentences for people',
  'workflows/steps/awaitRetry.ts': 'the step, and the decision before it',
  'workflows/steps/notifyClient.ts': 'the step, once for an attempt and once for the call',
  'activities/store/database/pageCursor.ts': 'reads and makes cursors and pages',
  'activities/twilio/retryable.ts': 'errors after which Temporal tries an activity again',
  'activities/twilio/callResource.ts': 'reads the Call resource of Twilio',
  'src/api/apiProcess.ts': 'starts the process',
  'src/api/operations-page/files/': 'scripts of the browser export nothing',
  'src/api/batches/batchAnswerSchema.ts': 'schemas of answers about batches',
  'src/api/batches/batchBody.ts': 'reads the body of a batch',
  'src/api/http/jsonBody.ts': 'reads a JSON body',
  'src/api/twilio-webhook/twilioSignature.ts': 'checks the signature',
  'src/client/apiTypes.ts': 'types of the OpenAPI document, which a test writes',
  'src/simulator/api/basicAuth.ts': 'checks the credentials',
  'src/simulator/api/brokenAnswers.ts': 'one function for each broken answer',
  'src/simulator/api/callEvents.ts': 'the Event resource of a call',
  'src/simulator/api/callList.ts': 'reads the filter of the list of calls',
  'src/simulator/calls/connectionOverrides.ts': 'reads connection overrides',
  'src/simulator/numbers/lookupChoices.ts': 'tables of digits of a number',
  'src/simulator/numbers/numberingPlan.ts': 'facts about phone numbers of a country',
  'src/simulator/twilioErrors.ts': 'tables of errors of Twilio',
  'src/temporal/temporalClient.ts': 'what processes do with the client at startup',
  'src/worker/workerMetrics.ts': 'what feeds the metrics',
};

const parsed = new Map<string, SourceCode>();
function codeOf(file: string): SourceCode {
  const known = parsed.get(file) ?? parseCode(file);
  parsed.set(file, known);
  return known;
}

/** Imports against the arrows, as `file → import`. */
function againstTheArrows(folder: Folder, file: string, imports: string[]): string[] {
  const allowed = folders[folder];
  return imports
    .filter((name) => {
      if (!name.startsWith('.'))
        return !allowed.packages.test(builtinModules.includes(name) ? `node:${name}` : name);
      const target = posix.join(dirname(file), name).split('/')[0] as string;
      return !(allowed.folders as readonly string[]).includes(target);
    })
    .map((name) => `${file} → ${name}`);
}

type Graph = Map<string, Set<string>>;

/** Which file imports which, type imports included. */
function fileGraph(imports: Record<string, string[]>): Graph {
  const graph: Graph = new Map();
  for (const [file, names] of Object.entries(imports)) {
    const targets = names
      .filter((name) => name.startsWith('.'))
      .map((name) => posix.join(dirname(file), name).replace(/\.js$/, '.ts'))
      .flatMap((target) => [target, `${target}x`]);
    graph.set(file, new Set(targets.filter((target) => target in imports)));
  }
  return graph;
}

/**
 * Which folder imports which, among folders that lie beside each other. A folder and what it contains are one
 * thing: `workflows/outboundCall.ts` imports `workflows/steps/`, which uses the types in `workflows/`.
 */
function folderGraph(files: Graph): Graph {
  const graph: Graph = new Map();
  for (const [file, targets] of files)
    for (const target of targets) {
      const from = dirname(file).split('/');
      const to = dirname(target).split('/');
      const common = from.findIndex((part, i) => part !== to[i]);
      if (common === -1 || common >= to.length) continue;
      const folder = from.slice(0, common + 1).join('/');
      const other = to.slice(0, common + 1).join('/');
      graph.set(folder, (graph.get(folder) ?? new Set()).add(other));
    }
  return graph;
}

/** Groups that import each other, each as `a ↔ b ↔ c`. */
function circles(graph: Graph): string[] {
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const rest = [...(graph.get(from) ?? [])];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      rest.push(...(graph.get(next) ?? []));
    }
    return seen;
  };
  const reachable = new Map([...graph.keys()].map((node) => [node, reach(node)]));
  const groups = [...reachable]
    .filter(([node, seen]) => seen.has(node))
    .map(([node, seen]) => [...seen].filter((other) => reachable.get(other)?.has(node)).sort());
  return [...new Set(groups.map((group) => group.join(' ↔ ')))];
}

/** Folders with too many code files, as `folder: count`. */
function crowded(files: string[], except: string[] = []): string[] {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  return [...counts]
    .filter(([folder, count]) => count > mostFiles && !except.includes(folder))
    .map(([folder, count]) => `${folder}: ${count}`);
}

/** Does one of the exports have every word of the file name? Singular and plural are the same. */
function isNamedAfterAnExport(file: string, exports: string[]): boolean {
  const words = singularWords(basename(file).replace(/\.(m?[jt]s|tsx)$/, ''));
  return exports.map(singularWords).some((one) => words.every((word) => one.includes(word)));
}

function singularWords(name: string): string[] {
  return wordsOf(name).map((word) =>
    word
      .replace(/ies$/, 'y')
      .replace(/(ch|x|sh|ss)es$/, '$1')
      .replace(/([^s])s$/, '$1'),
  );
}

function isListed(file: string): boolean {
  return Object.keys(otherNames).some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name));
}

/**
 * What a module keeps from call to call, because it is loaded once for all: variables, and collections that
 * can grow.
 */
function stateOf(text: string): string[] {
  const variables = /^(?:export )?(?:let|var) .*/gm;
  const collections =
    /^(?:export )?const (?![^=]*: Readonly(?:Set|Map)<)[^=]*= new (?:Map|Set|WeakMap|WeakSet|Array)\b.*/gm;
  const statics = /^\s+static (?!readonly)(?!#?\w+\().*/gm;
  return [variables, collections, statics].flatMap((kind) => text.match(kind) ?? []);
}

/** Temporal's UI cuts longer summaries off, and Temporal Cloud refuses those of more than 200 bytes. */
const longestSummary = 120;
function tooLong({ summaries }: SourceCode): string[] {
  return summaries.map(({ text }) => text).filter((text) => text.length >= longestSummary);
}

describe('imports', () => {
  it.each(product)('%s: imports only along the arrows', (folder) => {
    const files = codeFilesIn(folder);
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap((file) => againstTheArrows(folder, file, codeOf(file).imports))).toEqual([]);
  });

  it('an import against the arrows: found', () => {
    const wrong = [
      'node:fs',
      'fs',
      'twilio',
      '../src/process/log.js',
      '../activities/placeCall.js',
      '@temporalio/client',
    ];
    expect(againstTheArrows('workflows', 'workflows/x.ts', wrong)).toHaveLength(wrong.length);
    const wrongOfActivities = ['hono', '../src/process/log.js', '@temporalio/client'];
    expect(againstTheArrows('activities', 'activities/x.ts', wrongOfActivities)).toHaveLength(3);
  });

  it('every kind of import: found', () => {
    const text = `
      import type { A } from './a.js';
      export type { B } from './b.js';
      export * from './c.js';
      const d = import('./d.js');
      type E = import('./e.js').E;
      import './f.js';`;
    expect(parseCode('x.ts', text).imports.map((name) => name[2])).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('the product: imports no test', () => {
    const files = product.flatMap(codeFilesIn);
    expect(files.filter((file) => codeOf(file).imports.some((name) => /(^|\/)test\//.test(name)))).toEqual(
      [],
    );
  });
});

describe('circles', () => {
  const graph = fileGraph(
    Object.fromEntries(product.flatMap(codeFilesIn).map((file) => [file, codeOf(file).imports])),
  );

  it('between files, type imports included: none', () => {
    expect(graph.size).toBeGreaterThan(150);
    expect(circles(graph)).toEqual([]);
  });

  it('between folders: none', () => {
    expect(folderGraph(graph).size).toBeGreaterThan(10);
    expect(circles(folderGraph(graph))).toEqual([]);
  });

  it('three files in a circle, two folders in a circle: found', () => {
    const example = fileGraph({
      'src/a/one.ts': ['../b/two.js'],
      'src/b/two.ts': ['./three.js'],
      'src/b/three.ts': ['../a/one.js', '../b/two.js'],
      'src/top.ts': ['./a/one.js'],
      'src/a/four.ts': ['../top.js'],
    });
    expect(circles(example)).toEqual(['src/a/one.ts ↔ src/b/three.ts ↔ src/b/two.ts']);
    expect(circles(folderGraph(example))).toEqual(['src/a ↔ src/b']);
  });
});

describe('folders and files', () => {
  it(`a folder: at most ${mostFiles} code files`, () => {
    const files = [...product, 'bin', 'test'].flatMap(codeFilesIn);
    expect(crowded(files, Object.keys(largeFolders))).toEqual([]);
    expect(crowded(Array.from({ length: 16 }, (_, n) => `src/x/${n}.ts`))).toEqual(['src/x: 16']);
    const needless = Object.keys(largeFolders).filter(
      (folder) => !crowded(files).join().includes(`${folder}: `),
    );
    expect(needless).toEqual([]);
  });

  it('a file of the product: named after one of its exports', () => {
    const wrong = product
      .flatMap(codeFilesIn)
      .filter((file) => !isListed(file) && !isNamedAfterAnExport(file, codeOf(file).exports));
    expect(wrong).toEqual([]);
  });

  it('a file with another name, and a listed one that no longer needs it: found', () => {
    const { exports } = parseCode(
      'x.ts',
      'export const a = 1; export class CallBook {} export type { T as U }; export const { w: v }: X = f();',
    );
    expect(exports).toEqual(['a', 'CallBook', 'U', 'v']);
    expect(isNamedAfterAnExport('src/x/callBook.ts', exports)).toBe(true);
    expect(isNamedAfterAnExport('src/x/books.ts', exports)).toBe(true);
    expect(isNamedAfterAnExport('src/x/callList.ts', exports)).toBe(false);
    const files = product.flatMap(codeFilesIn);
    const needless = Object.keys(otherNames).filter((name) =>
      files
        .filter((file) => file.startsWith(name))
        .every((file) => isNamedAfterAnExport(file, codeOf(file).exports)),
    );
    expect(needless).toEqual([]);
  });
});

describe('workflow code', () => {
  it('a module: keeps no state, which would pass from one call to another', () => {
    expect(codeFilesIn('workflows').flatMap((file) => stateOf(readFile(file)))).toEqual([]);
    const wrong = ['let n = 0;', 'export const seen = new Map();', 'const a: Set<number> = new Set([1]);'];
    expect(stateOf([...wrong, 'class A {', '  static count = 0;', '}'].join('\n'))).toHaveLength(4);
    expect(stateOf('const a: ReadonlySet<number> = new Set();\nclass A {\n  static of() {}\n}')).toEqual([]);
  });

  it(`summaries of activities and timers: shorter than ${longestSummary} characters`, () => {
    const files = codeFilesIn('workflows').map(codeOf);
    expect(files.flatMap(({ summaries }) => summaries).length).toBeGreaterThan(10);
    expect(files.flatMap(tooLong)).toEqual([]);
    const long = 'x'.repeat(longestSummary);
    const example = `proxyActivities({ summary: '${long}' }); sleep(1, { summary: \`\${a} ${long}\` }); f({ summary: 'short' });`;
    expect(tooLong(parseCode('x.ts', example))).toHaveLength(2);
  });
});
