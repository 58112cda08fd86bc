import { type Database, iso } from '../database/database.js';
import { erasedTables, replacedText } from './erasedTables.js';

/** The erasure of a number, as a client sees it. Times are ISO 8601 UTC. It does not say which number. */
export interface Erasure {
  id: string;
  state: 'running' | 'done';
  /** What it waits for; null when it is done, or works. */
  waitingFor: string | null;
  requestedBy: string | null;
  requestedAt: string;
  finishedAt: string | null;
  /** Calls that were erased. */
  calls: number;
  /** Runs of workflows that were deleted in Temporal. */
  workflows: number;
}

/** Where a number is found. */
export interface Traces {
  /** Every spelling that any call has of the number. */
  numbers: string[];
  callIds: string[];
  /** Calls to it that are not over, as far as the store knows. */
  runningCallIds: string[];
  /** Redials of this number alone, whose workflows name it; and those that are not over. */
  batchIds: string[];
  runningBatchIds: string[];
  deadLetterIds: string[];
}

/** Rows of batches, which no index finds by number. */
export interface BatchRowKey {
  batchNo: string;
  row: number;
  callId: string;
}

/** The erasures of numbers. */
export interface Erasures {
  /** Begins an erasure, unless one of this number is not finished yet, which is returned then. */
  addErasure(erasure: { id: string; number: string; requestedBy: string | null }): Promise<Erasure>;
  findErasure(id: string): Promise<Erasure | null>;
  /** An erasure that is not finished, for `leaseSeconds`; null when there is none that no other worker has. */
  takeErasure(leaseSeconds: number): Promise<{ id: string; number: string } | null>;
  /** Keeps an erasure for so long, and says what it waits for. */
  keepErasure(erasure: { id: string; leaseSeconds: number; waitingFor: string | null }): Promise<void>;
  /** Ends an erasure: from now on its number is not known here either. */
  finishErasure(id: string): Promise<void>;

  /** Where the store has the number, except for rows of batches that no call has. */
  findTraces(number: string): Promise<Traces>;
  /** The rows of batches with one of these numbers. Reads all rows, in short statements. */
  findBatchRows(numbers: string[]): Promise<BatchRowKey[]>;
  /** Removes every trace from the store, all or nothing, and counts calls and workflows for this erasure. */
  eraseTraces(
    id: string,
    traces: Pick<Traces, 'numbers' | 'callIds'> & { rows: BatchRowKey[]; workflows: number },
  ): Promise<void>;
  /** Was the record of this call purged or erased? Null: no. */
  whyRemoved(callId: string): Promise<'purged' | 'erased' | null>;
}

/** Far fewer than the time limit of a statement allows. */
const rowsAtOnce = 20_000;

/** The rows of erasures, and what they erase. */
export function erasures(db: Database): Erasures {
  async function findErasure(id: string): Promise<Erasure | null> {
    const [row] = await db.query<Erasure>(`select ${columns} from erasures where erasure_id = $1`, [id]);
    return row ?? null;
  }

  return {
    async addErasure({ id, number, requestedBy }) {
      const [row] = await db.query<{ id: string }>(addErasure, [id, number, requestedBy]);
      return (await findErasure(row?.id ?? id)) as Erasure;
    },

    findErasure,

    async takeErasure(leaseSeconds) {
      const [row] = await db.query<{ id: string; number: string }>(takeErasure, [leaseSeconds]);
      return row ?? null;
    },

    async keepErasure({ id, leaseSeconds, waitingFor }) {
      await db.query(keepErasure, [id, leaseSeconds, waitingFor]);
    },

    async finishErasure(id) {
      await db.query(finishErasure, [id]);
    },

    async findTraces(number) {
      const [row] = await db.query<Traces>(findTraces, [number]);
      return row as Traces;
    },

    async findBatchRows(numbers) {
      const found: BatchRowKey[] = [];
      for (let after: { batchNo: string; row: number } | null = { batchNo: '0', row: 0 }; after !== null; ) {
        const [step]: BatchRowStep[] = await db.query<BatchRowStep>(findBatchRows, [
          numbers,
          after.batchNo,
          after.row,
          rowsAtOnce,
        ]);
        found.push(...(step?.rows ?? []));
        after = step?.last ?? null;
      }
      return found;
    },

    async eraseTraces(id, { numbers, callIds, rows, workflows }) {
      const digits = numbers.map((number) => number.slice(1));
      const parameters = [numbers, callIds, digits, JSON.stringify(rows)];
      await db.transaction(async (sql) => {
        for (const { statement } of erasedTables) await sql.query(`${traces} ${statement}`, parameters);
        for (const number of [...numbers, ...digits])
          for (const statement of replacedText) await sql.query(statement, [number]);
        await sql.query(countErased, [id, callIds.length, workflows]);
      });
    },

    async whyRemoved(callId) {
      const [row] = await db.query<{ why: 'purged' | 'erased' }>(
        'select why from removed_calls where call_id = $1',
        [callId],
      );
      return row?.why ?? null;
    },
  };
}

