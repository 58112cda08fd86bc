import type { BatchStore } from './batches/batchStore.js';
import type { BulkStore } from './bulk/bulkStore.js';
import type { CallStore } from './calls/callStore.js';
import type { WorkflowEnds } from './calls/workflowEnds.js';
import type { DeadLetters } from './deadLetters.js';
import type { DoNotCallList } from './do-not-call/doNotCallList.js';
import type { InvalidNumbers } from './do-not-call/invalidNumbers.js';
import type { EventFeed } from './events/eventFeed.js';
import type { HealthFactsReader } from './healthFacts.js';
import type { NumberReveals } from './numberReveals.js';
import type { DialingControl } from './placements/dialingControl.js';
import type { PlacementJournal } from './placements/placementJournal.js';
import type { RememberedAccounts } from './rememberedAccounts.js';
import type { Erasures } from './removal/erasures.js';
import type { Purges } from './removal/purge.js';
import type { CallStatisticsStore } from './statistics/callStatistics.js';
import type { WaitingCalls } from './statistics/waitingCalls.js';

/**
 * What ringtrue keeps outside Temporal: calls and attempts, the placement journal that keeps a second
 * execution from dialing again, batches, dead letters, and what stops a number or an account from being
 * dialed. PostgreSQL, or PGlite inside `ringtrue dev`.
 *
 * Every write may be repeated and may come late: it adds no second row, and never overwrites better
 * knowledge. Every method throws `StoreUnavailable` when the database cannot be reached.
 */
export interface OutcomeStore
  extends CallStore,
    WorkflowEnds,
    PlacementJournal,
    DialingControl,
    BatchStore,
    BulkStore,
    WaitingCalls,
    CallStatisticsStore,
    DoNotCallList,
    InvalidNumbers,
    DeadLetters,
    RememberedAccounts,
    Purges,
    Erasures,
    EventFeed,
    HealthFactsReader,
    NumberReveals {
  /** Throws when the store cannot serve. For `/readyz`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
