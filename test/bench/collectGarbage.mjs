// Preloaded into a process with --expose-gc. On SIGUSR2 it collects its garbage, and writes how many bytes are in use then to a
// file of its process id in BENCH_HEAP_DIRECTORY.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.on('SIGUSR2', () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const file = join(process.env.BENCH_HEAP_DIRECTORY, `${process.pid}.heap`);
  writeFileSync(`${file}.new`, String(heapUsed + external));
  renameSync(`${file}.new`, file);
});
