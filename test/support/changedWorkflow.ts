import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Bundles the workflows with a changed `outboundCall.ts`: each text is replaced by its new one. Throws if a
 * text is not there.
 */
export async function changedWorkflow(...changes: [from: string, to: string][]): Promise<{ code: string }> {
  const root = mkdtempSync(join(tmpdir(), 'ringtrue-changed-'));
  cpSync(here('../../workflows'), join(root, 'workflows'), { recursive: true });
  cpSync(here('../../tsconfig.json'), join(root, 'tsconfig.json'));
  const file = join(root, 'workflows', 'outboundCall.ts');
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`outboundCall.ts does not contain: ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
  const modules = here('../../node_modules');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    preloadModules: [join(root, 'workflows', 'index.ts')],
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, modules: [...(config.resolve?.modules ?? []), modules] },
    }),
  });
  rmSync(root, { recursive: true });
  return { code };
}
