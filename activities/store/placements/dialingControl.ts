import { type Database, iso, json } from '../database/database.js';

/** The limits that operators set for an account while ringtrue runs. Null: as the workers are configured. */
export interface DialLimitOverrides {
  callsPerSecond: number | null;
  /** Calls of the account that are under way at once. */
  callsInFlight: number | null;
  /** Calls to one number within `contactsPeriodSeconds`; the two are set together. */
  contactsPerNumber: number | null;
  contactsPeriodSeconds: number | null;
  /** Calls to one number that are under way at once. */
  callsPerNumber: number | null;
}

/** How dialing stands for one account. Times are ISO 8601. */
export interface DialingState {
  limits: DialLimitOverrides;
  /** Null unless an operator has paused it. */
  paused: { since: string; reason: string | null; by: string | null } | null;
  /** What operators changed lately, newest first: at most 50 entries. */
  changes: DialingChange[];
  breaker: Breaker;
  /** Placements whose call may still be alive: at most 26 hours old, as in the claim. */
  inFlight: number;
  /** The next send time under the rate limit; null when nothing was ever dialed. In the past: now. */
  nextPlacementAt: string | null;
}

/** One change of limits or pause by an operator. */
export interface DialingChange {
  at: string;
  change: 'limits' | 'pause' | 'resume';
  /** The name of the client's token; null when the API has none. */
  by: string | null;
  /** The limits that were set; null when the change was another one. */
  limits: Partial<DialLimitOverrides> | null;
}

/** Whose change it is: the name of the client's token. */
interface ByClient {
  by?: string | null;
}

/**
 * The circuit breaker. `open`: nothing is dialed until `openUntil`. `trying`: that moment has passed, and one
 * placement at a time tests whether the provider works.
 */
export interface Breaker {
  state: 'closed' | 'open' | 'trying';
  openedAt: string | null;
  openUntil: string | null;
  reason: string | null;
  /** What the numbers begin with that are not dialed, such as `+49`. Null: nothing is dialed, or all is. */
  prefixes: string[] | null;
}

/**
 * Limits, pause and circuit breaker of an account. A change holds for every worker from its next claim on.
 */
export interface DialingControl {
  readDialing(input: { accountSid: string }): Promise<DialingState>;

  /** Sets the limits that are given. Null: as configured again. A limit that is left out stays. */
  setDialLimits(input: { accountSid: string; limits: Partial<DialLimitOverrides> } & ByClient): Promise<void>;

  /**
   * Stops dialing until `resumeDialing`; calls under way go on. If paused already, only a newer reason
   * replaces the old one, and its client the earlier one.
   */
  pauseDialing(input: { accountSid: string; reason: string | null } & ByClient): Promise<void>;

  /** Ends a pause. Closes the breaker if it is open; failures before that count no longer. */
  resumeDialing(input: { accountSid: string } & ByClient): Promise<void>;
}

/** Each limit and its column. */
const columns: Record<keyof DialLimitOverrides, string> = {
  callsPerSecond: 'calls_per_second',
  callsInFlight: 'calls_in_flight',
  contactsPerNumber: 'contacts_per_number',
  contactsPeriodSeconds: 'contacts_period_seconds',
  callsPerNumber: 'calls_per_number',
};
const limitNames = Object.keys(columns) as (keyof DialLimitOverrides)[];

