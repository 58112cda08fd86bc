import type { Database } from '../database/database.js';

/** What a purge removes, by kind. */
export const purgedKinds = [
  'calls',
  'batchRows',
  'placements',
  'deadLetters',
  'invalidNumbers',
  'doNotCallRemovals',
  'removedCalls',
] as const;
export type PurgeCounts = Record<(typeof purgedKinds)[number], number>;

export interface PurgeAge {
  /** What ended so long ago is purged. */
  seconds: number;
  /** Journal entries, and what is remembered of numbers, stay at least so long: limits count by them. */
  journalSeconds: number;
  /** How long Temporal keeps the workflow of a call that is over: as long as it can be reset. Null: not known. */
  temporalSeconds: number | null;
}

/** Removes what is older than an age. */
export interface Purges {
  /** True for one process, at most once in `everySeconds`. */
  takePurge(everySeconds: number): Promise<boolean>;
  /** Removes at most `limit` rows of each kind, oldest first, and returns how many. Passes over rows that others have locked. */
  purgeStep(age: PurgeAge, limit: number): Promise<PurgeCounts>;
  /** How many rows of each kind a purge would remove now. */
  countPurgeable(age: PurgeAge): Promise<PurgeCounts>;
}

/** How rows of one kind are found. `from` may name more tables than `table`. */
interface Kind {
  table: string;
  /** Columns of its primary key. */
  key: string;
  /** A row `t`; `cutoff`, `journal_cutoff` and `temporal_cutoff` are times. */
  where: string;
  sequence: string;
}

const kinds: Record<(typeof purgedKinds)[number], Kind> = {
  // Attempts go with their call. A call of a batch stays until the batch is over, which counts it.
  calls: {
    table: 'calls',
    key: 'call_id',
    where: `t.state = 'done' and t.started_at < cutoff and t.ended_at < cutoff
      and not exists (select from batches b where b.batch_id = t.batch_id and b.ended_at is null)
      and not exists (select from placements p where p.call_id = t.call_id and p.ended_at is null)`,
    sequence: 't.started_at, t.call_id',
  },
  batchRows: {
    table: 'batch_rows',
    key: 'batch_no, row',
    where: `t.batch_no in (select batch_no from batches where batch_id is not null and purged_at is null and ended_at < cutoff)`,
    sequence: 't.batch_no, t.row',
  },
  placements: {
    table: 'placements',
    key: 'call_id, attempt, placement',
    where: `t.account_sid in (select account_sid from account_pacing)
      and t.claimed_at < journal_cutoff and t.ended_at < journal_cutoff
      and not exists (select from calls c where c.call_id = t.call_id)`,
    sequence: 't.claimed_at',
  },
  deadLetters: {
    table: 'dead_letters',
    key: 'id',
    where: 't.failed_at < cutoff',
    sequence: 't.failed_at, t.id',
  },
  invalidNumbers: {
    table: 'invalid_numbers',
    key: 'to_number',
    where: 't.seen_at < journal_cutoff',
    sequence: 't.seen_at',
  },
  doNotCallRemovals: {
    table: 'do_not_call_removals',
    key: 'removal_no',
    where: 't.removed_at < cutoff',
    sequence: 't.removal_no',
  },
  removedCalls: {
    table: 'removed_calls',
    key: 'call_id',
    where: 't.removed_at < temporal_cutoff and t.removed_at < cutoff',
    sequence: 't.removed_at',
  },
};

/** The rows of all tables that a purge removes. */
export function purges(db: Database): Purges {
  const inEachKind = async (statementOf: (kind: Kind) => string, parameters: (number | string | null)[]) => {
    const counts = {} as PurgeCounts;
    for (const name of purgedKinds) {
      const [row] = await db.query<{ count: number }>(statementOf(kinds[name]), parameters);
      counts[name] = row?.count ?? 0;
    }
    return counts;
  };
  return {
    async takePurge(everySeconds) {
      return (await db.query(takePurge, [everySeconds])).length > 0;
    },

    async purgeStep(age, limit) {
      const counts = await inEachKind(removal, [...cutoffsOf(age), limit]);
      if (counts.batchRows < limit) await db.query(endPurgeOfBatches, [age.seconds]);
      return counts;
    },

    countPurgeable: (age) => inEachKind(count, cutoffsOf(age)),
  };
}

function cutoffsOf({ seconds, journalSeconds, temporalSeconds }: PurgeAge): (number | null)[] {
  return [seconds, Math.max(seconds, journalSeconds), temporalSeconds];
}

const takePurge = `
  insert into purges as known (next_at) values (clock_timestamp() + make_interval(secs => $1::float8))
  on conflict (only_row) do update set next_at = excluded.next_at where known.next_at <= clock_timestamp()
  returning true as taken`;

const longAgo = (seconds: string) => `clock_timestamp() - make_interval(secs => ${seconds})`;

/** The condition of a kind with its cutoffs as parameters; the limits that operators set count too. */
function conditionOf({ where }: Kind): string {
  const contacts = '(select max(contacts_period_seconds) from dialing_control)::float8';
  return where
    .replaceAll('journal_cutoff', longAgo(`greatest($2::float8, ${contacts})`))
    .replaceAll('temporal_cutoff', `(${longAgo('$3::float8')})`)
    .replaceAll('cutoff', `(${longAgo('$1::float8')})`);
}

/** All parameters are named, so that PostgreSQL knows their types. */
const typed = 'select $1::float8, $2::float8, $3::float8';

function removal(kind: Kind): string {
  const { table, key, sequence } = kind;
  const next = `select ${key} from ${table} t where ${conditionOf(kind)}
    order by ${sequence} limit $4::integer for update skip locked`;
  const isCall = table === 'calls';
  return `
    with typed as (${typed}), next as (${next}),
      removed as (delete from ${table} t using next where ${sameKey(key)} returning ${isCall ? 't.call_id' : '1 as one'})
      ${isCall ? `, noted as (${noteRemoved})` : ''}
    select count(*)::integer as count from removed`;
}

const noteRemoved = `insert into removed_calls (call_id, why) select call_id, 'purged' from removed
  on conflict (call_id) do nothing`;

function count(kind: Kind): string {
  return `with typed as (${typed}) select count(*)::integer as count from ${kind.table} t where ${conditionOf(kind)}`;
}

function sameKey(key: string): string {
  return key
    .split(', ')
    .map((column) => `t.${column} = next.${column}`)
    .join(' and ');
}

/** Batches that have no rows any more keep their counts, and nothing of their calls. */
const endPurgeOfBatches = `
  update batches b set purged_at = clock_timestamp(), defaults = '{}', redial_of = null, metadata_names = '{}'
  where b.batch_id is not null and b.purged_at is null and b.ended_at < ${longAgo('$1::float8')}
    and not exists (select from batch_rows r where r.batch_no = b.batch_no)`;
