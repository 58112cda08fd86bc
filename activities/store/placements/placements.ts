import { type Database, json, prepared, type StoreLog } from '../database/database.js';
import { databaseClock } from '../database/databaseClock.js';
import { StoreUnavailable } from '../database/storeError.js';
import type { BreakerChange, Capacity } from './dialLimits.js';
import {
  type ClaimResult,
  type Placement,
  type PlacementJournal,
  type PlacementKey,
  type Refusal,
  SidTaken,
} from './placementJournal.js';

/**
 * The placement journal. Functions in the database decide and write in one transaction that locks the
 * account's row. Two unique indexes would stop a second open claim between two numbers, and a second
 * placement with the same SID.
 */
export function placements(db: Database, log: StoreLog): PlacementJournal {
  async function findEntry({ callId, attempt, placement }: PlacementKey): Promise<Placement | null> {
    const [row] = await db.query<{ entry: Placement }>(findPlacement, [callId, attempt, placement]);
    return row?.entry ?? null;
  }

  const clock = databaseClock(async () => {
    const [row] = await db.query<{ result: number }>(readClock);
    return resultOf(row);
  });

  return {
    async claimPlacement(request) {
      const [row] = await db.query<{ result: ClaimResult }>(claimPlacement, [json(request)]);
      const claim = resultOf(row);
      if (claim.claimed) clock.hear(Date.parse(claim.sendAt) / 1000 - claim.waitSeconds);
      return claim;
    },

    async previewPlacements(requests) {
      if (requests.length === 0) return [];
      const rows = await db.query<{ refusals: Refusal[] }>(previewPlacements, [json(requests)]);
      return rows.map(({ refusals }) => refusals);
    },

    async availableCapacity(request) {
      const [row] = await db.query<{ result: Capacity & { now: number } }>(availableCapacity, [
        json(request),
      ]);
      const { now, ...capacity } = resultOf(row);
      clock.hear(now);
      return capacity;
    },

    databaseNow: clock.now,

    async settlePlacement({ answer, ...settlement }) {
      const { callId, attempt, placement, result, callSid } = settlement;
      const pending = db.query<{ result: Settled }>(settlePlacement, [json({ ...settlement, ...answer })]);
      const [row] = await pending.catch((error: unknown) => {
        if (!isTaken(error)) throw error;
        const what = `Twilio call ${callSid} belongs to another attempt already, so it cannot be the call of ${callId}.`;
        throw new SidTaken(what, { cause: error });
      });
      const { settled, breaker, isSameFault = false } = resultOf(row);
      if (!settled)
        log.warn({ callId, attempt, placement, result }, 'the placement journal has no such claim');
      return { breakerChange: breaker, isSameFault };
    },

    async markEnded({ callId, attempt, callSid }) {
      await db.query(markEnded, [callId, attempt, callSid]);
    },

    findPlacement: findEntry,

    async blockPlacement({ callId, attempt, placement, accountSid, to, requestedTo, from, requestedAt }) {
      const key = [callId, attempt, placement];
      await db.query(blockPlacement, [...key, accountSid, to, from, requestedAt, requestedTo ?? null]);
      const entry = await findEntry({ callId, attempt, placement });
      if (entry) return entry;
      throw new StoreUnavailable(
        `Another placement from ${from} to ${to} was claimed at the same moment as placement ${placement} of attempt ${attempt} of ${callId}. Try again.`,
      );
    },

    async hasRival({ callId, attempt, placement }, slackSeconds) {
      const [row] = await db.query<{ rival: boolean }>(hasRival, [callId, attempt, placement, slackSeconds]);
      return row?.rival ?? false;
    },

    async findLaterPlacement({ callId, attempt, placement, besides }) {
      const parameters = [callId, attempt, placement, besides.map(String)];
      const [row] = await db.query<LaterPlacement>(findLaterPlacement, parameters);
      return row ?? null;
    },

    async accountOf(callSid) {
      const [row] = await db.query<{ account_sid: string }>(accountOf, [callSid]);
      return row?.account_sid ?? null;
    },

    async accountOfAttempt({ callId, attempt }) {
      const [row] = await db.query<{ account_sid: string }>(accountOfAttempt, [callId, attempt]);
      return row?.account_sid ?? null;
    },

    async claimedSids(callSids, besides) {
      if (callSids.length === 0) return new Set();
      const rows = await db.query<{ call_sid: string }>(claimedSids, [
        callSids,
        besides?.callId ?? null,
        besides?.attempt ?? null,
      ]);
      return new Set(rows.map((row) => row.call_sid));
    },
  };
}

