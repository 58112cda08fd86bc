#!/usr/bin/env node

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onceNpmIsGone } from './onceNpmIsGone.mjs';

if (process.platform === 'win32' && ['dev', 'demo', 'api', 'worker'].includes(process.argv[2])) {
  console.error(
    `ringtrue: \`ringtrue ${process.argv[2]}\` does not run on Windows. Use Docker or WSL 2: see docs/deployment.md.`,
  );
  process.exit(2);
}

onceNpmIsGone(() => process.kill(process.pid, 'SIGTERM'));

// A server that gets a stop signal while it loads has nothing to close. Later it has its own listener.
if (['dev', 'demo', 'api', 'worker', 'simulator', 'mcp'].includes(process.argv[2]))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      if (process.listenerCount(signal) === 0) process.exit(0);
    });

// A checkout has the source, and runs it. The package has compiled code only.
if (existsSync(new URL('../src/cli.ts', import.meta.url))) {
  // TypeScript is loaded in this process: a second process in between would have to pass signals on.
  const { register } = await import('tsx/esm/api');
  // Says how JSX is compiled. Otherwise tsx takes the file of the current directory.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
  await import('../src/cli.ts');
} else {
  await import(new URL('../dist/src/cli.js', import.meta.url).href);
}
