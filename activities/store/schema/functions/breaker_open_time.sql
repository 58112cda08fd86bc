-- How long the circuit breaker stays open before the next test: the rule's time, two seconds without a rule, doubled
-- with each test that failed, up to a minute.
create or replace function breaker_open_time(rule jsonb, failed_tests integer) returns interval
language sql immutable as $$
  select make_interval(secs => least(60, coalesce((rule ->> 'openSeconds')::float8, 2) * 2 ^ least(failed_tests, 6)))
$$;
