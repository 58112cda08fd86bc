import { batches } from './batches/batches.js';
import { batchList } from './batches/batchList.js';
import { redialCandidates } from './batches/redialCandidates.js';
import { bulkOperations } from './bulk/bulkOperations.js';
import { callList } from './calls/callList.js';
import { calls } from './calls/calls.js';
import { workflowEndRows } from './calls/workflowEnds.js';
import type { Database, StoreLog } from './database/database.js';
import { lazyDatabase } from './database/lazyDatabase.js';
import { pglite } from './database/pglite.js';
import { postgres } from './database/postgres.js';
import { StoreUnavailable } from './database/storeError.js';
import { deadLetterRows } from './deadLetters.js';
import { doNotCallRows } from './do-not-call/doNotCallList.js';
import { invalidNumbers } from './do-not-call/invalidNumbers.js';
import { eventFeedRows } from './events/eventFeed.js';
import { healthFactsRows } from './healthFacts.js';
import { migrate } from './migrate.js';
import { numberReveals } from './numberReveals.js';
import type { OutcomeStore } from './outcomeStore.js';
import { dialingControlRows } from './placements/dialingControl.js';
import { placements } from './placements/placements.js';
import { rememberedAccountRows } from './rememberedAccounts.js';
import { erasures } from './removal/erasures.js';
import { purges } from './removal/purge.js';
import { callStatistics } from './statistics/callStatistics.js';
import { waitingCalls } from './statistics/waitingCalls.js';

/** A PostgreSQL server, or a directory for the embedded one, which one process at a time may use. */
export type StorePlace = { databaseUrl: string; poolSize?: number } | { directory: string };

/**
 * Opens the outcome store and brings its schema up to date. Throws `StoreUnavailable` when the database
 * cannot be reached, `SchemaTooNew` when a newer ringtrue has migrated it, `DirectoryInUse` when another
 * process has the directory.
 */
export async function openStore(where: StorePlace, log: StoreLog = silent): Promise<OutcomeStore> {
  return outcomeStore(await openDatabase(where, log), log);
}

/**
 * The outcome store for a process that must start, and go on, without its database: opens it with the first
 * use. Until that succeeds every method throws what `openStore` throws; later uses try again by themselves.
 */
export function openStoreLazily(where: StorePlace, log: StoreLog = silent): OutcomeStore {
  return outcomeStore(
    lazyDatabase(() => openDatabase(where, log)),
    log,
  );
}

/** The database of a store, with its schema up to date. */
export async function openDatabase(where: StorePlace, log: StoreLog = silent): Promise<Database> {
  const db = 'directory' in where ? await pglite(where.directory, log) : postgres(where, log);
  try {
    const applied = await migrate(db);
    if (applied.length > 0) log.info({ applied }, 'brought the schema of the outcome store up to date');
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** The outcome store on a database whose schema is up to date. */
export function outcomeStore(db: Database, log: StoreLog = silent): OutcomeStore {
  return {
    ...calls(db),
    ...callList(db),
    ...workflowEndRows(db),
    ...placements(db, log),
    ...doNotCallRows(db),
    ...invalidNumbers(db),
    ...dialingControlRows(db),
    ...deadLetterRows(db),
    ...rememberedAccountRows(db),
    ...eventFeedRows(db),
    ...healthFactsRows(db),
    ...numberReveals(db),
    ...batches(db),
    ...batchList(db),
    ...redialCandidates(db),
    ...purges(db),
    ...erasures(db),
    ...bulkOperations(db),
    ...waitingCalls(db),
    ...callStatistics(db),
    async ping() {
      const [row] = await db.query<{ readOnly: string }>(
        `select current_setting('transaction_read_only') as "readOnly"`,
      );
      if (row?.readOnly === 'on') {
        throw new StoreUnavailable(
          'The outcome store is read-only, perhaps a standby. Set DATABASE_URL to the primary.',
        );
      }
    },
    close: () => db.close(),
  };
}

const silent: StoreLog = { warn() {}, info() {} };
