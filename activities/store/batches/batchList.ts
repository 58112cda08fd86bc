import type {
  BatchCounts,
  BatchProgress,
  BatchState,
  RedialQuery,
} from '../../../workflows/batch/batchProgress.js';
import type { CallOutcome, CallStateName, Reason } from '../../../workflows/callOutcome.js';
import { type Outcome, outcomes } from '../../../workflows/callRequest.js';
import { mergeRow, type PartialCallRequest } from '../../validation/mergeRow.js';
import { type Database, iso } from '../database/database.js';
import { InvalidCursor } from '../database/pageCursor.js';
import { callOfRow } from './batches.js';
import { type BatchResult, type BatchStore, callIdOfRow, NoSuchBatch } from './batchStore.js';

/** The progress of batches, and the result of each row. */
export function batchList(
  db: Database,
): Pick<BatchStore, 'findBatch' | 'listBatches' | 'batchResults' | 'finishStep'> {
  async function read(where: string, parameters: (string | number)[]): Promise<BatchRow[]> {
    return db.query<BatchRow>(`select ${columns} from batches b where ${where}`, parameters);
  }

  return {
    async findBatch(batchId) {
      const [row] = await read('b.batch_id = $1', [batchId]);
      if (!row) return null;
      return {
        progress: batchProgressOf(row),
        contentHash: row.contentHash,
        metadataNames: row.metadataNames,
      };
    },

    async listBatches({ limit, cursor }) {
      if (cursor !== undefined && !/^\d{1,18}$/.test(cursor))
        throw new InvalidCursor('This cursor is not from a page of batches. Start again without a cursor.');
      const before = cursor ?? String(Number.MAX_SAFE_INTEGER);
      const rows = await read(
        'b.batch_id is not null and b.batch_no < $1::bigint order by b.batch_no desc limit $2',
        [before, limit + 1],
      );
      const page = rows.slice(0, limit);
      return {
        batches: page.map(batchProgressOf),
        nextCursor: rows.length > page.length ? (page.at(-1)?.number ?? null) : null,
      };
    },

    async batchResults(batchId, { after, limit }) {
      const [batch] = await db.query<{ number: string; defaults: PartialCallRequest; canceled: boolean }>(
        'select batch_no::text as number, defaults, canceled_at is not null as canceled from batches where batch_id = $1',
        [batchId],
      );
      if (!batch) throw noSuchBatch(batchId);
      const rows = await db.query<ResultRow>(results, [batchId, batch.number, after, limit]);
      return rows.map((row) => resultOf(batchId, batch, row));
    },

    async finishStep(batchId) {
      await db.query(finishStep, [batchId]);
      const [row] = await read('b.batch_id = $1', [batchId]);
      if (!row) throw noSuchBatch(batchId);
      return batchProgressOf(row);
    },
  };
}

// While this statement waits for the batch's row, others may release rows. It does not see those, but
// `next_row` has them.
const finishStep = `
  update batches b set taken_up_at = coalesce(taken_up_at, clock_timestamp()),
    ended_at = case when (b.canceled_at is not null or b.next_row = b.total)
      and b.next_row = (select coalesce(sum(n.count), 0) from batch_counts n where n.batch_no = b.batch_no)
      and not exists (
      select from batch_rows r where r.batch_no = b.batch_no and r.state in ('starting', 'running')
    ) then clock_timestamp() end
  where b.batch_id = $1 and b.ended_at is null`;

function noSuchBatch(batchId: string): NoSuchBatch {
  return new NoSuchBatch(`There is no batch ${batchId} in the outcome store.`);
}

interface BatchRow {
  number: string;
  batchId: string;
  name: string | null;
  window: number;
  state: BatchState;
  isCanceled: boolean;
  total: number;
  nextRow: number;
  /** Rows counted as ended, by outcome; `refused` those without. */
  ended: Record<string, number>;
  /** Rows that have ended since then. */
  uncounted: Record<string, number>;
  redialOf: RedialQuery | null;
  cancelReason: string | null;
  requestedBy: string | null;
  controls: BatchProgress['controls'];
  createdAt: string;
  endedAt: string | null;
  contentHash: string | null;
  metadataNames: string[];
}

