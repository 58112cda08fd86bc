-- How long a placement counts as in flight at most, even if nobody ever learns how its call ended. See
-- docs/limits.md.
create or replace function longest_in_flight() returns interval language sql immutable as $$
  select interval '26 hours'
$$;
