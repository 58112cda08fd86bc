-- Writes what became of a placement, and updates the circuit breaker. Returns `settled`: false if there is no
-- such claim; `breaker`: how the breaker changed, or null; `isSameFault`: the breaker is open for the code of this answer.
create or replace function settle_placement(settlement jsonb) returns jsonb language plpgsql as $$
declare
  journaled placements;
  control dialing_control;
  rule jsonb := settlement -> 'breaker';
  -- Null: the settlement says nothing about the provider.
  is_provider_failure boolean := settlement ->> 'providerFailed';
  -- Twilio refused the account, not the call: every other call would be refused too.
  is_account_trouble boolean := coalesce((settlement ->> 'accountTrouble')::boolean, false);
  -- A code with which Twilio refuses every call of the account alike, until somebody fixes it.
  repeated_code text := settlement ->> 'accountFaultCode';
  -- The code speaks of the country of the number: what its numbers begin with.
  country_prefix text := settlement ->> 'accountFaultPrefix';
  concerns_breaker boolean;
  -- What the account's owner fixes is tested sooner than what only time heals.
  first_seconds double precision := case when not is_account_trouble and repeated_code is null
    then (rule ->> 'openSeconds')::float8 end;
  is_news boolean;
  made_no_call boolean;
  is_in_flight_again boolean;
  settled_now timestamptz;
  sample_size integer;
  failure_count integer;
  opened_because text;
  held_prefixes text[];
  is_same_fault boolean := false;
  change jsonb;
