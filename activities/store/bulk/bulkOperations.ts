import type { BulkAction, BulkProgress, BulkReason } from '../../../workflows/bulk/bulkProgress.js';
import { type CallStateName, callStates } from '../../../workflows/callOutcome.js';
import { callBranches } from '../calls/callBranches.js';
import type { CallSelection } from '../calls/callStore.js';
import { type Database, iso, json, type Parameter } from '../database/database.js';
import { InvalidCursor } from '../database/pageCursor.js';
import type { BulkCalls, BulkPreview, BulkResult, BulkStore, CallPosition } from './bulkStore.js';

const mostReasons = 20;
const mostOver = 10_000;
const sampleSize = 3;
const unfinishedStates = callStates.filter((state) => state !== 'done');
const uniqueViolation = '23505';

export function bulkOperations(db: Database): BulkStore {
  async function read(where: string, parameters: (string | number)[]): Promise<OperationRow[]> {
    return db.query<OperationRow>(`select ${columns} from bulk_operations where ${where}`, parameters);
  }

  return {
    async previewBulkOperation(selection) {
      const parameters: Parameter[] = [];
      const place = (value: Parameter) => `$${parameters.push(value)}`;
      const unfinished = unionOf(unfinishedBranches(selection, place), '');
      const [counted, newest] = await Promise.all([
        db.query<{ state: CallStateName; count: number }>(
          `select state, count(*)::integer as count from (${unfinished}) as c group by state`,
          parameters,
        ),
        db.query<NewestCall>(
          `select call_id as "callId", to_number as "to", state, ${iso('started_at')} as "startedAt"
           from (${unfinished}) as c order by c.started_at desc, c.call_id desc limit ${sampleSize}`,
          parameters,
        ),
      ]);
      const states = Object.fromEntries(
        counted.map(({ state, count }) => [state, count]),
      ) as BulkPreview['states'];
      const [last] = newest;
      return {
        count: counted.reduce((sum, { count }) => sum + count, 0),
        states,
        over: await countOver(db, selection),
        sample: newest,
        last: last === undefined ? null : { startedAt: last.startedAt, callId: last.callId },
      };
    },

    async createBulkOperation(operation) {
      const { operationId, action, requestedFilter, selection, reason, requestedBy } = operation;
      try {
        await db.query(create, [
          operationId,
          action,
          json(requestedFilter),
          json(selection),
          reason,
          requestedBy,
          operation.contentHash,
          operation.expected,
          operation.last.startedAt,
          operation.last.callId,
        ]);
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === uniqueViolation) return false;
        throw error;
      }
    },

    async discardBulkOperation(operationId) {
      await db.query(
        'delete from bulk_operations where operation_id = $1 and done + refused + failed = 0 and taken is null',
        [operationId],
      );
    },

    async findBulkOperation(operationId) {
      const [row] = await read('operation_id = $1', [operationId]);
      return row ? { progress: progressOf(row), contentHash: row.contentHash } : null;
    },

    async listBulkOperations({ limit, cursor }) {
      if (cursor !== undefined && !/^\d{1,18}$/.test(cursor))
        throw new InvalidCursor(
          'This cursor is not from a page of bulk operations. Start again without a cursor.',
        );
      const rows = await read('operation_no < $1::bigint order by operation_no desc limit $2', [
        cursor ?? String(Number.MAX_SAFE_INTEGER),
        limit + 1,
      ]);
      const page = rows.slice(0, limit);
      return {
        operations: page.map(progressOf),
        nextCursor: rows.length > page.length ? (page.at(-1)?.number ?? null) : null,
      };
    },

    async nextBulkCalls(operationId, limit) {
      const [operation] = await db.query<StepRow>(readStep, [operationId]);
      if (!operation || operation.isOver) return null;
      const { selection, after, last, taken, isStopped, action, reason, requestedBy } = operation;
      const what = { action, reason, requestedBy };
      if (taken !== null) return { ...what, after, calls: taken };
      const calls = isStopped ? [] : await callsBetween(db, selection, { after, last, limit });
      if (calls.length === 0) {
        await db.query(end, [operationId]);
        return null;
      }
      const [own] = await db.query(take, [operationId, after.startedAt, after.callId, json(calls)]);
      // Another execution has taken calls: those are the next ones.
      return own ? { ...what, after, calls } : this.nextBulkCalls(operationId, limit);
    },

    async saveBulkResults(operationId, { after, calls }, results) {
      const [row] = await read('operation_id = $1', [operationId]);
      const last = calls.at(-1) as CallPosition;
      const countOf = (kind: BulkResult['kind']) => results.filter((result) => result.kind === kind).length;
      await db.query(saveResults, [
        operationId,
        after.startedAt,
        after.callId,
        last.startedAt,
        last.callId,
        countOf('done'),
        countOf('refused'),
        countOf('failed'),
        json(withResults(row?.reasons ?? [], results)),
      ]);
    },

    async stopBulkOperation({ operationId, by }) {
      await db.query(stop, [operationId, by]);
    },
  };
}

interface NewestCall {
  callId: string;
  to: string | null;
  state: CallStateName;
  startedAt: string;
}

/** The branches of the selection, of unfinished calls only: each is read from the index of its state. */
function unfinishedBranches(selection: CallSelection, place: (value: Parameter) => string): string[][] {
  const states = selection.state === undefined ? unfinishedStates : [selection.state];
  return callBranches(selection, place).flatMap((branch) =>
    states.map((state) => [...branch, `c.state = '${state}' and c.state <> 'done'`]),
  );
}

