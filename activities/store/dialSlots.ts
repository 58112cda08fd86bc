import type { OutcomeStore } from '../outcomeStore.js';
import { type Database, iso } from './database.js';

/** The line for calls per second. One row an account, moved on by one statement: PostgreSQL puts the takers in line. */
export function dialSlots(db: Database): Pick<OutcomeStore, 'takeSlot' | 'secondsSince'> {
  return {
    async takeSlot({ accountSid, callsPerSecond }) {
      // Rounded up to PostgreSQL's microsecond: never more calls a second than asked for.
      const apart = Math.ceil(1_000_000 / callsPerSecond) / 1_000_000;
      const [slot] = await db.query<{ slot: string; waitSeconds: number }>(takeSlot, [accountSid, apart]);
      if (!slot) throw new Error(`No slot came back for ${accountSid}.`);
      return slot;
    },

    async secondsSince(slot) {
      const [row] = await db.query<{ seconds: number }>(
        'select extract(epoch from clock_timestamp() - $1::timestamptz)::float8 as seconds',
        [slot],
      );
      if (!row) throw new Error(`The database did not say how long ago ${slot} was.`);
      return row.seconds;
    },
  };
}

const takeSlot = `
  insert into dial_slots as line (account_sid, next_at)
  values ($1, clock_timestamp() + make_interval(secs => $2::float8))
  on conflict (account_sid) do update
    set next_at = greatest(line.next_at, clock_timestamp()) + make_interval(secs => $2::float8)
  returning ${iso('(next_at - make_interval(secs => $2::float8))')} as slot,
    greatest(0, extract(epoch from next_at - make_interval(secs => $2::float8) - clock_timestamp()))::float8
      as "waitSeconds"`;