begin
  select * into journaled from placements where call_id = settlement ->> 'callId'
    and attempt = (settlement ->> 'attempt')::integer and placement = (settlement ->> 'placement')::integer;
  if not found then return jsonb_build_object('settled', false, 'breaker', null); end if;
  -- Locks the account before the placement's row, in the order of claim_placement. A request that went well
  -- matters only to a breaker that is open.
  concerns_breaker := is_provider_failure is not null and (is_account_trouble or repeated_code is not null
    or (is_provider_failure and jsonb_typeof(rule) = 'object') or exists (
      select from dialing_control where account_sid = journaled.account_sid and breaker_opened_at is not null));
  if concerns_breaker then
    perform lock_account(journaled.account_sid);
    select * into control from dialing_control where account_sid = journaled.account_sid;
    -- Open for other countries only: then this answer says nothing about why.
    if not is_held(control, journaled.to_number) then
      control.breaker_opened_at := null;
    end if;
  end if;

  select * into journaled from placements where call_id = journaled.call_id and attempt = journaled.attempt
    and placement = journaled.placement for update;
  settled_now := clock_timestamp();
  -- 'abandoned' was written without knowing, so any other result replaces it. A SID replaces everything
  -- except another SID.
  is_news := settlement ->> 'result' is not null and journaled.call_sid is null
    and (journaled.result is null or journaled.result = 'abandoned' or settlement ->> 'callSid' is not null);
  made_no_call := is_news and settlement ->> 'result' <> 'created';
  -- The placement was taken for ended, but its call exists, and neither the call nor the attempt has its
  -- outcome yet.
  is_in_flight_again := is_news and not made_no_call and journaled.ended_at is not null
    and not exists (select from calls where call_id = journaled.call_id and document is not null)
    and not exists (select from attempts where call_id = journaled.call_id and number = journaled.attempt
      and outcome is not null);
  update placements set
    result = case when is_news then settlement ->> 'result' else result end,
    call_sid = case when is_news then settlement ->> 'callSid' else call_sid end,
    detail = case when is_news then settlement -> 'detail' else detail end,
    settled_at = case when is_news then settled_now else settled_at end,
    ended_at = case when made_no_call then coalesce(ended_at, settled_now) when is_in_flight_again then null
      else ended_at end,
    responded_at = case when is_provider_failure is null then responded_at else coalesce(responded_at, settled_now) end,
    provider_failed = provider_failed or coalesce(is_provider_failure, false)
  where call_id = journaled.call_id and attempt = journaled.attempt and placement = journaled.placement;
  if not concerns_breaker then return jsonb_build_object('settled', true, 'breaker', null); end if;

  if control.breaker_opened_at is not null then
    is_same_fault := coalesce(control.breaker_code = repeated_code, false);
    -- Only a placement claimed to test the provider says anything new.
    if journaled.claimed_at >= control.breaker_open_until then
      if is_provider_failure or is_same_fault then
        update dialing_control set breaker_failed_tests = breaker_failed_tests + 1,
          breaker_open_until = settled_now + breaker_open_time(first_seconds, breaker_failed_tests + 1)
          where account_sid = journaled.account_sid;
      else
        update dialing_control set breaker_opened_at = null, breaker_open_until = null, breaker_reason = null,
          breaker_failed_tests = 0, breaker_code = null, breaker_prefixes = null, breaker_counts_since = settled_now
          where account_sid = journaled.account_sid;
        change := jsonb_build_object('change', 'closed');
      end if;
    end if;
  elsif is_account_trouble then
    opened_because := format('Twilio refuses the account: %s', settlement ->> 'why');
  elsif repeated_code is not null then
    -- As many calls in a row as it takes to tell a fault of the account from a fault of one number.
    select count(*) into failure_count from (
      select result, detail from (
        select to_number, result, detail, responded_at from placements
        where account_sid = journaled.account_sid and responded_at is not null
          and claimed_at >= coalesce(control.breaker_counts_since, '-infinity')
        order by responded_at desc limit 500) as answered
      where country_prefix is null or starts_with(to_number, country_prefix)
      order by responded_at desc limit 5) as latest
      where result = 'refused' and detail ->> 'code' = repeated_code;
    if failure_count = 5 then
      held_prefixes := case when country_prefix is not null then array_append(control.breaker_prefixes, country_prefix) end;
      opened_because := format('Twilio refused the last 5 calls%s with the same code: %s',
        ' to ' || array_to_string(held_prefixes, ', to '), settlement ->> 'why');
      is_same_fault := true;
    end if;
  elsif jsonb_typeof(rule) = 'object' then
    select count(*), count(*) filter (where provider_failed) into sample_size, failure_count from (
      select provider_failed from placements where account_sid = journaled.account_sid
        and responded_at > settled_now - make_interval(secs => (rule ->> 'withinSeconds')::float8)
        and claimed_at >= coalesce(control.breaker_counts_since, '-infinity')
      order by responded_at desc limit (rule ->> 'latest')::integer) as latest;
    if sample_size >= (rule ->> 'least')::integer and failure_count >= sample_size * (rule ->> 'share')::float8 then
      opened_because := format('%s of the last %s calls could not be placed; the last: %s',
        failure_count, sample_size, settlement ->> 'why');
    end if;
  end if;

  if opened_because is not null then
    insert into dialing_control (account_sid, breaker_opened_at, breaker_open_until, breaker_reason, breaker_code, breaker_prefixes)
      values (journaled.account_sid, settled_now, settled_now + breaker_open_time(first_seconds, 0), opened_because, repeated_code,
        held_prefixes)
      on conflict (account_sid) do update set breaker_opened_at = excluded.breaker_opened_at,
        breaker_open_until = excluded.breaker_open_until, breaker_reason = excluded.breaker_reason,
        breaker_failed_tests = 0, breaker_code = excluded.breaker_code, breaker_prefixes = excluded.breaker_prefixes;
    change := jsonb_build_object('change', 'opened', 'reason', opened_because, 'prefixes', to_jsonb(held_prefixes));
  end if;
  if is_same_fault then
    -- For a later execution of this placement: the refusal says nothing of the number.
    update placements set detail = detail || jsonb_build_object('everyCall', true)
      where call_id = journaled.call_id and attempt = journaled.attempt and placement = journaled.placement
        and result = 'refused' and jsonb_typeof(detail) = 'object';
  end if;
  return jsonb_build_object('settled', true, 'breaker', change, 'isSameFault', is_same_fault);
end $$;
