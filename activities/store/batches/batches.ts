import { mergeRow, type PartialCallRequest } from '../../validation/mergeRow.js';
import { type Database, iso, json } from '../database/database.js';
import { type BatchStore, callIdOfRow } from './batchStore.js';

type Batches = Omit<
  BatchStore,
  'findBatch' | 'listBatches' | 'batchResults' | 'finishStep' | 'redialCandidates'
>;

/** How many rows of a draft one statement deletes: well within the statement timeout. */
const deletedAtOnce = 20_000;

/** The rows of batches: adding, releasing and counting them. Every write is one statement. */
export function batches(db: Database): Batches {
  async function discardDraft(draft: string): Promise<void> {
    for (let left = true; left; ) {
      const deleted = await db.query(deleteRows, [draft, deletedAtOnce]);
      left = deleted.length > 0;
    }
    await db.query('delete from batches where batch_no = $1::bigint and batch_id is null', [draft]);
  }

  return {
    async createDraft({ name, window, defaults, redialOf, paused, requestedBy }) {
      for (const { number } of await db.query<{ number: string }>(abandonedDrafts))
        await discardDraft(number);
      const [row] = await db.query<{ number: string }>(createDraft, [
        name,
        window,
        json(defaults),
        redialOf === null ? null : json(redialOf),
        String(paused),
        requestedBy ?? null,
      ]);
      return (row as { number: string }).number;
    },

    async addBatchRows(draft, firstRow, requests) {
      await db.query(addRows, [draft, firstRow - 1, json(requests)]);
    },

    async publishDraft(draft, { batchId, total, contentHash, metadataNames }) {
      try {
        await db.query(publishDraft, [draft, batchId, total, contentHash, metadataNames]);
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === uniqueViolation) return false;
        throw error;
      }
    },

    discardDraft,

    async controlBatch({ batchId, what, reason, by }) {
      await db.query(controlBatch, [batchId, what, reason, by ?? null]);
    },

    async countEndedRows(batchId) {
      const [counts] = await db.query<{ settled: number; unlinked: string[] }>(countEndedRows, [batchId]);
      if (!counts) return 0;
      if (counts.unlinked.length > 0) await db.query(setBatchOfCalls, [batchId, counts.unlinked]);
      return counts.settled;
    },

    async releaseRows(batchId, limit) {
      await db.query(releaseRows, [batchId, limit]);
    },

    async startingRows(batchId, limit) {
      const rows = await db.query<{
        row: number;
        request: PartialCallRequest;
        defaults: PartialCallRequest;
        canceled: boolean;
        requestedBy: string | null;
      }>(startingRows, [batchId, limit]);
      return rows.map(({ row, request, defaults, canceled, requestedBy }) => ({
        row,
        canceled,
        requestedBy,
        callId: callIdOfRow(batchId, row),
        request: mergeRow(defaults, request),
      }));
    },

    async markStarted(batchId, rows) {
      await db.query(markStarted, [batchId, rows.map(String)]);
    },

    async refuseRows(batchId, refused) {
      await db.query(refuseRows, [batchId, json(refused)]);
    },

    async staleRows(batchId, limit) {
      return rowsOf(await db.query<{ row: number }>(staleRows, [batchId, limit]));
    },

    async markChecked(batchId, rows) {
      await db.query(setTimeOf('checked_at'), [batchId, rows.map(String)]);
    },

    async rowsToCancel(batchId, limit) {
      return rowsOf(await db.query<{ row: number }>(rowsToCancel, [batchId, limit]));
    },

    async markCancelRequested(batchId, rows) {
      await db.query(setTimeOf('cancel_requested_at'), [batchId, rows.map(String)]);
    },
  };
}

function rowsOf(rows: { row: number }[]): number[] {
  return rows.map(({ row }) => row);
}

const uniqueViolation = '23505';

const abandonedDrafts = `
  select batch_no::text as number from batches
  where batch_id is null and created_at < clock_timestamp() - interval '1 day' limit 10`;

const createDraft = `
  insert into batches (name, call_window, defaults, redial_of, paused_at, requested_by)
  values ($1, $2, $3::jsonb, $4::jsonb, case when $5::text = 'true' then clock_timestamp() end, $6)
  returning batch_no::text as number`;

const addRows = `
  insert into batch_rows (batch_no, row, request)
  select $1::bigint, $2::integer + r.nth::integer, r.request
  from jsonb_array_elements($3::jsonb) with ordinality as r(request, nth)`;

const publishDraft = `
  update batches set batch_id = $2, total = $3, content_hash = $4, metadata_names = $5::text[],
    created_at = clock_timestamp()
  where batch_no = $1::bigint and batch_id is null`;

// Deletes rows of drafts only.
const deleteRows = `
  delete from batch_rows r using (
    select batch_no, row from batch_rows where batch_no = $1::bigint
      and exists (select from batches where batch_no = $1::bigint and batch_id is null) limit $2
  ) as next where r.batch_no = next.batch_no and r.row = next.row
  returning true as deleted`;