type LaterPlacement = { attempt: number; placement: number; entry: Placement };

interface Settled {
  settled: boolean;
  breaker: BreakerChange | null;
  isSameFault?: boolean;
}

function resultOf<Result>(row: { result: Result } | undefined): Result {
  if (row) return row.result;
  throw new Error('A function of the outcome store returned no row.');
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'placements_call_sid';
}

const readClock = 'select extract(epoch from clock_timestamp())::float8 as result';
const claimPlacement = prepared('select claim_placement($1::jsonb) as result');
const previewPlacements = `
  select preview_placement(request) as refusals
  from jsonb_array_elements($1::jsonb) with ordinality as requests (request, nth) order by nth`;
const availableCapacity = prepared('select available_capacity($1::jsonb) as result');
const settlePlacement = prepared('select settle_placement($1::jsonb) as result');

const findLaterPlacement = prepared(`
  select attempt, placement, placement_json(placements) as entry from placements
  where call_id = $1 and attempt::text <> all($4::text[])
    -- Or one of before that turned out to have a call after all.
    and ((attempt, placement) > ($2::integer, $3::integer) or call_sid is not null)
    and (call_sid is not null or result is null or result in ('abandoned', 'refused'))
  order by attempt, call_sid is null, placement limit 1`);

const markEnded = `
  update placements set ended_at = clock_timestamp()
  where call_id = $1 and attempt = $2::integer and call_sid = $3 and ended_at is null`;

const findPlacement = `
  select placement_json(placements) as entry from placements
  where (call_id, attempt, placement) = ($1, $2::integer, $3::integer)`;

// Waits for a claim of the same key that is being written, and leaves it as it is. The conflict may also be
// with the one open claim that two numbers can have: then no row is written.
const blockPlacement = `
  insert into placements (call_id, attempt, placement, account_sid, to_number, from_number, requested_number, claimed_at, result,
    settled_at, ended_at)
  select $1, $2::integer, $3::integer, $4, $5, $6, $8::text, least($7::timestamptz, clock_timestamp()), blocked.result,
    blocked.ended_at, blocked.ended_at
  from (select max('abandoned') as result, max(clock_timestamp()) as ended_at from placements
    where account_sid = $4 and to_number = $5 and from_number = $6 and result is null) as blocked
  on conflict do nothing`;

const hasRival = `
  select exists (select from placements mine join placements rival using (account_sid, from_number)
    where rival.to_number = any(array[mine.to_number, mine.requested_number])
      and (mine.call_id, mine.attempt, mine.placement) = ($1, $2::integer, $3::integer)
      and (rival.call_id, rival.attempt, rival.placement) <> ($1, $2::integer, $3::integer)
      and rival.call_sid is null and (rival.result is null or rival.result = 'abandoned')
      and rival.claimed_at > mine.claimed_at - make_interval(secs => $4::float8)) as rival`;

const accountOf = 'select account_sid from placements where call_sid = $1';

const accountOfAttempt = `
  select account_sid from placements where call_id = $1 and attempt = $2::integer order by placement desc limit 1`;

// A callback may have stored the SID of a running attempt. That must not look like another attempt's call:
// until an attempt is settled, only the journal decides whose call it is.
const claimedSids = `
  select call_sid from placements where call_sid = any($1::text[])
    and (call_id, attempt) is distinct from ($2::text, $3::integer)
  union
  select call_sid from attempts where call_sid = any($1::text[]) and outcome is not null
    and (call_id, number) is distinct from ($2::text, $3::integer)`;
