import { type Database, iso, type Parameter, type Sql } from '../database/database.js';
import {
  InvalidCursor,
  type NumberPage,
  pageOf,
  readNumberCursor,
  rowsToRead,
} from '../database/pageCursor.js';
import { StoreUnavailable } from '../database/storeError.js';

/** A number that must not be called. */
export interface DoNotCallEntry {
  /** E.164. */
  to: string;
  /** As it was given; empty when none was. */
  reason: string;
  /** What put it there. */
  source: DoNotCallSource;
  /** The name of the token of the client that did; null when the API has none, and of an opt-out. */
  addedBy: string | null;
  /** ISO 8601: since when the number has been on the list without a break. */
  addedAt: string;
  /** ISO 8601; null: for good. */
  expiresAt: string | null;
  /** By the database's clock. The number may be called again; the entry stays until it is purged. */
  expired: boolean;
}

/** `opt-out`: the callee's own wish, learned from a call. */
export const doNotCallSources = ['api', 'csv', 'opt-out'] as const;
export type DoNotCallSource = (typeof doNotCallSources)[number];

/** A number that somebody took off the list. */
export interface DoNotCallRemoval {
  to: string;
  /** ISO 8601. */
  removedAt: string;
  /** The name of the client's token; null when the API has none. */
  removedBy: string | null;
  /** Reason, source, `addedBy` and `addedAt` of the entry that was removed. */
  reason: string;
  source: DoNotCallSource;
  addedBy: string | null;
  addedAt: string;
}

export interface NewDoNotCallEntry {
  to: string;
  reason: string;
  expiresAt: string | null;
}

interface AddedFrom {
  source: DoNotCallSource;
  addedBy?: string | null | undefined;
}

/** The do-not-call list of the store. It holds for every account and every caller id. */
export interface DoNotCallList {
  /**
   * Puts a number on the list, and returns its entry. Adding never shortens: of the old and the new entry,
   * the one that expires later stays, and the new one if both expire together. `addedAt` stays unless the old
   * entry had expired. If both expire together, `source` and `addedBy` stay, and `reason` too if the new one is
   * empty.
   */
  addToDoNotCall(entry: NewDoNotCallEntry & AddedFrom): Promise<DoNotCallEntry>;

  /**
   * Puts many numbers on the list, all or none, each as `addToDoNotCall` does. A number may come more than
   * once. `added`: how many had no entry before, not even an expired one.
   */
  addAllToDoNotCall(
    entries: readonly NewDoNotCallEntry[],
    source: DoNotCallSource,
    addedBy?: string | null,
  ): Promise<{ added: number }>;

  /** Removes a number from the list, and records by whom; false when it had no entry. */
  removeFromDoNotCall(to: string, removedBy: string | null): Promise<boolean>;

  /** Who took numbers off the list, newest first. `cursor` comes from an earlier page. Throws `InvalidCursor`. */
  listDoNotCallRemovals(filter: {
    limit: number;
    cursor?: string;
    /** Only removals of this number. */
    to?: string;
  }): Promise<{ removals: DoNotCallRemoval[]; nextCursor: string | null }>;

  /** The entry of a number, expired or not; null when there is none. */
  findDoNotCall(to: string): Promise<DoNotCallEntry | null>;

  /** Entries by number. `cursor` comes from an earlier page. Throws `InvalidCursor`. */
  listDoNotCall(
    filter: NumberPage & {
      reason?: string;
      source?: DoNotCallSource;
      /** Entries that have expired, or those that hold; both when absent. */
      expired?: boolean;
    },
  ): Promise<{ entries: DoNotCallEntry[]; nextCursor: string | null }>;

  /** Deletes expired entries, and returns how many. */
  purgeDoNotCall(): Promise<number>;
}

/** How many numbers go into one statement. */
const entriesPerStatement = 5_000;
/** Any number. Imports wait for each other: two that write the same numbers could deadlock. */
const importLock = 7_464_627_884;

