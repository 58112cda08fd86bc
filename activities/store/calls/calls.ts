import { newAttempt } from '../../../workflows/call/attempt.js';
import {
  type Attempt,
  type CallOutcome,
  type CallState,
  type CallUpdate,
  callStates,
} from '../../../workflows/callOutcome.js';
import type { CallRequest } from '../../../workflows/callRequest.js';
import { orderOf } from '../../../workflows/rules/twilioStatus.js';
import { type Database, json, prepared } from '../database/database.js';
import { callFacts, counters, noReason } from '../statistics/callFacts.js';
import { arrangeAttempt, arrangeOutcome } from './arrangeOutcome.js';
import { callProgress } from './callProgress.js';
import type { CallStore, StoredCall, UnfinishedCalls } from './callStore.js';
import { lastState, type WorkflowEnd } from './workflowEnds.js';

/** The rows of calls and attempts. Every write is one statement, so it happens wholly or not at all. */
export function calls(db: Database): Omit<CallStore, 'listCalls'> {
  return {
    async addCall({ callId, to, from, metadata, startedAt, request, batchId, requestedBy }) {
      await db.query(addCall, [
        callId,
        callProgress(notStarted),
        to,
        from,
        json(metadata),
        startedAt,
        request === undefined ? null : json(request),
        batchId ?? null,
        requestedBy ?? null,
      ]);
    },

    async saveAttempt({ callId, state, attempt, nextAttemptAt }) {
      // A call is done when its outcome is recorded, and not before.
      const running = state === 'done' ? 'recording' : state;
      const decided = attempt.outcome !== null;
      await db.query(saveAttempt, [
        json([attempt]),
        callId,
        running,
        callProgress({ attempt: attempt.number, decided, state: running }),
        attempt.placedAt,
        attempt.status === null ? -1 : orderOf(attempt.status),
        // A decided attempt ends its placements; 0 is no attempt.
        decided ? attempt.number : 0,
        running === 'waiting-to-retry' ? 'retry' : null,
        nextAttemptAt ?? null,
      ]);
    },

    async recordProgress({ callId, attempt, state, update }) {
      if (state !== 'queued' && state !== 'ringing' && state !== 'in-progress') return { known: false };
      const [row] = await db.query<{ known: boolean }>(recordProgress, [
        callId,
        state,
        callProgress({ attempt, decided: false, state }),
        attempt,
        update.callSid,
        update.status,
        orderOf(update.status),
        json(attemptFromCallback(update, attempt)),
        json(update),
      ]);
      return { known: row?.known ?? false };
    },

    async storedUpdates({ callId, callSid }) {
      const [row] = await db.query<{ updates: CallUpdate[] }>(storedUpdates, [callId, callSid]);
      return row ? row.updates.filter(isFromCallback) : null;
    },

    countUnfinished() {
      return db.query<UnfinishedCalls>(countUnfinished, [callStates.filter((state) => state !== 'done')]);
    },

    async markWaiting({ callId, by, until }) {
      await db.query(markWaiting, [callId, by ?? null, until ?? null]);
    },

    async recordHindrance({ callId, by, until }) {
      await db.query(recordHindrance, [callId, by, until]);
    },

    async markPlacing({ callId, to }) {
      await db.query(markPlacing, [callId, to]);
    },

    async findRequest(callId) {
      const [row] = await db.query<{ request: CallRequest | null }>(findRequest, [callId]);
      return row?.request ?? null;
    },

    async saveOutcome(outcome) {
      const { reason, counters: added, ...facts } = callFacts(outcome);
      const parameters = [
        json(outcome),
        json(invalidNumberOf(outcome)),
        json({ ...facts, ...added }),
        reason ?? (outcome.outcome === 'answered' ? null : noReason),
      ];
      const [row] = await db.query<{ recorded: CallOutcome | null }>(saveOutcome, parameters);
      // Null: another outcome of this call was being recorded at the same moment.
      if (row?.recorded) return arrangeOutcome(row.recorded);
      return (await this.findCallState(outcome.callId))?.outcome ?? outcome;
    },

    async findCallState(callId) {
      const [row] = await db.query<CallRow>(findCallState, [callId]);
      return row ? callStateOf(row) : null;
    },
  };
}

function isFromCallback({ source }: CallUpdate): boolean {
  return source === 'webhook';
}

/**
 * What Twilio showed of the number in this call. Null when an earlier call showed it, or the number is valid.
 */
