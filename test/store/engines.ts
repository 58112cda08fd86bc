import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../activities/store/database/database.js';
import { openDatabase, outcomeStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { startPostgres } from '../support/postgres.js';

export interface Engine {
  db: Database;
  store: OutcomeStore;
  /**
   * Several stores on the same database, each with connections of its own where the engine has more than one.
   */
  stores: OutcomeStore[];
  close(): Promise<void>;
}

/** The two databases that a store runs on. What the interface promises holds on both. */
export const engines: { name: string; open(): Promise<Engine> }[] = [
  {
    name: 'PostgreSQL',
    async open() {
      const server = await startPostgres();
      const opened = [1, 2, 3, 4].map(() => openDatabase({ databaseUrl: server.url, poolSize: 5 }));
      const all = await Promise.all(opened);
      return engine(all, async () => {
        await Promise.all(all.map((db) => db.close()));
        await server.stop();
      });
    },
  },
  {
    name: 'PGlite',
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'ringtrue-pglite-'));
      const db = await openDatabase({ directory: join(directory, 'store') });
      return engine([db], async () => {
        await db.close();
        await rm(directory, { recursive: true, force: true });
      });
    },
  },
];

function engine(all: Database[], close: () => Promise<void>): Engine {
  const stores = all.map((db) => outcomeStore(db));
  const [db, store] = [all[0], stores[0]];
  if (!db || !store) throw new Error('no database');
  return { db, store, stores, close };
}
