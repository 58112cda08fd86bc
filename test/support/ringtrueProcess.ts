import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const executable = fileURLToPath(new URL('../../bin/ringtrue.js', import.meta.url));

/**
 * A `ringtrue` process as a user starts it: in a directory of its own, and with only the given variables in
 * its environment.
 */
export class RingtrueProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<{ status: number | null; signal: NodeJS.Signals | null }>;

  constructor(args: string[], env: Record<string, string> = {}) {
    const { PATH = '', HOME = '' } = process.env;
    const TMPDIR = tmpdir();
    this.child = spawn(process.execPath, [executable, ...args], {
      cwd: mkdtempSync(join(tmpdir(), 'ringtrue-process-')),
      env: { PATH, HOME, TMPDIR, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = once(this.child, 'close').then(([status, signal]) => ({ status, signal }));
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The process did not start.');
    return this.child.pid;
  }

  /** Waits until the process prints this on stdout or stderr. Throws what it printed if it ends before. */
  async prints(text: string): Promise<void> {
    const printed = () => this.stdout.includes(text) || this.stderr.includes(text);
    await Promise.race([until(printed), this.ended]);
    if (!printed()) throw new Error(`It ended without "${text}":\n${this.stdout}\n${this.stderr}`);
  }

  /** Sends the signal and waits until the process is gone. */
  stop(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Waits for a condition. Throws after two minutes. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not true after two minutes: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** True while the process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** An address where no server listens: port 1 on loopback. */
export const unreachableAddress = '127.0.0.1:1';
