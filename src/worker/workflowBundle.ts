import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const workflowsDirectory = fileURLToPath(new URL('../../workflows/', import.meta.url));
const workflowsPath = join(workflowsDirectory, 'index.ts');
/** Loaded once for all calls instead of once for each, which works because no module keeps state: see test/house.test.ts. */
const preloadModules = [workflowsPath];

/**
 * The path of the workflows' bundle, built at most once for the same sources and SDK: later starts find it in
 * `keepIn`. A bundle is written under a name of its own and then renamed, so a half-written one is never read.
 */
export async function workflowBundle(cacheDirectory: string): Promise<string> {
  const path = join(cacheDirectory, `workflows-${await fingerprint()}.js`);
  if (await readFile(path).then(yes, no)) return path;
  const { bundleWorkflowCode, Runtime } = await import('@temporalio/worker');
  const { logger } = Runtime.instance();
  const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules, logger });
  await mkdir(cacheDirectory, { recursive: true });
  await removeOld(cacheDirectory);
  const own = `${path}.${process.pid}`;
  await writeFile(own, code);
  await rename(own, path);
  return path;
}

/** Changes with every source file of `workflows/`, with how they are bundled, and with the version of the SDK that is bundled in. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(`${sdkVersion()}, preloaded`);
  const files = await readdir(workflowsDirectory, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.ts')).sort())
    hash.update(`\0${file}\0`).update(await readFile(join(workflowsDirectory, file)));
  return hash.digest('hex').slice(0, 16);
}

function sdkVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('@temporalio/workflow/package.json') as { version: string }).version;
}

/** Bundles of sources that were changed long ago. Younger ones may be in use by another process. */
async function removeOld(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^workflows-[0-9a-f]{16}\.js/.test(name)) continue;
    const { mtimeMs } = await stat(join(directory, name));
    if (Date.now() - mtimeMs > 7 * 86_400_000) await rm(join(directory, name), { force: true });
  }
}

const yes = () => true;
const no = () => false;
