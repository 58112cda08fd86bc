import { type CallStateName, callStates } from '../../../workflows/callOutcome.js';
import { type Database, iso, json } from '../database/database.js';
import type { PlacementKey } from '../placements/placementJournal.js';

/** `missing`: Temporal has no such workflow. It was deleted, or its retention is over. */
export const workflowEndStatuses = [
  'terminated',
  'failed',
  'timed-out',
  'canceled',
  'completed',
  'missing',
] as const;

/** How the workflow of a call ended without an outcome. Nobody knows how the call turned out. */
export interface WorkflowEnd {
  status: (typeof workflowEndStatuses)[number];
  /** ISO 8601 UTC; null if Temporal does not know. */
  at: string | null;
  /** What Temporal has as the reason. */
  reason: string | null;
  /** The state of the call when it was last recorded. */
  lastState: CallStateName;
}

/** Calls whose workflow ended without an outcome: nobody tells the store of such an end, so workers look for it. */
export interface WorkflowEnds {
  /**
   * Returns the next `limit` calls without an outcome that began at least `minAgeSeconds` ago, one page after
   * the other for all workers together. Calls whose workflow end is recorded are among them, since a workflow
   * may be reset. Null if a page was returned less than `pauseSeconds` ago, or the last one less than
   * `restSeconds` ago.
   */
  nextWorkflowChecks(pace: {
    limit: number;
    minAgeSeconds: number;
    pauseSeconds: number;
    restSeconds: number;
  }): Promise<WorkflowCheck[] | null>;

  /**
   * Records how the workflow of a call ended: the call is done, without an outcome. Ignored if the state of the
   * call has changed since the check, or its outcome is on record. False if it was ignored.
   */
  saveWorkflowEnd(check: WorkflowCheck, end: Omit<WorkflowEnd, 'lastState'>): Promise<boolean>;

  /** The workflow of a call goes on after all: the call has its last state again. */
  forgetWorkflowEnd(call: { callId: string }): Promise<void>;

  /**
   * Placements of the account in flight, older than `minAgeSeconds`, whose call has a recorded workflow end or
   * no row at all. At most `limit`, any of them.
   */
  placementsWithoutWorkflow(request: {
    accountSid: string;
    minAgeSeconds: number;
    limit: number;
  }): Promise<PlacementWithoutWorkflow[]>;
}

export interface WorkflowCheck {
  callId: string;
  state: CallStateName;
  /** The workflow end that is on record. */
  workflowEnd: WorkflowEnd | null;
}

export interface PlacementWithoutWorkflow extends PlacementKey {
  to: string;
  from: string;
  /** Null: it is unclear whether the placement made a call. */
  callSid: string | null;
  /** ISO 8601. */
  claimedAt: string;
}

/** SQL: the state of a call before its workflow end was recorded; null if none is. */
export const lastState = "(calls.workflow_end ->> 'lastState')";

export function workflowEndRows(db: Database): WorkflowEnds {
  return {
    async nextWorkflowChecks({ limit, minAgeSeconds, pauseSeconds, restSeconds }) {
      const [position] = await db.query<Position>(takeStep, [pauseSeconds]);
      if (!position) return null;
      const rows = await rowsAfter(db, position, limit, minAgeSeconds);
      const last = rows.at(-1);
      // The end of the last state is the end of all calls.
      if (rows.length < limit) await db.query(startAgain, [restSeconds]);
      else if (last) await db.query(savePosition, [last.state, last.startedAt, last.callId]);
      return rows.map(({ startedAt: _, ...check }) => check);
    },

    async saveWorkflowEnd({ callId, state }, end) {
      const rows = await db.query(saveWorkflowEnd, [callId, state, json(end), end.at]);
      return rows.length > 0;
    },

    async forgetWorkflowEnd({ callId }) {
      await db.query(forgetWorkflowEnd, [callId]);
    },

    placementsWithoutWorkflow({ accountSid, minAgeSeconds, limit }) {
      return db.query<PlacementWithoutWorkflow>(placementsWithoutWorkflow, [
        accountSid,
        minAgeSeconds,
        limit,
      ]);
    },
  };
}

interface Position {
  state: string;
  startedAt: string;
  callId: string;
}

/** Reads state by state, so that an index has the calls of each in order. */
async function rowsAfter(db: Database, position: Position, limit: number, minAgeSeconds: number) {
  const rows: (WorkflowCheck & { startedAt: string })[] = [];
  for (const state of [...callStates].sort()) {
    if (rows.length === limit || state < position.state) continue;
    const [startedAt, callId] =
      state === position.state ? [position.startedAt, position.callId] : ['-infinity', ''];
    const page = state === 'done' ? withoutOutcome : unfinished(state);
    rows.push(
      ...(await db.query<WorkflowCheck & { startedAt: string }>(page, [
        startedAt,
        callId,
        minAgeSeconds,
        limit - rows.length,
      ])),
    );
  }
  return rows;
}

const takeStep = `
  insert into workflow_checks as known (next_at) values (clock_timestamp() + make_interval(secs => $1::float8))
  on conflict (only_row) do update set next_at = excluded.next_at where known.next_at <= clock_timestamp()
  returning state, started_at::text as "startedAt", call_id as "callId"`;

const savePosition = `
  update workflow_checks set state = $1, started_at = $2::timestamptz, call_id = $3`;

const startAgain = `
  update workflow_checks set state = '', started_at = '-infinity', call_id = '',
    next_at = clock_timestamp() + make_interval(secs => $1::float8)`;

function pageWhere(condition: string): string {
  return `
  select call_id as "callId", state, workflow_end as "workflowEnd", ${iso('started_at')} as "startedAt" from calls
  where ${condition} and (started_at, call_id) > ($1::timestamptz, $2::text)
    and started_at < clock_timestamp() - make_interval(secs => $3::float8)
  order by started_at, call_id limit $4::integer`;
}

const withoutOutcome = pageWhere('workflow_end is not null');
/** `state` is one of our own names. */
function unfinished(state: CallStateName): string {
  return pageWhere(`state = '${state}'`);
}

const saveWorkflowEnd = `
  update calls set state = 'done', ended_at = coalesce($4::timestamptz, clock_timestamp()),
    workflow_end = $3::jsonb || jsonb_build_object('lastState', coalesce(${lastState}, calls.state))
  where call_id = $1 and state = $2 and document is null
  returning call_id`;

const forgetWorkflowEnd = `
  update calls set state = ${lastState}, workflow_end = null, ended_at = null
  where call_id = $1 and workflow_end is not null`;

const placementsWithoutWorkflow = `
  select p.call_id as "callId", p.attempt, p.placement, p.to_number as "to", p.from_number as "from",
    p.call_sid as "callSid", ${iso('p.claimed_at')} as "claimedAt"
  from placements p left join calls c using (call_id)
  where p.account_sid = $1 and p.ended_at is null
    and p.claimed_at < clock_timestamp() - make_interval(secs => $2::float8)
    and (c.call_id is null or c.workflow_end is not null)
  order by random() limit $3::integer`;