/** The call of a row `r`, as `c`, of the batch whose id is `$1`. */
export const callOfRow = "c.call_id = $1::text || '-' || r.row";
const batchNo = '(select batch_no from batches where batch_id = $1)';
/** Rows of a batch that are released and have not ended. */
const inFlight = `r.batch_no = ${batchNo} and r.state in ('starting', 'running')`;

// A control that changes nothing is not kept.
const controlBatch = `
  update batches set
    controls = case
      when case $2::text when 'pause' then paused_at is null when 'resume' then paused_at is not null
        else canceled_at is null end
      then case when jsonb_array_length(controls) < 60 then controls else controls - 1 end
        || jsonb_build_object('at', ${iso('clock_timestamp()')}, 'control', $2, 'by', $4::text)
      else controls end,
    paused_at = case $2::text when 'pause' then coalesce(paused_at, clock_timestamp())
      when 'resume' then null else paused_at end,
    cancel_reason = case when $2 = 'cancel' and canceled_at is null then $3 else cancel_reason end,
    canceled_at = case when $2 = 'cancel' then coalesce(canceled_at, clock_timestamp()) else canceled_at end
  where batch_id = $1 and ended_at is null`;

/** Adds the rows of the CTE `ended` to the counts. Sorted, so that two executions never deadlock. */
const addToCounts = `
  insert into batch_counts as known (batch_no, ended, count)
  select ${batchNo}, ended, count(*) from ended group by ended order by ended
  on conflict (batch_no, ended) do update set count = known.count + excluded.count`;

const countEndedRows = `
  with settled as (
    update batch_rows r set state = 'done', outcome = c.outcome,
      started_at = coalesce(r.started_at, clock_timestamp())
    from calls c where ${callOfRow} and c.document is not null and ${inFlight}
    returning c.outcome as ended, case when c.batch_id is null then c.call_id end as unlinked
  ), ended as (select ended from settled), counted as (${addToCounts})
  select count(*)::integer as settled, coalesce(array_agg(unlinked) filter (where unlinked is not null), '{}') as unlinked
  from settled`;

// A call whose row was created by its outcome does not have its batch.
const setBatchOfCalls = 'update calls set batch_id = $1 where call_id = any($2::text[]) and batch_id is null';

// Rows that have ended never start again, so a count that was read too early only releases fewer rows: the
// window holds, however many executions run at once.
const releaseRows = `
  with front as (
    update batches b set next_row = least(b.total, b.next_row + $2::integer, b.call_window + ended.count)
    from (select coalesce(sum(count), 0)::integer as count from batch_counts where batch_no = ${batchNo}) as ended
    where b.batch_id = $1 and b.paused_at is null and b.canceled_at is null
      and b.next_row < least(b.total, b.call_window + ended.count)
    returning b.batch_no, b.next_row
  )
  update batch_rows r set state = 'starting' from front
  where r.batch_no = front.batch_no and r.row > front.next_row - $2::integer and r.row <= front.next_row
    and r.state = 'waiting'`;

// Released before a pause, and not started when a worker was lost: they wait for the resume.
const startingRows = `
  select r.row, r.request, b.defaults, b.canceled_at is not null as canceled,
    b.requested_by as "requestedBy"
  from batches b join batch_rows r using (batch_no)
  where b.batch_id = $1 and r.state = 'starting' and (b.paused_at is null or b.canceled_at is not null)
  order by r.row limit $2`;

const markStarted = `
  update batch_rows r set state = 'running', started_at = clock_timestamp()
  where ${inFlight} and r.row = any($2::text[]::integer[]) and r.state = 'starting'`;

const refuseRows = `
  with ended as (
    update batch_rows r set state = 'refused', fault = f.fault
    from jsonb_to_recordset($2::jsonb) as f(row integer, fault text)
    where ${inFlight} and r.row = f.row
      and not exists (select from calls c where ${callOfRow} and c.document is not null)
    returning 'refused' as ended
  )
  ${addToCounts}`;

// Without a record after 15 seconds, the workflow may have refused the request. Later, somebody may have
// terminated it, and may still reset it.
const staleRows = `
  select r.row from batch_rows r left join calls c on ${callOfRow}
  where ${inFlight} and r.state = 'running' and c.document is null
    and coalesce(r.checked_at, r.started_at) < clock_timestamp()
      - case when c.call_id is null then interval '15 seconds'
          else interval '10 minutes' end
  order by coalesce(r.checked_at, r.started_at) limit $2`;

const rowsToCancel = `
  select r.row from batches b join batch_rows r using (batch_no)
  where b.batch_id = $1 and b.canceled_at is not null and r.state = 'running'
    and r.cancel_requested_at is null
  order by r.row limit $2`;

function setTimeOf(column: 'checked_at' | 'cancel_requested_at'): string {
  return `update batch_rows r set ${column} = clock_timestamp()
    where ${inFlight} and r.row = any($2::text[]::integer[])`;
}