// One statement, so that all of it is of one moment.
const columns = `b.batch_no::text as number, b.batch_id as "batchId", b.name, b.call_window as window,
  case when b.ended_at is not null then case when b.canceled_at is null then 'done' else 'canceled' end
    when b.canceled_at is not null then 'canceling' when b.paused_at is not null then 'paused'
    when b.taken_up_at is not null then 'running' else 'ready' end as state,
  b.canceled_at is not null as "isCanceled", b.total, b.next_row as "nextRow",
  (select coalesce(jsonb_object_agg(n.ended, n.count), '{}') from batch_counts n where n.batch_no = b.batch_no) as ended,
  (select coalesce(jsonb_object_agg(e.outcome, e.count), '{}') from (
    select c.outcome, count(*) as count from batch_rows r join calls c on c.call_id = b.batch_id || '-' || r.row
    where r.batch_no = b.batch_no and r.state in ('starting', 'running') and c.document is not null group by c.outcome
  ) as e) as uncounted,
  b.redial_of as "redialOf", b.cancel_reason as "cancelReason",
  b.requested_by as "requestedBy", b.controls, ${iso('b.created_at')} as "createdAt",
  ${iso('b.ended_at')} as "endedAt", b.content_hash as "contentHash", b.metadata_names as "metadataNames"`;

function batchProgressOf(row: BatchRow): BatchProgress {
  const { batchId, name, state, window, redialOf, cancelReason, requestedBy, createdAt, endedAt } = row;
  return {
    batchId,
    name,
    state,
    counts: countsOf(row),
    window,
    redialOf,
    cancelReason,
    requestedBy,
    controls: row.controls.map(({ at, control, by }) => ({ at, control, by })),
    createdAt,
    endedAt,
  };
}

function countsOf({ total, nextRow, ended, uncounted, isCanceled }: BatchRow): BatchCounts {
  const endedByOutcome = outcomes.map(
    (outcome) => [outcome, (ended[outcome] ?? 0) + (uncounted[outcome] ?? 0)] as const,
  );
  const done = endedByOutcome.reduce((sum, [, count]) => sum + count, 0);
  const refused = ended.refused ?? 0;
  const left = total - nextRow;
  return {
    total,
    waiting: isCanceled ? 0 : left,
    running: nextRow - done - refused,
    done,
    refused,
    withdrawn: isCanceled ? left : 0,
    outcomes: Object.fromEntries(endedByOutcome.filter(([, count]) => count > 0)) as Partial<
      Record<Outcome, number>
    >,
  };
}

interface ResultRow {
  row: number;
  request: PartialCallRequest;
  state: 'waiting' | 'starting' | 'running' | 'done' | 'refused';
  fault: string | null;
  startedAt: string | null;
  callState: CallStateName | null;
  outcome: CallOutcome | null;
  /** As the batch counted it: the record of the call may be gone. */
  countedOutcome: Outcome | null;
  attempts: number;
}

const results = `
  select r.row, r.request, r.state, r.fault, ${iso('coalesce(c.started_at, r.started_at)')} as "startedAt",
    c.state as "callState", c.document as outcome, r.outcome as "countedOutcome",
    case when c.document is null then (select count(*)::integer from attempts a where a.call_id = c.call_id)
      else jsonb_array_length(c.document -> 'attempts') end as attempts
  from batch_rows r left join calls c on ${callOfRow}
  where r.batch_no = $2::bigint and r.row > $3::integer order by r.row limit $4`;

function resultOf(
  batchId: string,
  { defaults, canceled }: { defaults: PartialCallRequest; canceled: boolean },
  { row, request, state, fault, startedAt, callState, outcome, countedOutcome, attempts }: ResultRow,
): BatchResult {
  const { to, from, metadata = {} } = mergeRow(defaults, request);
  const isWaiting = state === 'waiting';
  return {
    row,
    callId: callIdOfRow(batchId, row),
    // An erased row has none.
    to: (to as string | undefined) ?? '',
    state: isWaiting
      ? canceled
        ? 'withdrawn'
        : 'waiting'
      : state === 'refused'
        ? 'refused'
        : outcome === null && countedOutcome === null
          ? 'running'
          : 'done',
    callState: state === 'refused' ? null : callState,
    outcome: outcome?.outcome ?? countedOutcome,
    reason: fault ?? (outcome?.reason ? reasonText(outcome.reason) : null),
    attempts,
    startedAt: isWaiting ? null : (outcome?.startedAt ?? startedAt),
    endedAt: outcome?.endedAt ?? null,
    durationSeconds: outcome?.durationSeconds ?? null,
    answeredBy: outcome?.answeredBy ?? null,
    errorCode: outcome?.errorCode ?? null,
    sipResponseCode: outcome?.sipResponseCode ?? null,
    from: outcome?.from ?? from ?? null,
    reachability: outcome?.reachability ?? null,
    decidedBy: outcome?.decidedBy ?? null,
    callSid: outcome?.callSid ?? null,
    endedBecause: outcome?.endedBecause ?? null,
    metadata,
  };
}

function reasonText({ source, code, message }: Reason): string {
  return `${source} ${code}: ${message}`;
}
