import type { Breaker, DialControl, DialLimits, Dialling } from '../dialControl.js';
import { type Database, iso } from './database.js';

/** Each limit and its column. */
const columns: Record<keyof DialLimits, string> = {
  callsPerSecond: 'calls_per_second',
  callsInFlight: 'calls_in_flight',
  contactsPerNumber: 'contacts_per_number',
  contactsPeriodSeconds: 'contacts_period_seconds',
  callsPerNumber: 'calls_per_number',
};
const limits = Object.keys(columns) as (keyof DialLimits)[];

/** The control of dialling. One row an account, which is there once somebody has set something. */
export function dialControl(db: Database): DialControl {
  return {
    async readDialling({ accountSid }) {
      const [row] = await db.query<DiallingRow>(readDialling, [accountSid]);
      if (!row) throw new Error(`The database did not say how dialling stands for ${accountSid}.`);
      const { pausedAt, pausedReason, state, openedAt, openUntil, breakerReason, inFlight, nextSlotAt } = row;
      return {
        limits: Object.fromEntries(limits.map((name) => [name, row[name]])) as unknown as DialLimits,
        paused: pausedAt === null ? null : { since: pausedAt, reason: pausedReason },
        breaker: { state, openedAt, openUntil, reason: breakerReason },
        inFlight,
        nextSlotAt,
      };
    },

    async setDialLimits({ accountSid, limits: given }) {
      const set = limits.filter((name) => given[name] !== undefined);
      if (set.length === 0) return;
      await db.query(
        `insert into dial_control (account_sid, ${set.map((name) => columns[name]).join(', ')})
         values ($1, ${set.map((_, nth) => `$${nth + 2}`).join(', ')})
         on conflict (account_sid) do update
           set ${set.map((name) => `${columns[name]} = excluded.${columns[name]}`).join(', ')}`,
        [accountSid, ...set.map((name) => given[name] ?? null)],
      );
    },

    async pauseDialling({ accountSid, reason }) {
      await db.query(pauseDialling, [accountSid, reason]);
    },

    async resumeDialling({ accountSid }) {
      await db.query(resumeDialling, [accountSid]);
    },
  };
}

interface DiallingRow extends DialLimits {
  pausedAt: string | null;
  pausedReason: string | null;
  state: Breaker['state'];
  openedAt: string | null;
  openUntil: string | null;
  breakerReason: string | null;
  inFlight: Dialling['inFlight'];
  nextSlotAt: string | null;
}

const readDialling = `
  select ${limits.map((name) => `${columns[name]} as "${name}"`).join(', ')},
    ${iso('paused_at')} as "pausedAt", paused_reason as "pausedReason",
    case when breaker_open_until is null then 'closed'
      when breaker_open_until > clock_timestamp() then 'open' else 'trying' end as state,
    ${iso('breaker_opened_at')} as "openedAt", ${iso('breaker_open_until')} as "openUntil",
    breaker_reason as "breakerReason",
    (select count(*) from dials where account_sid = $1 and over_at is null)::integer as "inFlight",
    (select ${iso('next_at')} from dial_slots where account_sid = $1) as "nextSlotAt"
  from (select $1::text as account_sid) as asked left join dial_control using (account_sid)`;

const pauseDialling = `
  insert into dial_control as control (account_sid, paused_at, paused_reason)
  values ($1, clock_timestamp(), $2)
  on conflict (account_sid) do update
    set paused_at = coalesce(control.paused_at, excluded.paused_at),
      paused_reason = coalesce(excluded.paused_reason, control.paused_reason)`;

const resumeDialling = `
  update dial_control
  set paused_at = null, paused_reason = null,
    breaker_opened_at = null, breaker_open_until = null, breaker_reason = null,
    breaker_counts_since = case when breaker_open_until is null then breaker_counts_since
      else clock_timestamp() end
  where account_sid = $1`;
