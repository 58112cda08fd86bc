import type { BreakerChange, DialRoom } from '../dialGate.js';
import { type DialClaim, type DialEntry, type OutcomeStore, SidTaken } from '../outcomeStore.js';
import { type Database, json, prepared, type StoreLog } from './database.js';

type DialJournal = Pick<
  OutcomeStore,
  | 'claimDial'
  | 'dialRoom'
  | 'settleDial'
  | 'noteOver'
  | 'findDial'
  | 'closeDial'
  | 'findLaterDial'
  | 'claimedSids'
>;

/**
 * The journal of creates, and what decides at the moment of dialling. The functions in the database do each in one
 * step, on the row of the account's line; two unique indexes stand behind them.
 */
export function dialJournal(db: Database, log: StoreLog): DialJournal {
  return {
    async claimDial(claim) {
      const [row] = await db.query<{ said: DialClaim }>(claimDial, [json(claim)]);
      return { ...said(row), claimed: !('by' in said(row)) } as DialClaim;
    },

    async dialRoom(asked) {
      const [row] = await db.query<{ said: Partial<DialRoom> }>(dialRoom, [json(asked)]);
      return { stopped: null, room: null, waitSeconds: 0, ...said(row) } as DialRoom;
    },

    async settleDial({ answer, ...claim }) {
      const { callId, attempt, round, result, callSid } = claim;
      const settling = db.query<{ said: Settled }>(settleDial, [json({ ...claim, ...answer })]);
      const [row] = await settling.catch((error: unknown) => {
        if (!isTaken(error)) throw error;
        const what = `${callSid} is the call of another attempt already, so it is not that of ${callId}.`;
        throw new SidTaken(what, { cause: error });
      });
      const { settled, breaker = null } = said(row);
      if (!settled) log.warn({ callId, attempt, round, result }, 'no such claim in the journal of creates');
      return breaker;
    },

    async noteOver({ callId, attempt, callSid }) {
      await db.query(noteOver, [callId, attempt, callSid]);
    },

    async findDial({ callId, attempt, round }) {
      const [row] = await db.query<{ entry: DialEntry }>(findDial, [callId, attempt, round]);
      return row?.entry ?? null;
    },

    async closeDial({ callId, attempt, round, accountSid, to, from }) {
      const key = [callId, attempt, round];
      await db.query(closeDial, [...key, accountSid, to, from]);
      const [row] = await db.query<{ entry: DialEntry }>(findDial, key);
      if (!row)
        throw new Error(`The journal of creates has lost round ${round} of attempt ${attempt} of ${callId}.`);
      return row.entry;
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

interface Settled {
  settled: boolean;
  breaker?: BreakerChange;
}

function said<Answer>(row: { said: Answer } | undefined): Answer {
  if (row) return row.said;
  throw new Error('A function of the outcome store came back without an answer.');
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'dials_call_sid';
}

const claimDial = prepared('select claim_dial($1::jsonb) as said');
const dialRoom = prepared('select dial_room($1::jsonb) as said');
const settleDial = prepared('select settle_dial($1::jsonb) as said');

const findLaterDial = prepared(`
  select attempt, round, dial_entry(dials) as entry from dials
  where call_id = $1 and (attempt, round) > ($2::integer, $3::integer) and attempt::text <> all($4::text[])
    and (call_sid is not null or result is null or result in ('abandoned', 'refused'))
  order by attempt, call_sid is null, round limit 1`);

const noteOver = `
  update dials set over_at = clock_timestamp()
  where call_id = $1 and attempt = $2::integer and call_sid = $3 and over_at is null`;

const findDial = `
  select dial_entry(dials) as entry from dials
  where (call_id, attempt, round) = ($1, $2::integer, $3::integer)`;

// Waits for a claim of the same key that is being written, and leaves it as it is.
const closeDial = `
  insert into dials (call_id, attempt, round, account_sid, to_number, from_number, claimed_at, result, settled_at, over_at)
  values ($1, $2::integer, $3::integer, $4, $5, $6, clock_timestamp(), 'absent', clock_timestamp(), clock_timestamp())
  on conflict (call_id, attempt, round) do nothing`;

// A running attempt's own SID, noted by a callback, must not look like somebody else's: until an attempt is
// decided, only the journal says whose a call is.
const claimedSids = `
  select call_sid from dials where call_sid = any($1::text[])
  union
  select call_sid from attempts where call_sid = any($1::text[]) and outcome is not null`;
