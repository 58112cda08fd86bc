import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../process/packageRoot.js';

const workflowsDirectory = fileURLToPath(new URL('../../workflows/', import.meta.url));
/** The package has compiled code, a checkout has its source. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const workflowsPath = join(workflowsDirectory, `index${extension}`);
/**
 * Loaded once for all calls, instead of once for each. That needs modules without state: see
 * test/architecture.test.ts.
 */
const preloadModules = [workflowsPath];

/**
 * Returns the path of the bundle of the workflows. Builds it only if neither the package nor `cacheDirectory` has
 * one of the same sources and SDK. `failureConverterPath`: as of the workers' data converter. It is written under another
 * name and then renamed, so that nobody reads half a bundle.
 */
export async function workflowBundle(cacheDirectory: string, failureConverterPath?: string): Promise<string> {
  const name = `workflows-${await fingerprint(failureConverterPath)}.js`;
  const path = join(cacheDirectory, name);
  for (const known of [join(packageRoot(), 'dist', name), path])
    if (await readFile(known).then(yes, no)) return known;
  const { bundleWorkflowCode, Runtime } = await import('@temporalio/worker');
  const { logger } = Runtime.instance();
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    preloadModules,
    logger,
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
  });
  await mkdir(cacheDirectory, { recursive: true });
  await removeOld(cacheDirectory);
  const own = `${path}.${process.pid}`;
  await writeFile(own, code);
  await rename(own, path);
  return path;
}

/** Changes with the source files of `workflows/`, the failure converter, the way of bundling, and the version of the SDK. */
async function fingerprint(failureConverterPath?: string): Promise<string> {
  const hash = createHash('sha256').update(`${sdkVersion()}, preloaded`);
  const files = await readdir(workflowsDirectory, { recursive: true });
  if (failureConverterPath !== undefined) hash.update('\0').update(await readFile(failureConverterPath));
  for (const file of files.filter((name) => name.endsWith(extension)).sort())
    hash.update(`\0${file}\0`).update(await readFile(join(workflowsDirectory, file)));
  return hash.digest('hex').slice(0, 16);
}

function sdkVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('@temporalio/workflow/package.json') as { version: string }).version;
}

/** Removes bundles that are older than a week. Another process may use a newer one. */
async function removeOld(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^workflows-[0-9a-f]{16}\.js/.test(name)) continue;
    const { mtimeMs } = await stat(join(directory, name));
    if (Date.now() - mtimeMs > 7 * 86_400_000) await rm(join(directory, name), { force: true });
  }
}

const yes = () => true;
const no = () => false;
