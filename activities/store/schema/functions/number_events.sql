-- Gives the oldest events without a position the next ones, at most `most`, and returns the newest position.
--
-- Only one caller at a time numbers, and the next one begins after the first has committed. So positions
-- become visible in their sequence: a reader that sees one has seen all before it. An event that commits later
-- gets a later position, however early its transaction began.
create or replace function number_events(most integer) returns bigint language plpgsql as $$
declare
  newest bigint;
  numbered bigint;
begin
  if not exists (select from events where position is null) then
    return (select last_position from event_numbering);
  end if;
  select last_position into newest from event_numbering for update;
  -- A statement of its own, because it must see what was committed while this one waited for the lock.
  with unnumbered as (
    select call_id, attempt, outcome, event_no from events
    where position is null order by event_no limit most
    -- Of a call that is being deleted.
    for update skip locked
  ), next as (
    select call_id, attempt, outcome, row_number() over (order by event_no) as n from unnumbered
  )
  update events e set position = newest + next.n
  from next where (e.call_id, e.attempt, e.outcome) = (next.call_id, next.attempt, next.outcome);
  get diagnostics numbered = row_count;
  update event_numbering set last_position = newest + numbered;
  return newest + numbered;
end $$;
