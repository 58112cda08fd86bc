import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const guard = fileURLToPath(new URL('guard.sh', import.meta.url));

/**
 * Starts a program that ends with this process, even if this process is killed. It has a process group of its
 * own, so that Ctrl-C does not reach it. To end it, close its standard input: `child.stdin.end()`.
 */
export function spawnGuarded(program: string, args: readonly string[]): ChildProcess {
  const child = spawn('/bin/sh', [guard, program, ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  // Writing to a guard that has ended is an error, which does not matter.
  child.stdin?.on('error', () => {});
  return child;
}
