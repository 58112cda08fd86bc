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
const answerWithinMs = 15_000;
const lockWithinMs = 30_000;

/** PostgreSQL behind a pool of connections. Connects with the first statement. */
export function postgres(where: { databaseUrl: string; poolSize?: number }, log: StoreLog): Database {
  const connection = {
    connectionString: where.databaseUrl,
    application_name: 'ringtrue',
    connectionTimeoutMillis: connectWithinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  const { host, port, database } = new pg.Client(connection);
  const store = `The outcome store (PostgreSQL database ${database} at ${host}:${port})`;
  const pool = new pg.Pool({
    ...connection,
    max: where.poolSize ?? 10,
    statement_timeout: statementWithinMs,
    query_timeout: answerWithinMs,
    idle_in_transaction_session_timeout: statementWithinMs,
  });
  // Without a listener, the loss of an idle connection would end the process.
  pool.on('error', (error) =>
    log.warn({ err: storeError(error, store) }, 'lost an idle database connection'),
  );

  return {
    ...preparing(pool, store, log),
    async transaction(work) {
      const client = new pg.Client({ ...connection, lock_timeout: lockWithinMs });
      client.on('error', (error) => log.warn({ err: error }, 'lost a database connection'));
      try {
        await client.connect();
        await client.query('begin');
        const result = await work(through(client, store));
        await client.query('commit');
        return result;
      } catch (error) {
        throw storeError(error, store);
      } finally {
        // A connection that ends takes its open transaction back.
        await client.end().catch(() => {});
      }
    },
    async close() {
      if (!pool.ending) await pool.end();
    },
  };
}

/**
 * Has each connection parse and plan once what every call runs. Behind a pooler that hands a connection on between two
 * transactions, the server may not know what this process has prepared, or know it already: then it stops preparing.
 */
function preparing(pool: pg.Pool, store: string, log: StoreLog): Sql {
  const plain = through(pool, store);
  let prepares = true;
  return {
    ...plain,
    async query<Row>(statement: string | Prepared, parameters: readonly Parameter[] = []) {
      if (typeof statement === 'string' || !prepares) return plain.query<Row>(statement, parameters);
      try {
        const result = await pool.query({ ...statement, values: storable(parameters) });
        return result.rows as Row[];
      } catch (error) {
        if (!isNotPrepared(error)) throw storeError(error, store);
        if (prepares)
          log.info({ err: error }, 'the database connections are shared: nothing is prepared on them');
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

function through(client: pg.Pool | pg.Client, store: string): Sql {
  return {
    async query<Row>(statement: string | Prepared, parameters: readonly Parameter[] = []) {
      try {
        const result = await client.query(textOf(statement), storable(parameters));
        return result.rows as Row[];
      } catch (error) {
        throw storeError(error, store);
      }
    },
    async run(script) {
      try {
        await client.query(script);
      } catch (error) {
        throw storeError(error, store);
      }
    },
  };
}
