import { type WaitingFor, waitingFors } from '../../../workflows/callActivities.js';
import type { CallStateName } from '../../../workflows/callOutcome.js';
import { type Database, iso } from '../database/database.js';

/** States in which a call waits for its next attempt. */
export const waitingStates = [
  'looking-up',
  'waiting',
  'placing',
  'waiting-to-retry',
] as const satisfies readonly CallStateName[];

/**
 * Why a call is not ringing. `lookup`: its request is checked and Lookup asked. `dial-queue`: nothing of its own
 * hinders it, and its placement comes when the account has capacity.
 */
export const waitingReasons = [...waitingFors, 'lookup', 'dial-queue'] as const;
export type WaitingReason = WaitingFor | 'lookup' | 'dial-queue';

/** Calls that wait for the same. Times are ISO 8601. */
export interface WaitingGroup {
  by: WaitingReason;
  count: number;
  /** When the first and the last of them go on, if that is a matter of time; else null. */
  earliestAt: string | null;
  latestAt: string | null;
  /** When the oldest of these calls was requested. */
  oldestStartedAt: string;
}

/** Rows of batches whose calls have not been started. */
export interface WaitingRows {
  by: 'batch' | 'batch-paused';
  /** Rows that wait, and batches to which they belong. */
  count: number;
  batches: number;
}

export interface WaitingCalls {
  /** The waiting calls by what they wait for, and the rows of unfinished batches that are not calls yet. */
  countWaiting(): Promise<{ calls: WaitingGroup[]; rows: WaitingRows[] }>;
  /** How many placements of the account were sent in the last seconds. */
  countPlacements(period: { accountSid: string; seconds: number }): Promise<number>;
}

/** SQL: why the call `c`, whose state is a waiting one, is not ringing. A time that has come hinders no longer. */
export const waitingReason = `case
  when c.state = 'looking-up' then 'lookup'
  when c.waiting_by is null or c.waiting_until <= clock_timestamp() then 'dial-queue'
  else c.waiting_by end`;

export function waitingCalls(db: Database): WaitingCalls {
  return {
    async countWaiting() {
      const [calls, rows] = await Promise.all([
        db.query<WaitingGroup>(countCalls, [waitingStates]),
        db.query<WaitingRows>(countRows),
      ]);
      return { calls, rows };
    },

    async countPlacements({ accountSid, seconds }) {
      const [row] = await db.query<{ count: number }>(
        `select count(*)::integer as count from placements where account_sid = $1
           and claimed_at > clock_timestamp() - make_interval(secs => $2::float8) and claimed_at <= clock_timestamp()`,
        [accountSid, seconds],
      );
      return row?.count ?? 0;
    },
  };
}

// Grouped before the times are formatted. A call whose state does not show yet that it is at Twilio does not wait.
const countCalls = `
  select by, count, ${iso('earliest')} as "earliestAt", ${iso('latest')} as "latestAt", ${iso('oldest')} as "oldestStartedAt"
  from (
    select ${waitingReason} as by, count(*)::integer as count, min(c.started_at) as oldest,
      min(c.waiting_until) filter (where c.waiting_until > clock_timestamp()) as earliest,
      max(c.waiting_until) filter (where c.waiting_until > clock_timestamp()) as latest
    from calls c where c.state = any($1::text[])
      and not exists (select from placements p where p.call_id = c.call_id and p.ended_at is null
        and p.call_sid is not null)
    group by 1
  ) as groups order by count desc, by`;

const countRows = `
  select case when paused_at is null then 'batch' else 'batch-paused' end as by,
    sum(total - next_row)::integer as count, count(*)::integer as batches
  from batches
  where batch_id is not null and ended_at is null and canceled_at is null and next_row < total
  group by 1 order by 1`;
