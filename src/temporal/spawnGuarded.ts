import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const guard = fileURLToPath(new URL('guard.sh', import.meta.url));

/**
 * Starts a program that dies with this process, however this process dies. It runs in a process group of its own,
 * so that Ctrl-C reaches us and not it. End it by closing its standard input: `child.stdin.end()`.
 */
export function spawnGuarded(program: string, args: readonly string[]): ChildProcess {
  const child = spawn('/bin/sh', [guard, program, ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  // A guard that is already gone cannot be told to stop.
  child.stdin?.on('error', () => {});
  return child;
}
