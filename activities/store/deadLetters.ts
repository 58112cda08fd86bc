import type { Notification } from '../../workflows/callActivities.js';
import { type Database, iso, json, type Parameter } from './database/database.js';
import { cursorAfter, readCursor } from './database/pageCursor.js';

/**
 * A notification that no receiver accepted, by its `webhook-id`. Times are ISO 8601 UTC, by the database's
 * clock.
 */
export interface DeadLetter {
  id: string;
  callId: string;
  type: Notification['type'];
  /** The client's whole `notifyUrl`. */
  url: string;
  /** `delivered`: it was sent again and accepted. */
  state: 'dead' | 'delivered';
  /** Why the last try failed. */
  error: string;
  failedAt: string;
  /** How often an operator had it sent again, and when last. */
  resends: number;
  resentAt: string | null;
  deliveredAt: string | null;
}

/** Notifications that no receiver accepted. */
export interface DeadLetters {
  /** Keeps a dead letter. One that is kept already gets the new error. A delivered one stays delivered. */
  saveDeadLetter(letter: { id: string; notification: Notification; error: string }): Promise<void>;

  /** Records that a receiver accepted it after all; ignored when there is no such letter. */
  markDeadLetterDelivered(id: string): Promise<void>;

  /** Records that an operator has it sent again. */
  markDeadLetterResent(id: string): Promise<void>;

  /** The letter, and the notification to send; null when there is none of this id. */
  findDeadLetter(id: string): Promise<{ letter: DeadLetter; notification: Notification } | null>;

  /** Newest first by `failedAt`, then by id. `cursor` comes from an earlier page. Throws `InvalidCursor`. */
  listDeadLetters(
    filter: DeadLetterFilter,
  ): Promise<{ deadLetters: DeadLetter[]; nextCursor: string | null }>;
}

export interface DeadLetterFilter {
  callId?: string;
  state?: DeadLetter['state'];
  /** 1..200. */
  limit: number;
  cursor?: string;
}

/** The rows of dead letters. */
export function deadLetterRows(db: Database): DeadLetters {
  return {
    async saveDeadLetter({ id, notification, error }) {
      const { callId, url, type, payload } = notification;
      await db.query(saveDeadLetter, [id, callId, url, type, json(payload), error]);
    },

    async markDeadLetterDelivered(id) {
      await db.query(markDeadLetterDelivered, [id]);
    },

    async markDeadLetterResent(id) {
      await db.query(markDeadLetterResent, [id]);
    },

    async findDeadLetter(id) {
      const [row] = await db.query<DeadLetter & { payload: unknown }>(
        `select ${letterColumns}, payload from dead_letters where id = $1`,
        [id],
      );
      if (!row) return null;
      const { payload, ...letter } = row;
      const { callId, url, type } = letter;
      return { letter, notification: { callId, url, id, type, payload } as Notification };
    },

    async listDeadLetters(filter) {
      const { conditions, parameters } = conditionsOf(filter);
      const rows = await db.query<DeadLetter>(
        `select ${letterColumns} from dead_letters
         ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
         order by failed_at desc, id desc limit ${limitOf(filter) + 1}`,
        parameters,
      );
      const page = rows.slice(0, filter.limit);
      const last = page.at(-1);
      return {
        deadLetters: page,
        nextCursor: rows.length > page.length && last ? cursorAfter(last.failedAt, last.id) : null,
      };
    },
  };
}

const letterColumns = `id, call_id as "callId", type, url,
  case when delivered_at is null then 'dead' else 'delivered' end as state, error,
  ${iso('failed_at')} as "failedAt", resends,
  ${iso('resent_at')} as "resentAt", ${iso('delivered_at')} as "deliveredAt"`;

const saveDeadLetter = `
  insert into dead_letters as known (id, call_id, url, type, payload, error)
  values ($1, $2, $3, $4, $5::json, $6)
  on conflict (id) do update set error = excluded.error, failed_at = excluded.failed_at
  where known.delivered_at is null`;

const markDeadLetterDelivered = `
  update dead_letters set delivered_at = clock_timestamp() where id = $1 and delivered_at is null`;

const markDeadLetterResent = `
  update dead_letters set resends = resends + 1, resent_at = clock_timestamp() where id = $1`;

function conditionsOf(filter: DeadLetterFilter): { conditions: string[]; parameters: Parameter[] } {
  const conditions: string[] = [];
  const parameters: Parameter[] = [];
  const place = (value: Parameter) => `$${parameters.push(value)}`;

  if (filter.callId !== undefined) conditions.push(`call_id = ${place(filter.callId)}`);
  if (filter.state !== undefined)
    conditions.push(`delivered_at is ${filter.state === 'dead' ? 'null' : 'not null'}`);
  if (filter.cursor !== undefined) {
    const [failedAt, id] = readCursor(filter.cursor, 'dead letters');
    conditions.push(`(failed_at, id) < (${place(failedAt)}::timestamptz, ${place(id)}::text)`);
  }
  return { conditions, parameters };
}

function limitOf({ limit }: DeadLetterFilter): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new RangeError(`A page of dead letters has 1 to 200 of them, not ${limit}.`);
}
