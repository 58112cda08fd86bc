-- How long the circuit breaker stays open before the next test: at first so many seconds, two if null, and twice as
-- long after each test that failed, up to a minute.
create or replace function breaker_open_time(first_seconds double precision, failed_tests integer) returns interval
language sql immutable as $$
  select make_interval(secs => greatest(first_seconds, least(60, coalesce(first_seconds, 2) * 2 ^ least(failed_tests, 6))))
$$;
