import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes one directory for all temporary files of a run and names it in `TMPDIR`, so that `tmpdir()` is inside
 * it: here, in every test file and in every process that inherits the variable. Returns what removes it.
 *
 * It is also removed when this process dies without doing so. What a run keeps on purpose lies elsewhere: the
 * Temporal CLI and the workflow bundle in `.cache` (see `cacheDirectory`).
 */
export default function useRunDirectory(): () => void {
  const before = process.env.TMPDIR;
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-run-'));
  // PostgreSQL runs as another user when the tests run as root, and has its files in here.
  chmodSync(directory, 0o711);
  process.env.TMPDIR = directory;
  const guard = removeAfterUs(directory);
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    guard.kill('SIGKILL');
    remove(directory);
  };
}

/** Processes that just ended may still write for a moment. */
function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/**
 * A shell that waits until our end of a pipe closes, which happens however we die. Servers get some seconds
 * to end first.
 */
function removeAfterUs(directory: string) {
  const guard = spawn('sh', ['-c', 'cat; sleep 5; rm -rf "$0"', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}
