import { mkdir, realpath, statfs } from 'node:fs/promises';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import {
  type Database,
  type Parameter,
  type Prepared,
  type Sql,
  type StoreLog,
  storable,
  textOf,
} from './database.js';
import { lockDirectory } from './directoryLock.js';
import { StoreUnavailable, storeError } from './storeError.js';

/**
 * PostgreSQL inside this process, its files in `directory`, which is locked against every other process.
 * One statement runs at a time. Throws `DirectoryInUse` when another process has the directory.
 */
export async function pglite(directory: string, log: StoreLog): Promise<Database> {
  await mkdir(directory, { recursive: true });
  const path = await realpath(directory);
  const store = `The outcome store (embedded, in ${path})`;
  const lock = await lockDirectory(path);
  let engine: PGlite | null = null;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  async function running(): Promise<PGlite> {
    if (closed) throw new StoreUnavailable(`${store} was closed by this process.`);
    engine ??= await start(path, store);
    return engine;
  }

  /** PGlite queues by itself, but would hand the next statement to an engine that has just panicked. */
  function runExclusive<T>(work: (engine: PGlite) => Promise<T>): Promise<T> {
    const run = last.then(async () => {
      try {
        return await work(await running());
      } catch (error) {
        if (!isFatal(error)) throw storeError(error, store);
        // After a panic (disk full while writing the log) the next statement would spin forever. The engine
        // is dropped, not closed; a new one recovers from the log, as PostgreSQL does after a crash.
        engine = null;
        log.warn({ err: error }, 'the embedded database stopped; the next statement starts it again');
        throw stoppedError(error, store);
      }
    });
    last = run.catch(() => {});
    return run;
  }

  async function close() {
    closed = true;
    await last;
    const open = engine;
    engine = null;
    await open?.close();
    await lock.release();
  }

  try {
    await runExclusive(async () => {});
  } catch (error) {
    await close();
    throw error;
  }
  return {
    query: <Row>(statement: string | Prepared, parameters: readonly Parameter[] = []) =>
      runExclusive((db) => sqlOf(db).query<Row>(statement, parameters)),
    run: (script) => runExclusive((db) => sqlOf(db).run(script)),
    transaction: (work) => runExclusive((db) => db.transaction((tx) => work(sqlOf(tx)))),
    close: () => (closed ? Promise.resolve() : close()),
  };
}

function sqlOf(db: PGlite | Transaction): Sql {
  return {
    async query<Row>(statement: string | Prepared, parameters: readonly Parameter[] = []) {
      const text = textOf(statement);
      return (await db.query<Row>(text, storable(parameters))).rows;
    },
    async run(script) {
      await db.exec(script);
    },
  };
}

async function start(path: string, store: string): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite');
  try {
    const engine = new PGlite(path);
    await engine.waitReady;
    return engine;
  } catch (error) {
    // PGlite only says that it failed. A full disk is the likeliest cause, and can be checked here.
    const { bavail, bsize } = await statfs(path);
    const full = bavail * bsize < 64 * 1024 * 1024;
    const why = full
      ? 'cannot start: its disk is full. Free some space; then calls go on by themselves.'
      : `cannot start: ${error instanceof Error ? error.message : error}. If this stays, restore the directory from a backup.`;
    throw new StoreUnavailable(`${store} ${why}`, { cause: error });
  }
}

function stoppedError(error: unknown, store: string): unknown {
  const known = storeError(error, store);
  if (known instanceof StoreUnavailable) return known;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`${store} stopped: ${message}. The next statement starts it again.`, {
    cause: error,
  });
}

/** Has the engine itself failed, and not only the statement? Its traps carry no SQLSTATE. */
function isFatal(error: unknown): boolean {
  if (error instanceof Error && error.name === 'RuntimeError') return true;
  const severity = error instanceof Error && 'severity' in error ? error.severity : null;
  return severity === 'PANIC' || severity === 'FATAL';
}
