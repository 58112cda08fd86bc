import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Database, Sql } from './database/database.js';

/** A newer ringtrue has migrated the database: this one would misread it. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
}

export interface Migration {
  /** From 1, without gaps. */
  version: number;
  name: string;
  sql: string;
}

/** The SQL functions of a release, replaced as a whole. */
export interface Functions {
  /** Higher with every change. */
  version: number;
  sql: string;
}

/** Raise it whenever a file in `schema/functions/` changes. */
const functionsVersion = 1;

/** Any number that every ringtrue process shares and no other program uses. */
const advisoryLock = 7_464_627_883;

/**
 * Brings the tables and then the functions of the store up to date. Returns the versions of the migrations
 * that this process applied. Throws `SchemaTooNew`.
 */
export async function migrate(db: Database): Promise<number[]> {
  const applied = await applyMigrations(db, await ownMigrations());
  await replaceFunctions(db, await ownFunctions());
  return applied;
}

/** The schema of a database, compared with this ringtrue's. Changes nothing. */
export interface SchemaState {
  /** 0: the database has no schema of ringtrue. */
  version: number;
  /** The version that this ringtrue needs. */
  needed: number;
  /** Are the functions of this ringtrue, or of a newer one, there? */
  hasFunctions: boolean;
  role: string;
  /** Null: the role has no schema in which it could create tables. */
  schema: string | null;
  mayCreate: boolean;
  /** Our tables that belong to another role, whose rights we do not have. */
  foreignTables: string[];
}

/** Looks at the schema and our rights to it. Throws `StoreUnavailable`. */
export async function readSchemaState(db: Database): Promise<SchemaState> {
  const migrations = await ownMigrations();
  const { version, sql } = await ownFunctions();
  const tables = migrations.flatMap(({ sql: script }) =>
    [...script.matchAll(/^create table (\w+)/gm)].map(([, table = '']) => table),
  );
  const [rights] = await db.query<Pick<SchemaState, 'role' | 'schema' | 'mayCreate' | 'foreignTables'>>(
    `select current_user::text as role, current_schema()::text as schema,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "mayCreate",
       (select coalesce(jsonb_agg(relname order by relname), '[]') from pg_class
         where relnamespace = to_regnamespace(current_schema()) and relname = any($1)
           and not pg_has_role(relowner, 'USAGE')) as "foreignTables"`,
    [['ringtrue_migrations', 'ringtrue_functions', ...tables]],
  );
  if (!rights) throw new Error('The outcome store returned no rights.');
  return {
    ...rights,
    version: await versionOf(db),
    needed: migrations.length,
    hasFunctions: await isCurrent(db, version, hashOf(sql)),
  };
}

/**
 * Applies the migrations that the database lacks, one transaction each, under an advisory lock: processes
 * that start together wait for each other. Returns the versions that this process applied. Throws
 * `SchemaTooNew`.
 */
export async function applyMigrations(db: Database, migrations: Migration[]): Promise<number[]> {
  const newest = migrations.length;
  const applied: number[] = [];
  for (;;) {
    const version = await versionOf(db);
    if (version > newest) throw tooNew(version, newest);
    if (version === newest) return applied;
    const done = await db.transaction((sql) => applyNext(sql, migrations));
    if (done !== null) applied.push(done);
  }
}

/**
 * Replaces the functions in the database if they differ, in one transaction under the same lock. Functions of
 * a higher version stay: an older worker that restarts during a rolling upgrade must not put its own back.
 */
export async function replaceFunctions(db: Database, functions: Functions): Promise<void> {
  const hash = hashOf(functions.sql);
  if (await isCurrent(db, functions.version, hash)) return;
  await db.transaction(async (sql) => {
    await sql.query(`select pg_advisory_xact_lock(${advisoryLock})::text`);
    await sql.run(`create table if not exists ringtrue_functions (
      only_row boolean primary key default true check (only_row),
      version integer not null,
      hash text not null,
      applied_at timestamptz not null default clock_timestamp()
    )`);
    if (await isCurrent(sql, functions.version, hash)) return;
    await sql.run(functions.sql);
    await sql.query(
      `insert into ringtrue_functions (version, hash) values ($1, $2)
       on conflict (only_row) do update set version = $1, hash = $2, applied_at = clock_timestamp()`,
      [functions.version, hash],
    );
  });
}

async function isCurrent(sql: Pick<Sql, 'query'>, version: number, hash: string): Promise<boolean> {
  const [table] = await sql.query<{ there: boolean }>(
    `select to_regclass('ringtrue_functions') is not null as there`,
  );
  if (!table?.there) return false;
  const [row] = await sql.query<{ version: number; hash: string }>(
    'select version, hash from ringtrue_functions',
  );
  return row !== undefined && (row.version > version || (row.version === version && row.hash === hash));
}

async function applyNext(sql: Sql, migrations: Migration[]): Promise<number | null> {
  await sql.query(`select pg_advisory_xact_lock(${advisoryLock})::text`);
  // Also has a connection that a pooler hands on see what others have created while it waited for the lock.
  await sql.run(`create table if not exists ringtrue_migrations (
    version integer primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
  )`);
  const next = migrations[await versionOf(sql)];
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

/** `schema/0001_name.sql` and on. */
async function ownMigrations(): Promise<Migration[]> {
  const files = await sqlFiles(schema);
  return files.map(({ file, sql }, index) => {
    const version = Number.parseInt(file, 10);
    if (version !== index + 1)
      throw new Error(`${file} is not the next migration: expected number ${index + 1}`);
    return { version, name: file, sql };
  });
}

/**
 * `schema/functions/*.sql`, one function a file. Any order works: PL/pgSQL binds the functions that a body
 * calls when it runs, and the SQL bodies call built-in functions only.
 */
export async function ownFunctions(): Promise<Functions> {
  const files = await sqlFiles(new URL('functions/', schema));
  return { version: functionsVersion, sql: files.map(({ sql }) => sql).join('\n') };
}

export function hashOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}

const schema = new URL('./schema/', import.meta.url);

async function sqlFiles(directory: URL): Promise<{ file: string; sql: string }[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => ({ file, sql: await readFile(new URL(file, directory), 'utf8') })),
  );
}
