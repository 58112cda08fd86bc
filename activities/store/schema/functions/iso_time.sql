-- A time as ISO 8601 UTC, exact to the microsecond: the one format of every time that leaves the database.
-- One expression, so that PostgreSQL inlines it.
create or replace function iso_time(moment timestamptz) returns text language sql stable as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;
