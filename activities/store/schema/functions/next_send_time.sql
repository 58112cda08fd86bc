-- When the next create request may be sent if requests are to be `new_spacing` apart: never before `checked_at`.
create or replace function next_send_time(pacing account_pacing, new_spacing interval, checked_at timestamptz)
returns timestamptz language sql immutable as $$
  select greatest(checked_at, pacing.next_send_at + (new_spacing - coalesce(pacing.spacing, new_spacing)))
$$;