/** One row per account, written with the first change by an operator or the circuit breaker. */
export function dialingControlRows(db: Database): DialingControl {
  return {
    async readDialing({ accountSid }) {
      const [row] = await db.query<DialingRow>(readDialing, [accountSid]);
      if (!row) throw new Error(`The outcome store returned no dialing state for account ${accountSid}.`);
      const {
        pausedAt,
        pausedReason,
        pausedBy,
        changes,
        state,
        openedAt,
        openUntil,
        breakerReason,
        breakerPrefixes,
        inFlight,
        nextPlacementAt,
      } = row;
      return {
        limits: Object.fromEntries(
          limitNames.map((name) => [name, row[name]]),
        ) as unknown as DialLimitOverrides,
        paused: pausedAt === null ? null : { since: pausedAt, reason: pausedReason, by: pausedBy },
        changes: changes.map(({ at, change, by, limits }) => ({ at, change, by, limits })),
        breaker: { state, openedAt, openUntil, reason: breakerReason, prefixes: breakerPrefixes },
        inFlight,
        nextPlacementAt,
      };
    },

    async setDialLimits({ accountSid, limits: overrides, by = null }) {
      const names = limitNames.filter((name) => overrides[name] !== undefined);
      if (names.length === 0) return;
      await db.query(
        `with ${logEntry("'limits'", '$3::jsonb')}
         insert into dialing_control (account_sid, ${names.map((name) => columns[name]).join(', ')})
         values ($1, ${names.map((_, nth) => `$${nth + 4}`).join(', ')})
         on conflict (account_sid) do update
           set ${names.map((name) => `${columns[name]} = excluded.${columns[name]}`).join(', ')}`,
        [
          accountSid,
          by,
          json(Object.fromEntries(names.map((name) => [name, overrides[name] ?? null]))),
          ...names.map((name) => overrides[name] ?? null),
        ],
      );
    },

    async pauseDialing({ accountSid, reason, by = null }) {
      await db.query(pauseDialing, [accountSid, by, reason]);
    },

    async resumeDialing({ accountSid, by = null }) {
      await db.query(resumeDialing, [accountSid, by]);
    },
  };
}

interface DialingRow extends DialLimitOverrides {
  pausedAt: string | null;
  pausedReason: string | null;
  pausedBy: string | null;
  changes: DialingChange[];
  state: Breaker['state'];
  openedAt: string | null;
  openUntil: string | null;
  breakerReason: string | null;
  breakerPrefixes: string[] | null;
  inFlight: DialingState['inFlight'];
  nextPlacementAt: string | null;
}

const readDialing = `
  select ${limitNames.map((name) => `${columns[name]} as "${name}"`).join(', ')},
    ${iso('paused_at')} as "pausedAt", paused_reason as "pausedReason", paused_by as "pausedBy",
    (select coalesce(jsonb_agg(entry order by entry_no desc), '[]') from (
      select entry_no, jsonb_build_object('at', ${iso('changed_at')}, 'change', change, 'by', changed_by,
        'limits', limits) as entry
      from dialing_log where account_sid = $1 order by entry_no desc limit 50) as newest) as changes,
    case when breaker_open_until is null then 'closed'
      when breaker_open_until > clock_timestamp() then 'open' else 'trying' end as state,
    ${iso('breaker_opened_at')} as "openedAt", ${iso('breaker_open_until')} as "openUntil",
    breaker_reason as "breakerReason", breaker_prefixes as "breakerPrefixes",
    (select count(*) from placements where account_sid = $1 and ended_at is null
      and claimed_at > clock_timestamp() - longest_in_flight())::integer as "inFlight",
    (select ${iso('next_send_at')} from account_pacing where account_sid = $1) as "nextPlacementAt"
  from (select $1::text as account_sid) as account left join dialing_control using (account_sid)`;

/** Keeps a change by the client `$2` of the account `$1`. */
function logEntry(change: string, limits = 'null'): string {
  return `logged as (
    insert into dialing_log (account_sid, change, changed_by, limits) values ($1, ${change}, $2, ${limits})
  )`;
}

const pauseDialing = `
  with ${logEntry("'pause'")}
  insert into dialing_control as control (account_sid, paused_at, paused_reason, paused_by)
  values ($1, clock_timestamp(), $3, $2)
  on conflict (account_sid) do update
    set paused_at = coalesce(control.paused_at, excluded.paused_at),
      paused_reason = coalesce(excluded.paused_reason, control.paused_reason),
      paused_by = case when control.paused_at is null or excluded.paused_reason is not null
        then excluded.paused_by else control.paused_by end`;

const resumeDialing = `
  with ${logEntry("'resume'")}
  update dialing_control
  set paused_at = null, paused_reason = null, paused_by = null,
    breaker_opened_at = null, breaker_open_until = null, breaker_reason = null,
    breaker_failed_tests = 0, breaker_code = null, breaker_prefixes = null,
    breaker_counts_since = case when breaker_open_until is null then breaker_counts_since
      else clock_timestamp() end
  where account_sid = $1`;
