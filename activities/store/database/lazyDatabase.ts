import type { Database } from './database.js';
import { StoreUnavailable } from './storeError.js';

/**
 * After a failed opening, uses within this time fail at once with the same error, instead of each waiting
 * again.
 */
const failFastMs = 500;

/** A database that is opened with its first use. A later use tries a failed opening again. */
export function lazyDatabase(open: () => Promise<Database>): Database {
  let pending: Promise<Database> | null = null;
  let failure: { error: unknown; failFastUntil: number } | null = null;
  let closed = false;

  async function database(): Promise<Database> {
    if (closed) throw new StoreUnavailable('The outcome store was closed by this process.');
    if (pending) return pending;
    if (failure && performance.now() < failure.failFastUntil) throw failure.error;
    pending = open();
    try {
      return await pending;
    } catch (error) {
      pending = null;
      failure = { error, failFastUntil: performance.now() + failFastMs };
      throw error;
    }
  }

  return {
    query: async (statement, parameters) => (await database()).query(statement, parameters),
    run: async (script) => (await database()).run(script),
    transaction: async (work) => (await database()).transaction(work),
    async close() {
      closed = true;
      const db = await pending?.catch(() => null);
      await db?.close();
    },
  };
}