function invalidNumberOf({ to, outcome, attempts, lookup, reason }: CallOutcome) {
  if (outcome !== 'invalid-number') return null;
  const refused = attempts.at(-1)?.outcome === 'invalid-number';
  return reason && (refused || lookup?.valid === false) ? { to, ...reason } : null;
}

const notStarted = { attempt: 0, decided: false, state: 'looking-up' } as const;

export interface CallRow {
  call_id: string;
  to_number: string | null;
  from_number: string | null;
  metadata: Record<string, string>;
  requested_by: string | null;
  account: string | null;
  started_at: string;
  state: CallState['state'];
  document: CallOutcome | null;
  workflow_end: WorkflowEnd | null;
  /** Null when the call has an outcome, which holds them. */
  attempts: Attempt[] | null;
}

/** What `callStateOf` needs, of `calls c`. `startedAt` has milliseconds, as workflows write it. */
export const callColumns = `c.call_id, c.to_number, c.from_number, c.metadata, c.requested_by, c.request ->> 'account' as account,
  to_char(c.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at, c.state, c.document, c.workflow_end,
  case when c.document is null then
    (select coalesce(jsonb_agg(a.document order by a.number), '[]') from attempts a where a.call_id = c.call_id)
  end as attempts`;

const findCallState = prepared(`select ${callColumns} from calls c where call_id = $1`);

export function callStateOf(row: CallRow): StoredCall {
  const outcome = row.document && arrangeOutcome(row.document);
  return {
    callId: row.call_id,
    to: row.to_number,
    from: row.from_number,
    ...(row.account === null ? {} : { account: row.account }),
    metadata: row.metadata,
    startedAt: row.started_at,
    state: row.state,
    attempts: outcome?.attempts ?? (row.attempts ?? []).map(arrangeAttempt),
    outcome,
    waitingFor: null,
    nextAttemptAt: null,
    paused: false,
    pauseReason: null,
    requestedBy: outcome?.requestedBy ?? row.requested_by,
    controls: outcome?.controls ?? [],
    ...(row.workflow_end === null ? {} : { workflowEnd: row.workflow_end }),
  };
}

/** An attempt that is known from a callback only. */
function attemptFromCallback(update: CallUpdate, number: number): Attempt {
  return {
    ...newAttempt(number),
    callSid: update.callSid,
    status: update.status,
    evidence: { create: null, updates: [update], disagreed: false },
  };
}

// A row without a destination was made by an attempt that came first: only its gaps are filled. A call whose
// workflow was gone has begun again.
const addCall = prepared(`
  insert into calls (call_id, state, progress, to_number, from_number, metadata, started_at, request, batch_id,
    requested_by)
  values ($1, 'looking-up', $2, $3, $4, $5::jsonb, $6::timestamptz, $7::jsonb, $8, $9)
  on conflict (call_id) do update set
    to_number = excluded.to_number, from_number = excluded.from_number,
    metadata = excluded.metadata, started_at = excluded.started_at,
    request = excluded.request, batch_id = excluded.batch_id, requested_by = excluded.requested_by,
    state = coalesce(${lastState}, calls.state), workflow_end = null, ended_at = null
  where calls.document is null and (calls.to_number is null or calls.workflow_end is not null)`);

/** Writes the attempts of a JSON array for the call that the CTE `call` let through. */
function insertAttempts(attempts: string, progress: string): string {
  return `
  insert into attempts as known (call_id, number, call_sid, status, progress, outcome, decided_by, error_code,
    sip_response_code, placed_at, answered_at, ended_at, duration_seconds, answered_by, document)
  select call.call_id, a.number, a."callSid", a.status, ${progress}, a.outcome, a."decidedBy", a."errorCode",
    a."sipResponseCode", a."placedAt", a."answeredAt", a."endedAt", a."durationSeconds", a."answeredBy", d.document
  from call, jsonb_array_elements(${attempts}) as d(document), jsonb_to_record(d.document) as a(
    number integer, "callSid" text, status text, outcome text, "decidedBy" text, "errorCode" integer,
    "sipResponseCode" integer, "placedAt" timestamptz, "answeredAt" timestamptz, "endedAt" timestamptz,
    "durationSeconds" integer, "answeredBy" text)
  on conflict (call_id, number) do update set
    outcome = excluded.outcome, decided_by = excluded.decided_by, error_code = excluded.error_code,
    sip_response_code = excluded.sip_response_code, placed_at = excluded.placed_at,
    answered_at = excluded.answered_at, ended_at = excluded.ended_at,
    duration_seconds = excluded.duration_seconds, answered_by = excluded.answered_by,`;
}

