import { type Database, iso } from './database/database.js';

/** Somebody looked at the whole number of a call on the operations page. */
export interface NumberReveal {
  /** ISO 8601 UTC. */
  at: string;
  /** The name of the client's token; null when the API has none. */
  by: string | null;
}

/** Who looked at the whole number of which call. */
export interface NumberReveals {
  /** False if the call has no row, so that it cannot be recorded. */
  recordReveal(input: { callId: string; by: string | null }): Promise<boolean>;

  /** The newest 20 of a call, newest first. */
  listReveals(callId: string): Promise<NumberReveal[]>;
}

export function numberReveals(db: Database): NumberReveals {
  return {
    async recordReveal({ callId, by }) {
      const rows = await db.query(
        `insert into number_reveals (call_id, revealed_by)
         select call_id, $2 from calls where call_id = $1 returning reveal_no`,
        [callId, by],
      );
      return rows.length > 0;
    },

    async listReveals(callId) {
      return db.query<NumberReveal>(
        `select ${iso('revealed_at')} as at, revealed_by as by from number_reveals
         where call_id = $1 order by reveal_no desc limit 20`,
        [callId],
      );
    },
  };
}
