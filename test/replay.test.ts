import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { recordedHistories } from './support/histories.js';

// Recorded by: RINGTRUE_RECORD_HISTORIES=1 npx vitest run test/fates -t "name of a test"
// A history is never recorded anew because it fails here: it is a call that may be running somewhere.

async function replay(
  workflowBundle: { codePath: string } | { code: string },
): Promise<Map<string, Error | undefined>> {
  const results = new Map<string, Error | undefined>();
  const histories = recordedHistories() as Parameters<typeof Worker.runReplayHistories>[1];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
    results.set(workflowId, error);
  return results;
}

describe('calls that were recorded while they ran', () => {
  it('replay to the same decisions with the workflow as it is now', async () => {
    const results = await replay({ codePath: inject('workflowBundlePath') });
    expect(results.size).toBeGreaterThan(10);
    expect([...results].filter(([, error]) => error)).toEqual([]);
  });

  it('a change without a patch is seen', async () => {
    const root = mkdtempSync(join(tmpdir(), 'ringtrue-changed-'));
    cpSync(fileURLToPath(new URL('../workflows', import.meta.url)), join(root, 'workflows'), {
      recursive: true,
    });
    cpSync(fileURLToPath(new URL('../tsconfig.json', import.meta.url)), join(root, 'tsconfig.json'));
    const file = join(root, 'workflows', 'outboundCall.ts');
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(
      "if (plan.lookup === 'off') return null;",
      'await condition(() => false, 1000);',
    );
    expect(changed).not.toBe(text);
    writeFileSync(file, changed);
    const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, 'workflows', 'index.ts'),
      logger: new DefaultLogger('ERROR'),
      webpackConfigHook: (config) => ({
        ...config,
        resolve: { ...config.resolve, modules: [...(config.resolve?.modules ?? []), modules] },
      }),
    });
    const errors = [...(await replay({ code })).values()].filter(Boolean);
    expect(errors.length).toBeGreaterThan(10);
    expect(String(errors[0])).toMatch(/determinism/i);
    rmSync(root, { recursive: true });
  });
});
