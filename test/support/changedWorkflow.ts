import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The bundle of a workflow that somebody changed: in `outboundCall.ts`, or another file, each text is replaced by its new one. */
export async function changedWorkflow(
  ...changes: [from: string, to: string, file?: string][]
): Promise<{ code: string }> {
  const root = mkdtempSync(join(tmpdir(), 'ringtrue-changed-'));
  cpSync(here('../../workflows'), join(root, 'workflows'), { recursive: true });
  cpSync(here('../../tsconfig.json'), join(root, 'tsconfig.json'));
  for (const [from, to, name = 'outboundCall.ts'] of changes) {
    const file = join(root, 'workflows', name);
    const text = readFileSync(file, 'utf8');
    if (!text.includes(from)) throw new Error(`${name} does not say: ${from}`);
    writeFileSync(file, text.replace(from, to));
  }
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
