import type { Database } from './database/database.js';

/** What the store knows about the health of the whole. */
export interface HealthFacts {
  /** Notifications that no receiver has accepted: at most 1000 are counted. */
  deadLetters: number;
  /** How many of the newest calls of the last hour a callback decided: of at most 50. */
  byCallback: number;
  byPoll: number;
  /** Twilio's code, if the circuit breaker is open because Twilio refuses the account. */
  breakerCode: string | null;
}

export interface HealthFactsReader {
  readHealthFacts(input: { accountSid: string }): Promise<HealthFacts>;
}

/** Reads from indexes alone, however many calls there are. */
export function healthFactsRows(db: Database): HealthFactsReader {
  return {
    async readHealthFacts({ accountSid }) {
      const [row] = await db.query<HealthFacts>(readHealthFacts, [accountSid]);
      if (!row) throw new Error('The outcome store returned no health facts.');
      return row;
    },
  };
}

const readHealthFacts = `
  with decided as (
    select decided_by from calls
    where state = 'done' and started_at > clock_timestamp() - interval '1 hour'
    order by started_at desc, call_id desc limit 50)
  select
    (select count(*) from (select 1 from dead_letters where delivered_at is null limit 1000) as newest)::integer
      as "deadLetters",
    (select count(*) from decided where decided_by = 'webhook')::integer as "byCallback",
    (select count(*) from decided where decided_by = 'poll')::integer as "byPoll",
    (select breaker_code from dialing_control where account_sid = $1 and breaker_open_until is not null)
      as "breakerCode"`;
