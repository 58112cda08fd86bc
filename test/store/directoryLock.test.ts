import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DirectoryInUse,
  lockDirectory,
  startByPs,
  startOf,
} from '../../activities/store/database/directoryLock.js';
import { openStore } from '../../activities/store/openStore.js';
import { newCallId, outcome } from './records.js';

let root: string;
let directory: string;
const holders: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ringtrue-lock-'));
  directory = join(root, 'store');
});
afterEach(async () => {
  await Promise.all(holders.splice(0).map((holder) => end(holder, 'SIGKILL')));
  await rm(root, { recursive: true, force: true });
});

/** Another process that holds the directory, or with `store` the whole store in it. */
async function holdElsewhere(what: 'lock' | 'store', callId = ''): Promise<ChildProcess & { pid: number }> {
  const script = fileURLToPath(new URL('./holdDirectory.ts', import.meta.url));
  const holder = spawn(process.execPath, ['--import', 'tsx', script, what, directory, callId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  holders.push(holder);
  const gone = once(holder, 'exit').then(() => Promise.reject(new Error('the holder ended')));
  await Promise.race([once(holder.stdout, 'data'), gone]);
  gone.catch(() => {});
  return holder as ChildProcess & { pid: number };
}

async function end(holder: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const exit = once(holder, 'exit');
  holder.kill(signal);
  await exit;
}

async function lockFile(): Promise<{ pid: number; startedAt: string; place: string; id: string }> {
  return JSON.parse(await readFile(`${directory}.lock`, 'utf8'));
}

/** A lock as a process left it that is gone: its id has gone to this process since. */
async function leaveBehind(file: string, id: string): Promise<void> {
  const { release } = await lockDirectory(directory);
  const mine = await lockFile();
  await release();
  await writeFile(file, JSON.stringify({ ...mine, startedAt: 'some other time', id }));
}

describe('the directory of an embedded store', () => {
  it('no process holds it: locked by a file beside it, which release removes', async () => {
    const lock = await lockDirectory(directory);
    expect(await lockFile()).toMatchObject({ pid: process.pid });
    await lock.release();
    expect(await readdir(root)).toEqual([]);
  });

  it('a living process holds it: refused, with its id and what to do', async () => {
    const holder = await holdElsewhere('lock');
    const refused = lockDirectory(directory);
    await expect(refused).rejects.toThrow(DirectoryInUse);
    await expect(refused).rejects.toThrow(`in use by process ${holder.pid}. Stop that process first`);
    await expect(openStore({ directory })).rejects.toThrow(DirectoryInUse);
  });

  it('this process holds it: refused', async () => {
    await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toThrow(`process ${process.pid} (this one)`);
  });

  it('its holder stops cleanly: unlocked', async () => {
    await end(await holdElsewhere('lock'), 'SIGTERM');
    expect(await readdir(root)).toEqual([]);
  });

  it('its holder is killed: taken over', async () => {
    const holder = await holdElsewhere('lock');
    await end(holder, 'SIGKILL');
    expect(await lockFile()).toMatchObject({ pid: holder.pid });
    await lockDirectory(directory);
    expect(await lockFile()).toMatchObject({ pid: process.pid });
    expect(await readdir(root)).toEqual(['store.lock']);
  });

  it('its holder is gone and another process has its id: taken over', async () => {
    await leaveBehind(`${directory}.lock`, 'gone');
    const lock = await lockDirectory(directory);
    await lock.release();
    expect(await readdir(root)).toEqual([]);
  });

  it('a process died while it took over from a dead one: taken over', async () => {
    await leaveBehind(`${directory}.lock`, 'first');
    const first = await readFile(`${directory}.lock`, 'utf8');
    await rm(`${directory}.lock`);
    await leaveBehind(`${directory}.lock.first`, 'second');
    await writeFile(`${directory}.lock`, first);
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryInUse);
    await lock.release();
    expect(await readdir(root)).toEqual([]);
  });

  it('many processes take over from a dead holder at once: one gets it, each time', async () => {
    for (let time = 0; time < 25; time++) {
      await leaveBehind(`${directory}.lock`, `dead-${time}`);
      const locks = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)));
      const won = locks.flatMap((lock) => (lock.status === 'fulfilled' ? [lock.value] : []));
      expect(won).toHaveLength(1);
      for (const lock of locks)
        if (lock.status === 'rejected') expect(lock.reason).toBeInstanceOf(DirectoryInUse);
      await won[0]?.release();
      expect(await readdir(root)).toEqual([]);
    }
  });

  it('a process on another host or in another container holds it: refused', async () => {
    await leaveBehind(`${directory}.lock`, 'far');
    await writeFile(`${directory}.lock`, JSON.stringify({ ...(await lockFile()), place: 'elsewhere' }));
    await expect(lockDirectory(directory)).rejects.toThrow(`on elsewhere, which cannot be seen from here`);
  });

  it('another file has the name of the lock: refused, and left alone', async () => {
    await writeFile(`${directory}.lock`, 'something else');
    await expect(lockDirectory(directory)).rejects.toThrow('is not a lock file of ringtrue');
    expect(await readFile(`${directory}.lock`, 'utf8')).toBe('something else');
  });

  it('the process with the store is killed: the next finds what was recorded', async () => {
    const callId = newCallId();
    const holder = await holdElsewhere('store', callId);
    await expect(openStore({ directory })).rejects.toThrow(`process ${holder.pid}`);
    await end(holder, 'SIGKILL');
    const store = await openStore({ directory });
    expect((await store.findCallState(callId))?.outcome).toEqual(outcome(callId));
    await store.close();
    expect(await readdir(root)).toEqual(['store']);
  }, 120_000);
});

describe.each([
  ['/proc where there is one', startOf],
  ['ps', startByPs],
])('the start of a process, by %s', (_, start) => {
  it('a living process: always the same text', async () => {
    const words = await start(process.pid);
    expect(words).toBeTruthy();
    expect(await start(process.pid)).toBe(words);
  });

  it('a process that is gone: null', async () => {
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    expect(await start(gone.pid as number)).toBeNull();
  });
});
