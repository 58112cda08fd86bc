import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/** Another process uses the directory. Two at once would lose rows without an error. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

/** The process that holds a directory. Its id alone is not enough: the system reuses process ids. */
interface Holder {
  pid: number;
  startedAt: string;
  /** Host, and process namespace where there is such a thing: elsewhere, `pid` means another process. */
  place: string;
  /** Tells one locking from the next by the same process. */
  id: string;
}

/**
 * Locks a directory for this process, by a file beside it: `<directory>.lock`. Throws `DirectoryInUse` while
 * the holder lives. Takes over the lock of a process that is gone, and never because of the lock's age: a
 * process that was stopped for an hour still has its database open.
 *
 * The file appears whole or not at all: it is a hard link, which fails when the name is taken. To take over,
 * a process first creates `<lock>.<id of the dead holder>`, which only one process can, and only then
 * replaces the lock.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const lock = `${directory}.lock`;
  const me: Holder = {
    pid: process.pid,
    startedAt: (await startOf(process.pid)) ?? '',
    place: await placeOf(),
    id: randomUUID(),
  };
  const mine = `${lock}.${me.id}.new`;
  await writeFile(mine, JSON.stringify(me), { flag: 'wx' });
  try {
    await acquire(lock, mine, me, directory);
  } finally {
    await rm(mine, { force: true });
  }
  return {
    async release() {
      if ((await read(lock))?.id === me.id) await rm(lock, { force: true });
    },
  };
}

async function acquire(lock: string, mine: string, me: Holder, directory: string): Promise<void> {
  for (;;) {
    if (await linkIfFree(mine, lock)) return;
    // From the lock's holder along processes that died while they took over, to the one that holds it now.
    const chain: { file: string; holder: Holder }[] = [];
    let file = lock;
    for (let holder = await read(file); holder; holder = await read(file)) {
      chain.push({ file, holder });
      file = `${lock}.${holder.id}`;
    }
    const current = chain.at(-1)?.holder;
    if (!current) continue;
    if (!(await isDead(current, me))) throw inUse(directory, lock, current, me);
    if (!(await linkIfFree(mine, file))) continue;
    // Another process may have finished taking over in the meantime. Then this link is worth nothing.
    const unchanged = await Promise.all(chain.map(async (l) => (await read(l.file))?.id === l.holder.id));
    if (unchanged.every(Boolean)) {
      await rename(mine, lock);
      await rm(file, { force: true });
      for (const link of chain.slice(1)) await rm(link.file, { force: true });
      return;
    }
    await rm(file, { force: true });
  }
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(file: string): Promise<Holder | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return JSON.parse(text) as Holder;
  } catch {
    throw new DirectoryInUse(
      `${file} is not a lock file of ringtrue. Delete it if no ringtrue process uses the directory.`,
    );
  }
}

async function isDead(holder: Holder, me: Holder): Promise<boolean> {
  return holder.place === me.place && (await startOf(holder.pid)) !== holder.startedAt;
}

function inUse(directory: string, lock: string, holder: Holder, me: Holder): DirectoryInUse {
  const who =
    holder.place === me.place
      ? `process ${holder.pid}${holder.pid === me.pid ? ' (this one)' : ''}. Stop that process first, or choose another directory`
      : `process ${holder.pid} on ${holder.place}, which cannot be seen from here. If it has ended, delete ${lock}`;
  return new DirectoryInUse(
    `The directory ${directory} is in use by ${who}; two processes at once would lose data.`,
  );
}

/** When a process started, as text that no other process with the same id has; null when there is none. */
export async function startOf(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? startByProc(pid) : startByPs(pid);
}

/** Source: proc(5): field 3 is the state, 22 the start in clock ticks since boot. */
async function startByProc(pid: number): Promise<string | null> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name, field 2, stands in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A killed process whose parent does not collect it stays as a zombie, holding no file.
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return `${boot} ${fields[19]}`;
}

/** The same where there is no /proc: macOS. */
export async function startByPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      env: { PATH: process.env.PATH ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    });
    const [, state = '', start = ''] = /^(\S+)\s+(.*)$/.exec(stdout.trim()) ?? [];
    return start === '' || state.startsWith('Z') ? null : start.trim();
  } catch (error) {
    // ps exits with 1 when there is no such process.
    if ((error as { code?: unknown }).code === 1) return null;
    throw error;
  }
}

async function placeOf(): Promise<string> {
  const namespace = process.platform === 'linux' ? await readlink('/proc/self/ns/pid') : '';
  return `${hostname()} ${namespace}`.trim();
}
