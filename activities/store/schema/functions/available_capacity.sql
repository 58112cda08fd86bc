-- How many placements could be claimed now or within `withinSeconds`. Claims nothing and locks nothing.
-- Capacity: see placements/dialLimits.ts. `now`: the database's clock, in seconds since 1970.
create or replace function available_capacity(request jsonb) returns jsonb language plpgsql as $$
declare
  account text := request ->> 'accountSid';
  within_seconds double precision := request ->> 'withinSeconds';
  control dialing_control;
  stopped jsonb;
  limits jsonb;
  pacing account_pacing;
  spacing_now interval;
  seconds_ahead double precision := 0;
  available integer;
  max_allowed integer;
  in_flight_count integer;
  checked_at timestamptz := clock_timestamp();
begin
  select * into control from dialing_control where account_sid = account;
  stopped := case
    when control.paused_at is not null then jsonb_build_object('by', 'paused', 'reason', control.paused_reason, 'isTesting', false)
    when control.breaker_opened_at is not null and control.breaker_prefixes is null then jsonb_build_object('by', 'breaker', 'reason', control.breaker_reason,
      -- Half-open, and no placement is testing the provider: as in claim_placement.
      'isTesting', control.breaker_open_until <= checked_at and not exists (
        select from placements where account_sid = account and claimed_at >= control.breaker_open_until
          and claimed_at > checked_at - interval '1 minute' and responded_at is null and ended_at is null))
  end;
  if stopped is not null then
    return jsonb_build_object('stopped', stopped, 'available', null, 'waitSeconds', 0,
      'now', extract(epoch from checked_at));
  end if;

  limits := limits_in_force(request -> 'limits', control);
  spacing_now := send_spacing((limits ->> 'callsPerSecond')::float8);
  select * into pacing from account_pacing where account_sid = account;
  if found then
    seconds_ahead := extract(epoch from next_send_time(pacing, spacing_now, checked_at) - checked_at);
  end if;
  available := case when seconds_ahead > within_seconds then 0
    else floor((within_seconds - seconds_ahead) / extract(epoch from spacing_now)) + 1 end;

  max_allowed := (limits ->> 'callsInFlight')::integer;
  if available > 0 and max_allowed is not null then
    select count(*) into in_flight_count from (select from placements where account_sid = account and ended_at is null
      and claimed_at > checked_at - longest_in_flight() limit max_allowed) as in_flight;
    available := least(available, max_allowed - in_flight_count);
  end if;
  return jsonb_build_object('stopped', null, 'heldBecause', case when control.breaker_opened_at is not null then
      control.breaker_reason end, 'available', available,
    'waitSeconds', greatest(0, seconds_ahead - within_seconds), 'now', extract(epoch from checked_at));
end $$;
