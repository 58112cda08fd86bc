-- Ends placements of a call: they are in flight no longer. One that nobody could settle becomes 'abandoned';
-- a result and times already written stay. Without further arguments every placement of the call;
-- `of_attempt`: only those of one attempt (attempts count from 1, so 0 ends none); `before_attempt` and
-- `before_placement`: only those before that one.
create or replace function end_placements(
  of_call text,
  of_attempt integer default null,
  before_attempt integer default null,
  before_placement integer default null
) returns void language plpgsql as $$
begin
  update placements set
    result = coalesce(result, 'abandoned'),
    settled_at = coalesce(settled_at, clock_timestamp()),
    ended_at = coalesce(ended_at, clock_timestamp())
  where call_id = of_call and (result is null or ended_at is null)
    and (of_attempt is null or attempt = of_attempt)
    and (before_attempt is null or (attempt, placement) < (before_attempt, before_placement));
end $$;
