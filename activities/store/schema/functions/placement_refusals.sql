-- Every reason of the moment for which a create request may not be sent, in the order of docs/limits.md. Whoever
-- is `claiming` needs the first one only, and holds the lock of the account; then claims that are over are closed
-- on the way. Otherwise nothing is written. ClaimRequest and ClaimResult: see placementJournal.ts.
create or replace function placement_refusals(request jsonb, pacing account_pacing, claiming boolean) returns setof jsonb
language plpgsql as $$
declare
  this_call text collate "C" := request ->> 'callId';
  account text := request ->> 'accountSid';
  callee text := request ->> 'to';
  -- Of the same telephone: see below.
  spellings text[];
  caller text := request ->> 'from';
  at_once boolean := coalesce((request ->> 'atOnce')::boolean, false);
  abandoned_after interval := make_interval(secs => (request ->> 'abandonedAfterSeconds')::float8);
  control dialing_control;
  limits jsonb;
  other placements;
  listed do_not_call;
  invalid invalid_numbers;
  checked_at timestamptz;
  max_allowed integer;
  placed_count integer;
  earliest_at timestamptz;
  has_unclear boolean;
  wait_seconds double precision;
begin
  select * into control from dialing_control where account_sid = account;
  limits := limits_in_force(request -> 'limits', control);
  checked_at := clock_timestamp();
  if control.paused_at is not null then
    return next jsonb_build_object('claimed', false, 'by', 'paused', 'reason', control.paused_reason);
    if claiming then
      return;
    end if;
  end if;
  -- Open; or half-open, and another placement is testing the provider.
  if is_held(control, callee) and (at_once or control.breaker_open_until > checked_at or exists (
    select from placements where account_sid = account and claimed_at >= control.breaker_open_until
      and claimed_at > checked_at - interval '1 minute' and responded_at is null and ended_at is null
      and is_held(control, to_number))) then
    return next jsonb_build_object('claimed', false, 'by', 'breaker', 'reason', control.breaker_reason,
      'prefixes', to_jsonb(control.breaker_prefixes));
    if claiming then
      return;
    end if;
  end if;

  -- The callee as it is dialed, as it was requested, and as any call has had it: Lookup spells it otherwise.
  spellings := array(select callee
    union select request ->> 'requestedTo' where request ->> 'requestedTo' is not null
    union select to_number from placements where requested_number = callee
    union select requested_number from placements where to_number = callee and requested_number is not null);
  select * into listed from do_not_call
    where to_number = any(spellings) and (expires_at is null or expires_at > checked_at)
    order by to_number <> callee limit 1;
  if found then
    return next jsonb_build_object('claimed', false, 'by', 'do-not-call', 'reason', listed.reason, 'source', listed.source);
    if claiming then
      return;
    end if;
  end if;
  if (request ->> 'rememberInvalidSeconds')::float8 > 0 then
    select * into invalid from invalid_numbers where to_number = callee
      and seen_at > checked_at - make_interval(secs => (request ->> 'rememberInvalidSeconds')::float8)
      -- A newer Lookup overrides an older one. What a create request has shown stands.
      and not (source = 'lookup' and (request ->> 'lookupSaysValid')::boolean);
    if found then
      return next jsonb_build_object('claimed', false, 'by', 'known-invalid', 'source', invalid.source, 'code', invalid.code,
        'message', invalid.message, 'callId', invalid.call_id, 'seenAt', iso_time(invalid.seen_at));
      if claiming then
        return;
      end if;
    end if;
  end if;

  if claiming then
    -- A call that places again is done with what it placed before, even if that could not be written.
    perform end_placements(this_call, before_attempt => (request ->> 'attempt')::integer,
      before_placement => (request ->> 'placement')::integer);
    -- A claim that stayed open for so long belongs to a call that is gone.
    update placements set result = 'abandoned', settled_at = checked_at, ended_at = coalesce(ended_at, checked_at)
      where account_sid = account and to_number = any(spellings) and from_number = caller and result is null
        and claimed_at < checked_at - abandoned_after;
  end if;

  max_allowed := (limits ->> 'callsPerNumber')::integer;
  if max_allowed is not null and not (request ->> 'parallel')::boolean then
    select * into other from placements where account_sid = account and to_number = any(spellings) and ended_at is null
      and claimed_at > checked_at - longest_in_flight() and call_id <> this_call
      order by claimed_at offset max_allowed - 1 limit 1;
    if found then
      return next jsonb_build_object('claimed', false, 'by', 'number-in-flight', 'callId', other.call_id, 'limit', max_allowed);
      if claiming then
        return;
      end if;
    end if;
  end if;
  select * into other from placements
    where account_sid = account and to_number = any(spellings) and from_number = caller and result is null
      and claimed_at >= checked_at - abandoned_after
    limit 1;
  if found then
    return next jsonb_build_object('claimed', false, 'by', 'pair-in-progress', 'callId', other.call_id);
    if claiming then
      return;
    end if;
  end if;

  max_allowed := (limits ->> 'contacts')::integer;
  if max_allowed is not null then
    select count(*), min(claimed_at), bool_or(call_sid is null) into placed_count, earliest_at, has_unclear from (
      select claimed_at, call_sid from placements where account_sid = account and to_number = any(spellings)
        and claimed_at > checked_at - make_interval(secs => (limits ->> 'contactsSeconds')::float8)
        and (call_sid is not null or ended_at is null)
      order by claimed_at desc limit max_allowed) as latest;
    if placed_count >= max_allowed then
      return next jsonb_build_object('claimed', false, 'by', 'contact-limit', 'limit', max_allowed,
        'seconds', (limits ->> 'contactsSeconds')::integer,
        -- Null while one of the placements may still turn out to have made no call.
        'until', case when not has_unclear then
          iso_time(earliest_at + make_interval(secs => (limits ->> 'contactsSeconds')::float8)) end);
      if claiming then
        return;
      end if;
    end if;
  end if;

  max_allowed := (limits ->> 'callsInFlight')::integer;
  if at_once then
    -- The places that become free are for the calls in the dial queue.
    max_allowed := max_allowed - greatest(1, max_allowed / 10);
  end if;
  if max_allowed is not null then
    select count(*) into placed_count from (select from placements where account_sid = account and ended_at is null
      and claimed_at > checked_at - longest_in_flight() limit max_allowed) as in_flight;
    if placed_count >= max_allowed then
      return next jsonb_build_object('claimed', false, 'by', 'account-limit', 'limit', max_allowed);
      if claiming then
        return;
      end if;
    end if;
  end if;

  checked_at := clock_timestamp();
  wait_seconds := greatest(0, extract(epoch from
    next_send_time(pacing, send_spacing((limits ->> 'callsPerSecond')::float8), checked_at) - checked_at));
  if wait_seconds > (request ->> 'sendWithinSeconds')::float8 or (at_once and wait_seconds > 0) then
    return next jsonb_build_object('claimed', false, 'by', 'rate-limit', 'waitSeconds', wait_seconds,
      'callsPerSecond', (limits ->> 'callsPerSecond')::float8);
  end if;
end $$;
