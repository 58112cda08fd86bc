-- When the next create request may be sent if requests are to be `new_spacing` apart: never before
-- `checked_at`. A claim waits for seconds, so a time more than a minute further ahead was written by a clock
-- that was ahead. It counts as now.
create or replace function next_send_time(pacing account_pacing, new_spacing interval, checked_at timestamptz)
returns timestamptz language sql immutable as $$
  select case when next.send_at > checked_at + new_spacing + interval '1 minute' then checked_at
    else greatest(checked_at, next.send_at) end
  from (select pacing.next_send_at + (new_spacing - coalesce(pacing.spacing, new_spacing)) as send_at) as next
$$;