/** Writes events for the feed: `ended` is a query of call id, attempt (0 is the call) and outcome. Repeats add none. */
function insertEvents(ended: string): string {
  return `
  insert into events (call_id, attempt, outcome)
  select call_id, attempt, outcome from (${ended}) ended where outcome is not null
  order by attempt = 0, attempt
  on conflict do nothing`;
}

/** A stored callback has a later status than the attempt that is written now. */
const callbackKnowsMore = '(excluded.outcome is null and known.progress > excluded.progress)';
/** A stored callback may also know the SID earlier. */
const knownSid = `case when excluded.outcome is null
  then coalesce(excluded.call_sid, known.call_sid) else excluded.call_sid end`;

const saveAttempt = prepared(`
  with call as (
    insert into calls (call_id, state, progress, started_at, waiting_by, waiting_until)
    select $2, $3, $4::integer, coalesce($5::timestamptz, clock_timestamp()), $8, $9::timestamptz
    from end_placements($2, of_attempt => $7::integer)
    on conflict (call_id) do update set
      waiting_by = excluded.waiting_by, waiting_until = excluded.waiting_until,
      state = case when calls.progress <= excluded.progress then excluded.state
        else coalesce(${lastState}, calls.state) end,
      progress = greatest(calls.progress, excluded.progress), workflow_end = null, ended_at = null
    where calls.document is null
    returning call_id
  ), announced as (
    ${insertEvents(`select call_id, $7::integer as attempt, $1::jsonb #>> '{0,outcome}' as outcome from call`)}
  )
  ${insertAttempts('$1::jsonb', '$6::integer')}
    call_sid = ${knownSid},
    status = case when ${callbackKnowsMore} then known.status else excluded.status end,
    progress = greatest(known.progress, excluded.progress),
    document = excluded.document || jsonb_build_object('callSid', ${knownSid})
      || case when ${callbackKnowsMore} then jsonb_build_object('status', known.status, 'evidence',
        (excluded.document -> 'evidence') || jsonb_build_object('updates', known.document #> '{evidence,updates}'))
        else '{}' end
  where known.outcome is null or excluded.outcome is not null`);

const recordProgress = prepared(`
  with call as (
    update calls set state = $2, progress = $3::integer
    where call_id = $1 and state <> 'done' and progress < $3::integer
      and exists (select from placements d where d.call_id = $1 and d.attempt = $4::integer)
      and not exists (select from attempts a where a.call_id = $1 and a.number = $4::integer
        and (a.outcome is not null or a.call_sid <> $5))
    returning call_id
  ), noted as (
    insert into attempts as known (call_id, number, call_sid, status, progress, document)
    select call_id, $4::integer, $5, $6, $7::integer, $8::jsonb from call
    on conflict (call_id, number) do update set
      call_sid = excluded.call_sid, status = excluded.status, progress = excluded.progress,
      document = jsonb_set(known.document || jsonb_build_object('callSid', excluded.call_sid, 'status', excluded.status),
        '{evidence,updates}', (known.document #> '{evidence,updates}') || $9::jsonb)
    where known.outcome is null
  )
  select exists (select from placements where call_id = $1 and attempt = $4::integer and call_sid = $5)
    and exists (select from calls where call_id = $1 and to_number is not null and workflow_end is null) as known`);

const storedUpdates = prepared(`
  select document #> '{evidence,updates}' as updates from attempts
  where call_id = $1 and call_sid = $2 and outcome is null`);

// Each state on its own, so that the index by state serves it.
const countUnfinished = `
  select state, (select count(*) from calls where calls.state = unfinished.state)::integer as count,
    coalesce(greatest(0, extract(epoch from clock_timestamp()
      - (select min(started_at) from calls where calls.state = unfinished.state))), 0)::float8 as "oldestSeconds"
  from unnest($1::text[]) as unfinished(state)`;

// Between two attempts: `progress` of an attempt under way is not a multiple of 10.
const markWaiting = `
  update calls set state = 'waiting', waiting_by = $2, waiting_until = $3::timestamptz
  where call_id = $1 and state <> 'done' and progress % 10 = 0`;

const recordHindrance = `
  update calls set waiting_by = $2, waiting_until = $3::timestamptz
  where call_id = $1 and state <> 'done' and progress % 10 = 0`;

const markPlacing = prepared(`
  update calls set state = 'placing', to_number = $2 where call_id = $1 and state = 'looking-up'`);

const findRequest = 'select request from calls where call_id = $1';

const ofKey = 's.hour = key.hour and s.batch_id = key.batch_id and s.from_number = key.from_number';

// `$3` has the facts of the call, of which the counters go to the roll-up. `$4` is the reason to count, if any.
const saveOutcome = prepared(`
  with call as (
    insert into calls (call_id, state, progress, to_number, from_number, metadata, started_at, ended_at, outcome,
      reachability, answered_by, decided_by, call_sid, error_code, sip_response_code, duration_seconds, document,
      furthest, attempt_count, reason)
    select o."callId", 'done', 2147483647, o."to", o."from", o.metadata, o."startedAt", o."endedAt", o.outcome,
      o.reachability, o."answeredBy", o."decidedBy", o."callSid", o."errorCode", o."sipResponseCode",
      o."durationSeconds", $1::jsonb, ($3::jsonb ->> 'furthest')::smallint,
      ($3::jsonb ->> 'attemptCount')::smallint, nullif($4::text, '${noReason}')
    from jsonb_to_record($1::jsonb) as o("callId" text, "to" text, "from" text, metadata jsonb,
      "startedAt" timestamptz, "endedAt" timestamptz, outcome text, reachability text, "answeredBy" text,
      "decidedBy" text, "callSid" text, "errorCode" integer, "sipResponseCode" integer, "durationSeconds" integer),
      -- Claims that could not be settled block no other call any longer.
      end_placements($1::jsonb ->> 'callId')
    on conflict (call_id) do update set
      state = excluded.state, progress = excluded.progress, to_number = excluded.to_number,
      from_number = excluded.from_number, metadata = excluded.metadata, started_at = excluded.started_at,
      ended_at = excluded.ended_at, outcome = excluded.outcome, reachability = excluded.reachability,
      answered_by = excluded.answered_by, decided_by = excluded.decided_by, call_sid = excluded.call_sid,
      error_code = excluded.error_code, sip_response_code = excluded.sip_response_code,
      duration_seconds = excluded.duration_seconds, document = excluded.document, workflow_end = null,
      furthest = excluded.furthest, attempt_count = excluded.attempt_count, reason = excluded.reason,
      waiting_by = null, waiting_until = null
    where calls.document is null
    returning call_id, document, started_at, batch_id, from_number
  ), remembered as (
    insert into invalid_numbers (to_number, source, code, message, call_id)
    select $2::jsonb ->> 'to', $2::jsonb ->> 'source', $2::jsonb ->> 'code', $2::jsonb ->> 'message', call_id
    from call where $2::jsonb <> 'null'
    on conflict (to_number) do update set source = excluded.source, code = excluded.code,
      message = excluded.message, call_id = excluded.call_id, seen_at = excluded.seen_at
  )
  , announced as (
    ${insertEvents(`
      select call.call_id, a.number as attempt, a.outcome
      from call, jsonb_to_recordset($1::jsonb -> 'attempts') as a(number integer, outcome text)
      union all select call_id, 0, document ->> 'outcome' from call`)}
  )
  , statistics_key as (
    select date_trunc('hour', started_at, 'UTC') as hour, coalesce(batch_id, '') as batch_id,
      coalesce(from_number, '') as from_number
    from call
  ), counted as (
    insert into call_statistics as known (hour, batch_id, from_number, part, ${counters.join(', ')}, reasons)
    select key.hour, key.batch_id, key.from_number,
      -- A part that no other outcome is being added to, so that none waits for the commit of another.
      coalesce((select part from call_statistics s where ${ofKey} order by part limit 1 for update skip locked),
        case when exists (select from call_statistics s where ${ofKey}) then floor(random() * 16)::smallint else 0 end),
      ${counters.map((counter) => `coalesce(added.${counter}, 0)`).join(', ')},
      case when $4::text is null then '{}' else jsonb_build_object($4::text, 1) end
    from statistics_key key, jsonb_to_record($3::jsonb) as added(${counters.map((counter) => `${counter} integer`).join(', ')})
    on conflict (hour, batch_id, from_number, part) do update set
      ${counters.map((counter) => `${counter} = known.${counter} + excluded.${counter}`).join(', ')},
      reasons = case when $4::text is null then known.reasons
        else known.reasons || jsonb_build_object($4::text, coalesce((known.reasons ->> $4::text)::integer, 0) + 1) end
  )
  , written as (
    ${insertAttempts(`$1::jsonb -> 'attempts'`, '100')}
      call_sid = excluded.call_sid, status = excluded.status, progress = excluded.progress,
      document = excluded.document
  )
  select coalesce((select document from call),
    (select document from calls where call_id = $1::jsonb ->> 'callId')) as recorded`);
