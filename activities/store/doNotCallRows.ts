import type { DoNotCallEntry, DoNotCallList, DoNotCallSource, NewDoNotCallEntry } from './doNotCallList.js';
import { type Database, iso, type Parameter, type Sql } from './drivers/database.js';
import { pageOf, readNumberCursor, rowsToRead } from './numberPage.js';
import { StoreUnavailable } from './outcomeStore.js';

/** So many numbers go into one statement. */
const entriesPerStatement = 5_000;
/** Any number will do: imports wait for each other, since two that write the same numbers could block each other for good. */
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
    async addToDoNotCall({ source, ...entry }) {
      await writeEntries(db, [entry], source);
      const saved = await findDoNotCall(entry.to);
      if (saved) return saved;
      throw new StoreUnavailable('The number was taken off the list at the same moment. Try again.');
    },

    async addAllToDoNotCall(entries, source) {
      if (entries.length <= entriesPerStatement) return { added: await writeEntries(db, entries, source) };
      return db.transaction(async (sql) => {
        await sql.query(`select pg_advisory_xact_lock(${importLock})::text`);
        let added = 0;
        for (let from = 0; from < entries.length; from += entriesPerStatement)
          added += await writeEntries(sql, entries.slice(from, from + entriesPerStatement), source);
        return { added };
      });
    },

    async removeFromDoNotCall(to) {
      const removed = await db.query('delete from do_not_call where to_number = $1 returning 1', [to]);
      return removed.length > 0;
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

async function writeEntries(
  sql: Sql,
  entries: readonly NewDoNotCallEntry[],
  source: DoNotCallSource,
): Promise<number> {
  const [row] = await sql.query<{ added: number }>(upsertEntries, [
    entries.map(({ to }) => to),
    entries.map(({ reason }) => reason),
    entries.map(({ expiresAt }) => expiresAt ?? ''),
    source,
  ]);
  return row?.added ?? 0;
}

const hasExpired = '(expires_at is not null and expires_at <= clock_timestamp())';
const columns = `to_number as "to", reason, source, ${iso('added_at')} as "addedAt",
  ${iso('expires_at')} as "expiresAt", ${hasExpired} as expired`;

const until = (row: string) => `coalesce(${row}.expires_at, 'infinity')`;

// A statement may write each row once: of a number that comes twice, the entry that holds longest, then the last one.
// A row that no other transaction has touched is new.
const upsertEntries = `
  with given as (
    select distinct on (to_number) to_number, reason, nullif(expires_at, '')::timestamptz as expires_at
    from unnest($1::text[], $2::text[], $3::text[]) with ordinality as entry (to_number, reason, expires_at, nth)
    order by to_number, nullif(expires_at, '')::timestamptz desc nulls first, nth desc
  ), written as (
    insert into do_not_call as old (to_number, reason, source, expires_at)
    select to_number, reason, $4, expires_at from given
    on conflict (to_number) do update
      set reason = excluded.reason, source = excluded.source, expires_at = excluded.expires_at,
        added_at = case when old.expires_at <= clock_timestamp() then excluded.added_at else old.added_at end
      where ${until('excluded')} >= ${until('old')}
    returning xmax = 0 as added
  )
  select (count(*) filter (where added))::integer as added from written`;
