#!/usr/bin/env node

// A server that is told to stop while it still loads has nothing to close; afterwards it has a listener of its own.
if (['dev', 'api', 'worker', 'simulator'].includes(process.argv[2]))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      if (process.listenerCount(signal) === 0) process.exit(0);
    });

// TypeScript is loaded in this very process: with another one in between, signals would go astray.
const { register } = await import('tsx/esm/api');
register();
await import('../src/cli.ts');
