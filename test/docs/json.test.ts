import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkCallingWindow } from '../../activities/validation/callingWindowSchema.js';
import { checkCallRequest } from '../../activities/validation/callRequestSchema.js';
import { checkBulkRequest } from '../../src/api/bulk-operations/bulkSchema.js';
import { dialingSchema } from '../../src/api/dialing/dialingSchema.js';
import { readAccounts } from '../../src/config/accounts/readAccounts.js';
import { builtInPolicies, readPolicies } from '../../src/config/policies.js';
import { allBlocks, type Block } from './pages.js';

const context = { policies: { ...builtInPolicies }, defaultFrom: '+15005550006' };
const faultsOfRequest = (request: unknown) => {
  const checked = checkCallRequest(request, context);
  return 'faults' in checked ? checked.faults : [];
};

/** What a block of JSON is, by the word behind its language: gives what is wrong with it. */
const checks: Record<string, (json: never, block: Block) => unknown[]> = {
  request: faultsOfRequest,
  batch: ({ defaults, calls }: { defaults: object; calls: object[] }) =>
    calls.flatMap((call) => faultsOfRequest({ ...defaults, ...call })),
  window: (json) => {
    const checked = checkCallingWindow(json);
    return 'faults' in checked ? checked.faults : [];
  },
  dialing: (json) => dialingSchema.safeParse(json).error?.issues ?? [],
  // The configuration of an agent.
  mcp: ({ mcpServers }: { mcpServers: Record<string, { args: string[]; env: object }> }) =>
    Object.values(mcpServers).flatMap(({ args, env }) => [
      ...(args.join(' ') === 'ringtrue mcp' ? [] : [args]),
      ...Object.keys(env).filter((name) => !/^RINGTRUE_API_(URL|TOKEN)$/.test(name)),
    ]),
  bulk: (json) => {
    const checked = checkBulkRequest(json, { isDryRun: false });
    return 'faults' in checked ? checked.faults : [];
  },
  fault: (json) => ['row', 'line', 'column', 'path', 'message'].filter((field) => !(field in json)),
  // test/docs/commands.test.ts compares it with what the API answers.
  answer: () => [],
  accounts: (_, { code }) => {
    const file = join(mkdtempSync(join(tmpdir(), 'ringtrue-docs-')), 'accounts.json');
    writeFileSync(file, code);
    const read = readAccounts(file, {
      ...{ mainAccountSid: '', callsPerSecond: 1, callsInFlight: null },
      connectionOf: () => ({ connection: { baseUrl: null }, faults: [] }),
    });
    return 'faults' in read ? read.faults : [];
  },
  // A file of retry policies.
  '': (_, { code }) => {
    const file = join(mkdtempSync(join(tmpdir(), 'ringtrue-docs-')), 'policies.json');
    writeFileSync(file, code);
    const read = readPolicies(file);
    return 'faults' in read ? read.faults : [];
  },
};

const named = (blocks: Block[]) =>
  blocks.map((block) => ({ ...block, where: `${block.page}:${block.line}` }));

describe('data in the pages', () => {
  it.each(named(allBlocks('json')))('$where: the JSON is what the API takes or gives', (block) => {
    const check = checks[block.kind];
    if (check === undefined) throw new Error(`${block.kind} is none of ${Object.keys(checks).join(', ')}.`);
    expect(check(JSON.parse(block.code) as never, block)).toEqual([]);
  });

  it.each(named(allBlocks('yaml')))('$where: the YAML can be read', ({ code }) => {
    expect(parse(code, { merge: true })).toEqual(expect.any(Object));
  });

  it.each(named(allBlocks('http')))('$where: the request has headers and a JSON body', ({ code }) => {
    const [head = '', body = ''] = code.split('\n\n');
    expect(head).toMatch(/^POST \/\S+ HTTP\/1\.1(\n[a-z-]+: \S+)+$/);
    expect(JSON.parse(body)).toMatchObject({ type: expect.any(String) });
  });

  // docs/languages.md has whole programs, which test/docs/commands.test.ts runs.
  const pythonBlocks = allBlocks('python').filter(({ kind }) => kind === '');
  it.each(named(pythonBlocks))('$where: the Python starts a valid call', ({ code }) => {
    const read = `
import ast, json, sys
tree = compile(sys.stdin.read(), 'page', 'exec', ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
call = next(node for node in ast.walk(tree) if isinstance(node, ast.Call))
print(json.dumps([ast.literal_eval(argument) for argument in call.args]))`;
    const [workflow, request] = JSON.parse(
      execFileSync('python3', ['-c', read], { input: code, encoding: 'utf8' }),
    );
    expect(workflow).toBe('outboundCall');
    expect(faultsOfRequest(request)).toEqual([]);
  });

  it.each(named(allBlocks('mermaid')))('$where: the diagram names each of its arrows', ({ code }) => {
    expect(code).toMatch(/^flowchart LR\n/);
    expect(
      code
        .split('\n')
        .slice(1, -1)
        .filter((line) => !/--/.test(line)),
    ).toEqual([]);
  });

  it('no block is of a language that nothing checks', () => {
    const checked = [
      'json',
      'yaml',
      'http',
      'python',
      'mermaid',
      'sh',
      'console',
      'js',
      'ts',
      'csv',
      'sql',
      'ini',
      '',
    ];
    const languages = new Set(allBlocks(...checked).map(({ language }) => language));
    expect([...languages].sort()).toEqual([...checked].sort());
    expect(allBlocks('').map(({ page, code }) => [page, code.includes('──►')])).toEqual([
      ['docs/how-it-works.md', true],
    ]);
  });
});
