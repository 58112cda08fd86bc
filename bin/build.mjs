// Compiles the package into `dist`: `node bin/build.mjs`. npm runs it before it packs.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
// What code reads beside itself: SQL, shell scripts, pages.
const isNoCode = (path) =>
  statSync(path).isDirectory() ||
  !(['.ts', '.tsx'].includes(extname(path)) || path.endsWith('tsconfig.json'));
for (const folder of ['activities', 'src', 'workflows'])
  cpSync(join(root, folder), join(dist, folder), { recursive: true, filter: isNoCode });

// The package brings the bundle of its workflows, so that a worker starts without building it.
const { workflowBundle } = await import('../dist/src/worker/workflowBundle.js');
await workflowBundle(dist);
process.exit();
