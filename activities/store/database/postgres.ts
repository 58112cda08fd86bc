import pg from 'pg';
import {
  type Database,
  type Parameter,
  type Prepared,
  type Sql,
  type StoreLog,
  storable,
  textOf,
} from './database.js';
import { storeError } from './storeError.js';

const connectWithinMs = 5_000;
const statementWithinMs = 10_000;
/** For a statement whose answer never comes, because the network swallowed it. */
const responseWithinMs = 15_000;
const lockWithinMs = 30_000;

/** The database for messages, without a password, and the role with which we log in. */
interface Store {
  name: string;
  role: string | undefined;
}

/** PostgreSQL behind a pool of connections. Connects with the first statement. */
export function postgres(where: { databaseUrl: string; poolSize?: number }, log: StoreLog): Database {
  const connection = {
    connectionString: where.databaseUrl,
    application_name: 'ringtrue',
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  const { host, port, database, user } = new pg.Client(connection);
  const at = host.startsWith('/') ? `in the socket directory ${host}` : `at ${host}:${port}`;
  const store: Store = { name: `The outcome store (PostgreSQL database ${database} ${at})`, role: user };
  const pool = poolOf(
    { ...connection, max: where.poolSize ?? 10, query_timeout: responseWithinMs },
    store,
    log,
  );

  return {
    ...withPreparedStatements(pool, store, log),
    async transaction(work) {
      const client = new pg.Client(connection);
      client.on('error', (error) => log.warn({ err: error }, 'lost a database connection'));
      try {
        await client.connect();
        await client.query('begin');
        await client.query(`set local lock_timeout = ${lockWithinMs}`);
        const result = await work(sqlOf(client, store));
        await client.query('commit');
        return result;
      } catch (error) {
        throw storeError(error, store.name, store.role);
      } finally {
        // Closing the connection rolls an open transaction back.
        await client.end().catch(() => {});
      }
    },
    close: () => pool.end(),
  };
}

/** The part of a connection pool that is used here. */
interface Pool {
  query(statement: string | pg.QueryConfig, values?: unknown[]): Promise<{ rows: unknown[] }>;
  end(): Promise<void>;
}

/**
 * The server ends a statement that takes too long. A pooler may refuse that setting: then the statement runs
 * on there, and is only given up here.
 */
function poolOf(options: pg.PoolConfig, store: Store, log: StoreLog): Pool {
  let pool = open({ ...options, statement_timeout: statementWithinMs });
  let isBounded = true;

  function open(config: pg.PoolConfig): pg.Pool {
    const opened = new pg.Pool(config);
    // Without a listener, the loss of an idle connection would end the process.
    opened.on('error', (error) =>
      log.warn({ err: storeError(error, store.name, store.role) }, 'lost an idle database connection'),
    );
    return opened;
  }

  function openUnbounded(error: unknown): void {
    if (!isBounded) return;
    isBounded = false;
    log.info(
      { err: error },
      'the database pooler refuses statement_timeout: slow statements are given up here, and run on in the server',
    );
    void pool.end();
    pool = open(options);
  }

  return {
    async query(statement, values) {
      try {
        return await pool.query(statement as string, values);
      } catch (error) {
        if (!isRefusedSetting(error) || pool.ending) throw error;
        openUnbounded(error);
        // It was refused a connection, so nothing was run.
        return pool.query(statement as string, values);
      }
    },
    async end() {
      if (!pool.ending) await pool.end();
    },
  };
}

/**
 * As PgBouncer writes it, unless it is configured to ignore the setting. Source: PgBouncer,
 * `ignore_startup_parameters`.
 */
function isRefusedSetting(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/.test(error.message);
}

/**
 * Prepares the statements that every call runs, so that each connection parses and plans them once. Behind a
 * pooler that shares connections between transactions, the server may not know a prepared statement, or know
 * it already from another process: then this process stops preparing.
 */
function withPreparedStatements(pool: Pool, store: Store, log: StoreLog): Sql {
  const plain = sqlOf(pool, store);
  let prepares = true;
  return {
    ...plain,
    async query<Row>(statement: string | Prepared, parameters: readonly Parameter[] = []) {
      if (typeof statement === 'string' || !prepares) return plain.query<Row>(statement, parameters);
      try {
        const result = await pool.query({ ...statement, values: storable(parameters) });
        return result.rows as Row[];
      } catch (error) {
        if (!isNotPrepared(error)) throw storeError(error, store.name, store.role);
        if (prepares)
          log.info(
            { err: error },
            'the database pooler shares connections: statements are no longer prepared',
          );
        prepares = false;
        // Nothing was run.
        return plain.query<Row>(statement, parameters);
      }
    },
  };
}

/** Source: PostgreSQL, "Error Codes": invalid_sql_statement_name and duplicate_prepared_statement. */
function isNotPrepared(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '26000' || error.code === '42P05');
}

function sqlOf(client: Pool | pg.Client, store: Store): Sql {
  return {
    async query<Row>(statement: string | Prepared, parameters: readonly Parameter[] = []) {
      try {
        const result = await client.query(textOf(statement), storable(parameters));
        return result.rows as Row[];
      } catch (error) {
        throw storeError(error, store.name, store.role);
      }
    },
    async run(script) {
      try {
        await client.query(script);
      } catch (error) {
        throw storeError(error, store.name, store.role);
      }
    },
  };
}