interface BatchRowStep {
  rows: BatchRowKey[];
  /** Null: there are no more rows. */
  last: { batchNo: string; row: number } | null;
}

const columns = `erasure_id as id, case when finished_at is null then 'running' else 'done' end as state,
  waiting_for as "waitingFor", requested_by as "requestedBy", ${iso('requested_at')} as "requestedAt",
  ${iso('finished_at')} as "finishedAt", calls, workflows`;

const addErasure = `
  insert into erasures as known (erasure_id, to_number, requested_by) values ($1, $2, $3)
  on conflict (to_number) where finished_at is null do update set to_number = known.to_number
  returning erasure_id as id`;

const takeErasure = `
  update erasures set leased_until = clock_timestamp() + make_interval(secs => $1::float8)
  where erasure_id = (
    select erasure_id from erasures
    where finished_at is null and coalesce(leased_until, '-infinity') < clock_timestamp()
    order by leased_until nulls first, requested_at limit 1 for update skip locked)
  returning erasure_id as id, to_number as number`;

const keepErasure = `
  update erasures set leased_until = clock_timestamp() + make_interval(secs => $2::float8), waiting_for = $3
  where erasure_id = $1 and finished_at is null`;

const finishErasure = `
  update erasures set finished_at = clock_timestamp(), to_number = null, waiting_for = null, leased_until = null
  where erasure_id = $1 and finished_at is null`;

const countErased = `
  update erasures set calls = calls + $2::integer, workflows = workflows + $3::integer where erasure_id = $1`;

/** Spellings lead to calls, and calls to further spellings: Lookup has one, the request may have another. */
const findTraces = `
  with recursive spelled (number) as (
    select $1::text
    union
    select other.number from spelled s cross join lateral (
      select requested_number as number from placements where to_number = s.number and requested_number is not null
      union select to_number from placements where requested_number = s.number
      union select request ->> 'to' from calls where to_number = s.number
      union select document ->> 'requestedTo' from calls where to_number = s.number
      union select to_number from calls where to_number <> request ->> 'to' and request ->> 'to' = s.number
    ) as other where other.number <> ''
  ), numbers as (
    select array_agg(number) as list from spelled
  ), found as (
    select call_id from calls, numbers where to_number = any(list)
    union select p.call_id from account_pacing a join placements p using (account_sid), numbers where p.to_number = any(list)
    union select call_id from placements, numbers where requested_number is not null and requested_number = any(list)
  ), redials as (
    select batch_id, ended_at from batches, numbers where batch_id is not null and redial_of ->> 'to' = any(list)
  )
  select (select list from numbers) as numbers,
    (select coalesce(array_agg(call_id), '{}') from found) as "callIds",
    (select coalesce(array_agg(call_id), '{}') from found f where exists (
        select from calls c where c.call_id = f.call_id and c.state <> 'done')
      or exists (select from placements p where p.call_id = f.call_id and p.ended_at is null
        and p.claimed_at > clock_timestamp() - longest_in_flight())) as "runningCallIds",
    (select coalesce(array_agg(batch_id), '{}') from redials) as "batchIds",
    (select coalesce(array_agg(batch_id), '{}') from redials where ended_at is null) as "runningBatchIds",
    (select coalesce(array_agg(id), '{}') from dead_letters, numbers
      where call_id in (select call_id from found) or payload ->> 'to' = any(list)) as "deadLetterIds"`;

const findBatchRows = `
  with scanned as materialized (
    select batch_no, row, request ->> 'to' as number from batch_rows
    where (batch_no, row) > ($2::bigint, $3::integer) order by batch_no, row limit $4::integer
  )
  select
    (select coalesce(json_agg(json_build_object('batchNo', s.batch_no::text, 'row', s.row,
        'callId', coalesce(b.batch_id, '') || '-' || s.row)), '[]')
      from scanned s join batches b using (batch_no)
      where coalesce(s.number, b.defaults ->> 'to') = any($1::text[])) as rows,
    (select json_build_object('batchNo', batch_no::text, 'row', row) from scanned
      where (select count(*) from scanned) = $4::integer order by batch_no desc, row desc limit 1) as last`;

/** What the statements of `erasedTables` know: numbers, ids of their calls, digits, and rows of batches. */
const traces = `with traces as (
  select $1::text[] as numbers, $2::text[] as call_ids, $3::text[] as digits, $4::jsonb as batch_rows)`;
