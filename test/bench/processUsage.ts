import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its descendants have used since they started. */
export interface Usage {
  /** User and system time of all threads, and of descendants that have ended and were waited for. */
  cpuSeconds: number;
  residentBytes: number;
}

interface Stat {
  pid: number;
  parent: number;
  ticks: number;
}

/** Only Linux has `/proc`, which is exact to a hundredth of a second. Elsewhere usage is not measured. */
export const isUsageKnown = process.platform === 'linux';
const ticksPerSecond = isUsageKnown ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 1;

export function usageOf(pid: number): Usage {
  const usage: Usage = { cpuSeconds: 0, residentBytes: 0 };
  if (!isUsageKnown) return usage;
  for (const { pid: one, ticks } of familyOf(pid)) {
    usage.cpuSeconds += ticks / ticksPerSecond;
    usage.residentBytes += residentBytesOf(one);
  }
  return usage;
}

/** The first descendant of a process whose command line has these words. */
export function descendantRunning(pid: number, fragments: string[]): number {
  if (!isUsageKnown) return pid;
  for (const { pid: one } of familyOf(pid)) {
    if (one === pid) continue;
    const command = read(`/proc/${one}/cmdline`)?.split('\0') ?? [];
    if (fragments.every((fragment) => command.includes(fragment))) return one;
  }
  throw new Error(`No process runs ${fragments.join(' ')}: has it ended?`);
}

/** The process and its descendants, parents first. */
function familyOf(pid: number): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== null);
  const family = all.filter((stat) => stat.pid === pid);
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid));
  return family;
}

/** Source: proc_pid_stat(5). */
function statOf(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name before the last bracket may contain anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, childrenUtime = 0, childrenStime = 0] = fields.slice(11, 15);
  return { pid, parent: fields[1] ?? 0, ticks: utime + stime + childrenUtime + childrenStime };
}

function residentBytesOf(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return Number(kilobytes) * 1024;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended meanwhile.
    return null;
  }
}