/** The calls of all branches, each once. */
function unionOf(branches: string[][], rest: string): string {
  return branches
    .map(
      (conditions) => `(select c.call_id, c.started_at, c.state, c.to_number from calls c
        where ${conditions.join(' and ')} ${rest})`,
    )
    .join(' union ');
}

async function callsBetween(
  db: Database,
  selection: CallSelection,
  { after, last, limit }: { after: CallPosition; last: CallPosition; limit: number },
): Promise<CallPosition[]> {
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(value)}`;
  const at = ({ startedAt, callId }: CallPosition) =>
    `(${place(startedAt)}::timestamptz, ${place(callId)}::text)`;
  const between = `(c.started_at, c.call_id) > ${at(after)} and (c.started_at, c.call_id) <= ${at(last)}`;
  const branches = unfinishedBranches(selection, place).map((conditions) => [...conditions, between]);
  const inSequence = `order by c.started_at, c.call_id limit ${limit}`;
  return db.query<CallPosition>(
    `select call_id as "callId", ${iso('started_at')} as "startedAt" from (${unionOf(branches, inSequence)}) as c
     ${inSequence}`,
    parameters,
  );
}

async function countOver(db: Database, selection: CallSelection): Promise<number> {
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(value)}`;
  const branches = callBranches(selection, place).map((branch) => [...branch, `c.state = 'done'`]);
  const [row] = await db.query<{ count: number }>(
    `select count(*)::integer as count from (${unionOf(branches, `limit ${mostOver}`)}) as c`,
    parameters,
  );
  return Math.min(row?.count ?? 0, mostOver);
}

/** The reasons with those of further results, most calls first. */
function withResults(reasons: readonly BulkReason[], results: readonly BulkResult[]): BulkReason[] {
  const all = reasons.map((reason) => ({ ...reason }));
  for (const { callId, kind, message } of results) {
    if (kind === 'done') continue;
    const text = message ?? '';
    const known = all.find((reason) => reason.kind === kind && reason.message === text);
    if (known) known.calls++;
    else all.push({ kind, message: text, calls: 1, callId });
  }
  return all.sort((a, b) => b.calls - a.calls).slice(0, mostReasons);
}

interface OperationRow {
  number: string;
  operationId: string;
  action: BulkAction;
  filter: Record<string, string>;
  reason: string | null;
  requestedBy: string | null;
  contentHash: string;
  expected: number;
  done: number;
  refused: number;
  failed: number;
  reasons: BulkReason[];
  isStopped: boolean;
  stoppedBy: string | null;
  createdAt: string;
  endedAt: string | null;
}

const columns = `operation_no::text as number, operation_id as "operationId", action, requested_filter as filter, reason,
  requested_by as "requestedBy", content_hash as "contentHash", expected, done, refused, failed, reasons,
  stopped_at is not null as "isStopped", stopped_by as "stoppedBy", ${iso('created_at')} as "createdAt",
  ${iso('ended_at')} as "endedAt"`;

function progressOf(row: OperationRow): BulkProgress {
  const { operationId, action, filter, reason, requestedBy, expected, done, refused, failed, isStopped } =
    row;
  const isOver = row.endedAt !== null;
  return {
    ...{ operationId, action, filter, reason, requestedBy },
    state: isStopped ? (isOver ? 'stopped' : 'stopping') : isOver ? 'done' : 'running',
    expected,
    counts: { done, refused, failed },
    reasons: row.reasons.map(({ kind, message, calls, callId }) => ({ kind, message, calls, callId })),
    stoppedBy: row.stoppedBy,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
  };
}

interface StepRow extends Pick<BulkCalls, 'action' | 'reason' | 'requestedBy' | 'after'> {
  selection: CallSelection;
  last: CallPosition;
  taken: CallPosition[] | null;
  isStopped: boolean;
  isOver: boolean;
}

// A position before all calls has no time that ISO 8601 can write.
const readStep = `
  select action, reason, requested_by as "requestedBy", filter as selection, taken,
    stopped_at is not null as "isStopped", ended_at is not null as "isOver",
    json_build_object('startedAt', case when position_started_at = '-infinity' then '-infinity'
      else ${iso('position_started_at')} end, 'callId', position_call_id) as after,
    json_build_object('startedAt', ${iso('last_started_at')}, 'callId', last_call_id) as last
  from bulk_operations where operation_id = $1`;

const create = `
  insert into bulk_operations (operation_id, action, requested_filter, filter, reason, requested_by, content_hash,
    expected, last_started_at, last_call_id)
  values ($1, $2, $3::jsonb, $4::jsonb, $5, $6, $7, $8, $9::timestamptz, $10)`;

const take = `
  update bulk_operations set taken = $4::jsonb
  where operation_id = $1 and position_started_at = $2::timestamptz and position_call_id = $3 and taken is null
    and ended_at is null
  returning true as taken`;

// Another execution that counted the same calls has moved the position.
const saveResults = `
  update bulk_operations set position_started_at = $4::timestamptz, position_call_id = $5, taken = null,
    done = done + $6::integer, refused = refused + $7::integer, failed = failed + $8::integer, reasons = $9::jsonb
  where operation_id = $1 and position_started_at = $2::timestamptz and position_call_id = $3`;

const end = `
  update bulk_operations set ended_at = clock_timestamp()
  where operation_id = $1 and ended_at is null and taken is null`;

const stop = `
  update bulk_operations set stopped_at = clock_timestamp(), stopped_by = $2
  where operation_id = $1 and ended_at is null and stopped_at is null`;
