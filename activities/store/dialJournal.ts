import { type DialEntry, type OutcomeStore, SidTaken, StoreUnavailable } from '../outcomeStore.js';
import { type Database, json, type StoreLog } from './database.js';

type DialJournal = Pick<
  OutcomeStore,
  'claimDial' | 'settleDial' | 'findDial' | 'findLaterDial' | 'claimedSids'
>;

/** The journal of creates. Its two unique indexes, and nothing else, decide who may dial. */
export function dialJournal(db: Database, log: StoreLog): DialJournal {
  return {
    async claimDial({ callId, attempt, round, accountSid, to, from, abandonedAfterSeconds }) {
      const parameters = [callId, attempt, round, accountSid, to, from, abandonedAfterSeconds];
      // A claim that was in the way may be too new to be seen, and be settled when we look again: then once more.
      for (let tries = 0; tries < 10; tries++) {
        const [answer] = await db.query<ClaimAnswer>(claimDial, parameters);
        if (answer?.claimed) return { claimed: true };
        if (answer?.entry) return { claimed: false, by: 'this-dial', entry: answer.entry };
        if (answer?.over) return { claimed: false, by: 'call-over' };
        if (answer?.other) return { claimed: false, by: 'other-call', ...answer.other };
      }
      throw new StoreUnavailable(
        'The journal of creates gave no answer: claims between these two numbers come and go too fast. Try again.',
      );
    },

    async settleDial({ callId, attempt, round, result, callSid, detail }) {
      const parameters = [callId, attempt, round, result, callSid, json(detail)];
      const settled = await db.query(settleDial, parameters).catch((error: unknown) => {
        if (!isTaken(error)) throw error;
        const what = `${callSid} is the call of another attempt already, so it is not that of ${callId}.`;
        throw new SidTaken(what, { cause: error });
      });
      if (settled.length > 0) return;
      log.warn({ callId, attempt, round, result }, 'no such claim in the journal of creates');
    },

    async findDial({ callId, attempt, round }) {
      const [row] = await db.query<{ entry: DialEntry }>(findDial, [callId, attempt, round]);
      return row?.entry ?? null;
    },

    async findLaterDial({ callId, attempt, round, besides }) {
      const parameters = [callId, attempt, round, besides.map(String)];
      const [row] = await db.query<LaterDial>(findLaterDial, parameters);
      return row ?? null;
    },

    async claimedSids(callSids) {
      if (callSids.length === 0) return new Set();
      const rows = await db.query<{ call_sid: string }>(claimedSids, [callSids]);
      return new Set(rows.map((row) => row.call_sid));
    },
  };
}

type LaterDial = { attempt: number; round: number; entry: DialEntry };

interface ClaimAnswer {
  claimed: boolean;
  entry: DialEntry | null;
  over: boolean;
  other: { callId: string; attempt: number } | null;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'dials_call_sid';
}

const isThis = '(call_id, attempt, round) = ($1, $2::integer, $3::integer)';
const entry = `jsonb_build_object('to', to_number, 'from', from_number, 'result', result, 'callSid', call_sid,
  'detail', detail, 'ageSeconds', extract(epoch from clock_timestamp() - claimed_at)::float8)`;

// The attempt has its Twilio call, whichever create made it.
const isMade = 'call_id = $1 and attempt = $2::integer and call_sid is not null';

const inTheWay = `account_sid = $4 and to_number = $5 and from_number = $6 and result is null and not ${isThis}`;
// A call that dials again has done with what it dialled before, even if that could not be written down.
const isAbandoned = `(claimed_at < clock_timestamp() - make_interval(secs => $7::float8)
  or call_id = $1 and (attempt, round) < ($2::integer, $3::integer))`;

const isOver = `exists (select from calls where call_id = $1 and state = 'done')`;

// The new claim is made from what the first part closed, so that part comes first, and the closed claim has left
// the index of open ones. Two that meet in an index wait for each other, and one of them does nothing.
// The last part sees the journal as it was before the statement.
const claimDial = `
  with abandoned as (
    update dials set result = 'abandoned', settled_at = clock_timestamp()
    where ${inTheWay} and ${isAbandoned}
    returning 1
  ), claimed as (
    insert into dials (call_id, attempt, round, account_sid, to_number, from_number)
    select $1, $2::integer, $3::integer, $4, $5, $6 from (select count(*) from abandoned) as before
    where not exists (select from dials where ${isMade}) and not ${isOver}
    on conflict do nothing
    returning 1
  )
  select exists (select from claimed) as claimed,
    (select ${entry} from dials where ${isThis} or ${isMade} order by call_sid is null limit 1) as entry,
    ${isOver} as over,
    (select jsonb_build_object('callId', call_id, 'attempt', attempt) from dials
      where ${inTheWay} and not ${isAbandoned}) as other`;

const findDial = `select ${entry} as entry from dials where ${isThis}`;

const findLaterDial = `
  select attempt, round, ${entry} as entry from dials
  where call_id = $1 and (attempt, round) > ($2::integer, $3::integer) and attempt::text <> all($4::text[])
    and (call_sid is not null or result is null or result in ('abandoned', 'refused'))
  order by attempt, call_sid is null, round limit 1`;

// 'abandoned' was said without knowing, so anything else replaces it; a SID replaces everything but another SID.
const learns = `(call_sid is null and (result is null or result = 'abandoned' or $5::text is not null))`;

const settleDial = `
  update dials set
    result = case when ${learns} then $4 else result end,
    call_sid = case when ${learns} then $5 else call_sid end,
    detail = case when ${learns} then $6::jsonb else detail end,
    settled_at = case when ${learns} then clock_timestamp() else settled_at end
  where ${isThis}
  returning true as settled`;

// A running attempt's own SID, noted by a callback, must not look like somebody else's: until an attempt is
// decided, only the journal says whose a call is.
const claimedSids = `
  select call_sid from dials where call_sid = any($1::text[])
  union
  select call_sid from attempts where call_sid = any($1::text[]) and outcome is not null`;
