-- The distance between two create requests. Rounded up to PostgreSQL's microsecond: never more calls per
-- second than allowed.
create or replace function send_spacing(calls_per_second double precision) returns interval language sql immutable as $$
  select make_interval(secs => ceil(1000000 / calls_per_second) / 1000000)
$$;
