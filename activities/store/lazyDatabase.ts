import { StoreUnavailable } from '../outcomeStore.js';
import type { Database } from './database.js';

/** After a failed opening, uses within this time fail at once with the same error, instead of each waiting anew. */
const restMs = 500;

/** A database that is opened with its first use; a failed opening is tried again with a later one. */
export function lazyDatabase(open: () => Promise<Database>): Database {
  let opening: Promise<Database> | null = null;
  let failed: { error: unknown; restsUntil: number } | null = null;
  let closed = false;

  async function opened(): Promise<Database> {
    if (closed) throw new StoreUnavailable('The outcome store was closed by this process.');
    if (opening) return opening;
    if (failed && performance.now() < failed.restsUntil) throw failed.error;
    opening = open();
    try {
      return await opening;
    } catch (error) {
      opening = null;
      failed = { error, restsUntil: performance.now() + restMs };
      throw error;
    }
  }

  return {
    query: async (statement, parameters) => (await opened()).query(statement, parameters),
    run: async (script) => (await opened()).run(script),
    transaction: async (work) => (await opened()).transaction(work),
    async close() {
      closed = true;
      const db = await opening?.catch(() => null);
      await db?.close();
    },
  };
}
