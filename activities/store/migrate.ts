import { readdir, readFile } from 'node:fs/promises';
import type { Database, Sql } from './database.js';

/** The database was migrated by a newer ringtrue: this one would misread it. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
}

export interface Migration {
  /** From 1, without gaps. */
  version: number;
  name: string;
  sql: string;
}

/** Any number will do, as long as every ringtrue process uses the same and nobody else does. */
const advisoryLock = 7_464_627_883;

/**
 * Brings the schema up to date, one transaction a migration, each under an advisory lock: processes that start
 * together wait for each other. Comes back with the versions that this process applied. Throws `SchemaTooNew`.
 */
export async function migrate(db: Database, migrations?: Migration[]): Promise<number[]> {
  const wanted = migrations ?? (await ownMigrations());
  const newest = wanted.length;
  const applied: number[] = [];
  for (;;) {
    const version = await versionOf(db);
    if (version > newest) throw tooNew(version, newest);
    if (version === newest) return applied;
    const done = await db.transaction((sql) => applyNext(sql, wanted));
    if (done !== null) applied.push(done);
  }
}

async function applyNext(sql: Sql, wanted: Migration[]): Promise<number | null> {
  await sql.query(`select pg_advisory_xact_lock(${advisoryLock})::text`);
  // Also has a connection that a pooler hands on see what others have created while it waited for the lock.
  await sql.run(`create table if not exists ringtrue_migrations (
    version integer primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
  )`);
  const next = wanted[await versionOf(sql)];
  if (!next) return null;
  await sql.run(next.sql);
  await sql.query('insert into ringtrue_migrations (version, name) values ($1, $2)', [
    next.version,
    next.name,
  ]);
  return next.version;
}

async function versionOf(sql: Sql): Promise<number> {
  const [table] = await sql.query<{ there: boolean }>(
    `select to_regclass('ringtrue_migrations') is not null as there`,
  );
  if (!table?.there) return 0;
  const [row] = await sql.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from ringtrue_migrations',
  );
  return row?.version ?? 0;
}

function tooNew(version: number, newest: number): SchemaTooNew {
  return new SchemaTooNew(
    `The outcome store has schema version ${version}, written by a newer ringtrue; this one knows versions up to ${newest} and would misread it. Run the newer ringtrue, or restore the database from before its upgrade.`,
  );
}

/** `migrations/0001_name.sql` and on. */
async function ownMigrations(): Promise<Migration[]> {
  const directory = new URL('./migrations/', import.meta.url);
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file, index) => {
      const version = Number.parseInt(file, 10);
      if (version !== index + 1) throw new Error(`${file} is out of line: expected migration ${index + 1}`);
      return { version, name: file, sql: await readFile(new URL(file, directory), 'utf8') };
    }),
  );
}
