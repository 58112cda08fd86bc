import { type Database, json, prepared, type StoreLog } from '../database/database.js';
import type { BreakerChange, Capacity } from './dialLimits.js';
import { type ClaimResult, type Placement, type PlacementJournal, SidTaken } from './placementJournal.js';

/**
 * The journal of creates, and what decides at the moment of dialing. The functions in the database do each in one
 * step, on the row of the account's line; two unique indexes stand behind them.
 */
export function placements(db: Database, log: StoreLog): PlacementJournal {
  return {
    async claimPlacement(request) {
      const [row] = await db.query<{ result: ClaimResult }>(claimPlacement, [json(request)]);
      return resultOf(row);
    },

    async availableCapacity(request) {
      const [row] = await db.query<{ result: Capacity }>(availableCapacity, [json(request)]);
      return resultOf(row);
    },

    async settlePlacement({ answer, ...settlement }) {
      const { callId, attempt, placement, result, callSid } = settlement;
      const pending = db.query<{ result: Settled }>(settlePlacement, [json({ ...settlement, ...answer })]);
      const [row] = await pending.catch((error: unknown) => {
        if (!isTaken(error)) throw error;
        const what = `${callSid} is the call of another attempt already, so it is not that of ${callId}.`;
        throw new SidTaken(what, { cause: error });
      });
      const { settled, breaker } = resultOf(row);
      if (!settled)
        log.warn({ callId, attempt, placement, result }, 'no such claim in the journal of creates');
      return breaker;
    },

    async markEnded({ callId, attempt, callSid }) {
      await db.query(markEnded, [callId, attempt, callSid]);
    },

    async findPlacement({ callId, attempt, placement }) {
      const [row] = await db.query<{ entry: Placement }>(findPlacement, [callId, attempt, placement]);
      return row?.entry ?? null;
    },

    async voidPlacement({ callId, attempt, placement, accountSid, to, from }) {
      const key = [callId, attempt, placement];
      await db.query(voidPlacement, [...key, accountSid, to, from]);
      const [row] = await db.query<{ entry: Placement }>(findPlacement, key);
      if (!row)
        throw new Error(
          `The journal of creates has lost placement ${placement} of attempt ${attempt} of ${callId}.`,
        );
      return row.entry;
    },

    async findLaterPlacement({ callId, attempt, placement, besides }) {
      const parameters = [callId, attempt, placement, besides.map(String)];
      const [row] = await db.query<LaterPlacement>(findLaterPlacement, parameters);
      return row ?? null;
    },

    async claimedSids(callSids) {
      if (callSids.length === 0) return new Set();
      const rows = await db.query<{ call_sid: string }>(claimedSids, [callSids]);
      return new Set(rows.map((row) => row.call_sid));
    },
  };
}

type LaterPlacement = { attempt: number; placement: number; entry: Placement };

interface Settled {
  settled: boolean;
  breaker: BreakerChange | null;
}

function resultOf<Result>(row: { result: Result } | undefined): Result {
  if (row) return row.result;
  throw new Error('A function of the outcome store came back without an answer.');
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'placements_call_sid';
}

const claimPlacement = prepared('select claim_placement($1::jsonb) as result');
const availableCapacity = prepared('select available_capacity($1::jsonb) as result');
const settlePlacement = prepared('select settle_placement($1::jsonb) as result');

const findLaterPlacement = prepared(`
  select attempt, placement, placement_json(placements) as entry from placements
  where call_id = $1 and (attempt, placement) > ($2::integer, $3::integer) and attempt::text <> all($4::text[])
    and (call_sid is not null or result is null or result in ('abandoned', 'refused'))
  order by attempt, call_sid is null, placement limit 1`);

const markEnded = `
  update placements set ended_at = clock_timestamp()
  where call_id = $1 and attempt = $2::integer and call_sid = $3 and ended_at is null`;

const findPlacement = `
  select placement_json(placements) as entry from placements
  where (call_id, attempt, placement) = ($1, $2::integer, $3::integer)`;

// Waits for a claim of the same key that is being written, and leaves it as it is.
const voidPlacement = `
  insert into placements (call_id, attempt, placement, account_sid, to_number, from_number, claimed_at, result, settled_at, ended_at)
  values ($1, $2::integer, $3::integer, $4, $5, $6, clock_timestamp(), 'absent', clock_timestamp(), clock_timestamp())
  on conflict (call_id, attempt, placement) do nothing`;

// A running attempt's own SID, noted by a callback, must not look like somebody else's: until an attempt is
// decided, only the journal says whose a call is.
const claimedSids = `
  select call_sid from placements where call_sid = any($1::text[])
  union
  select call_sid from attempts where call_sid = any($1::text[]) and outcome is not null`;