/** The do-not-call list. */
export function doNotCallRows(db: Database): DoNotCallList {
  async function findDoNotCall(to: string): Promise<DoNotCallEntry | null> {
    const [row] = await db.query<DoNotCallEntry>(`select ${columns} from do_not_call where to_number = $1`, [
      to,
    ]);
    return row ?? null;
  }

  return {
    async addToDoNotCall({ source, addedBy, ...entry }) {
      await writeEntries(db, [entry], { source, addedBy });
      const saved = await findDoNotCall(entry.to);
      if (saved) return saved;
      throw new StoreUnavailable(
        `${entry.to} was removed from the do-not-call list at the same moment. Try again.`,
      );
    },

    async addAllToDoNotCall(entries, source, addedBy) {
      const from = { source, addedBy };
      if (entries.length <= entriesPerStatement) return { added: await writeEntries(db, entries, from) };
      return db.transaction(async (sql) => {
        await sql.query(`select pg_advisory_xact_lock(${importLock})::text`);
        let added = 0;
        for (let first = 0; first < entries.length; first += entriesPerStatement)
          added += await writeEntries(sql, entries.slice(first, first + entriesPerStatement), from);
        return { added };
      });
    },

    async removeFromDoNotCall(to, removedBy) {
      const removed = await db.query(removeEntry, [to, removedBy]);
      return removed.length > 0;
    },

    async listDoNotCallRemovals({ limit, cursor, to }) {
      const before = cursor === undefined ? null : readRemovalCursor(cursor);
      const rows = await db.query<DoNotCallRemoval & { no: string }>(listRemovals, [
        to ?? null,
        before,
        limit + 1,
      ]);
      const page = rows.slice(0, limit);
      return {
        removals: page.map(({ no: _no, ...removal }) => removal),
        nextCursor: rows.length > limit ? (page.at(-1)?.no ?? null) : null,
      };
    },

    findDoNotCall,

    async listDoNotCall(filter) {
      const parameters: Parameter[] = [];
      const place = (value: Parameter) => `$${parameters.push(value)}`;
      const conditions = ['true'];
      if (filter.reason !== undefined) conditions.push(`reason = ${place(filter.reason)}`);
      if (filter.source !== undefined) conditions.push(`source = ${place(filter.source)}`);
      if (filter.expired !== undefined) conditions.push(filter.expired ? hasExpired : `not ${hasExpired}`);
      if (filter.cursor !== undefined)
        conditions.push(`to_number > ${place(readNumberCursor(filter.cursor))}::text`);
      const rows = await db.query<DoNotCallEntry>(
        `select ${columns} from do_not_call where ${conditions.join(' and ')}
         order by to_number limit ${rowsToRead(filter)}`,
        parameters,
      );
      const { page, nextCursor } = pageOf(rows, filter);
      return { entries: page, nextCursor };
    },

    async purgeDoNotCall() {
      const [row] = await db.query<{ count: number }>(
        `with purged as (delete from do_not_call where ${hasExpired} returning 1)
         select count(*)::integer as count from purged`,
      );
      return row?.count ?? 0;
    },
  };
}

function readRemovalCursor(cursor: string): string {
  if (/^\d{1,18}$/.test(cursor)) return cursor;
  throw new InvalidCursor('This cursor is not from a page of removals. Start again without a cursor.');
}

const removeEntry = `
  with removed as (delete from do_not_call where to_number = $1 returning *)
  insert into do_not_call_removals (to_number, removed_by, reason, source, added_by, added_at)
  select to_number, $2, reason, source, added_by, added_at from removed returning 1`;

const listRemovals = `
  select removal_no::text as no, to_number as "to", ${iso('removed_at')} as "removedAt", removed_by as "removedBy",
    reason, source, added_by as "addedBy", ${iso('added_at')} as "addedAt"
  from do_not_call_removals
  where ($1::text is null or to_number = $1) and ($2::bigint is null or removal_no < $2::bigint)
  order by removal_no desc limit $3::integer`;

async function writeEntries(
  sql: Sql,
  entries: readonly NewDoNotCallEntry[],
  { source, addedBy = null }: AddedFrom,
): Promise<number> {
  const [row] = await sql.query<{ added: number }>(upsertEntries, [
    entries.map(({ to }) => to),
    entries.map(({ reason }) => reason),
    entries.map(({ expiresAt }) => expiresAt ?? ''),
    source,
    addedBy,
  ]);
  return row?.added ?? 0;
}

const hasExpired = '(expires_at is not null and expires_at <= clock_timestamp())';
const columns = `to_number as "to", reason, source, added_by as "addedBy", ${iso('added_at')} as "addedAt",
  ${iso('expires_at')} as "expiresAt", ${hasExpired} as expired`;

const until = (row: string) => `coalesce(${row}.expires_at, 'infinity')`;

/** The new entry takes the place of the old one, and not only its reason. */
const isAnother = `(old.expires_at <= clock_timestamp() or ${until('excluded')} > ${until('old')})`;

// A statement may write each row once: of a number that comes twice, the entry that expires last, then the
// last one in the list. A row with xmax 0 was inserted, not updated.
const upsertEntries = `
  with given as (
    select distinct on (to_number) to_number, reason, nullif(expires_at, '')::timestamptz as expires_at
    from unnest($1::text[], $2::text[], $3::text[]) with ordinality as entry (to_number, reason, expires_at, nth)
    order by to_number, nullif(expires_at, '')::timestamptz desc nulls first, nth desc
  ), written as (
    insert into do_not_call as old (to_number, reason, source, added_by, expires_at)
    select to_number, reason, $4, $5, expires_at from given
    on conflict (to_number) do update
      set reason = case when excluded.reason <> '' or old.expires_at <= clock_timestamp()
          then excluded.reason else old.reason end,
        source = case when ${isAnother} then excluded.source else old.source end,
        added_by = case when ${isAnother} then excluded.added_by else old.added_by end,
        expires_at = excluded.expires_at,
        added_at = case when old.expires_at <= clock_timestamp() then excluded.added_at else old.added_at end
      where ${until('excluded')} >= ${until('old')}
    returning xmax = 0 as added
  )
  select (count(*) filter (where added))::integer as added from written`;
