-- The distance that was kept behind the last slot, so that a change of the rate holds at once. Null: as configured.
alter table dial_slots add column apart interval;

-- When it was known how Twilio took the create, or that it could not be asked: what the circuit breaker goes by.
alter table dials add column answered_at timestamptz;
create index dials_answered on dials (account_sid, answered_at) where answered_at is not null;

drop index dials_in_flight;
create index dials_in_flight on dials (account_sid, to_number, claimed_at) where over_at is null;

-- So long a dial counts at most as in flight, whatever became of the call that made it (see docs/limits.md).
create function longest_in_flight() returns interval language sql immutable as $$ select interval '26 hours' $$;

-- The distance between two slots, rounded up to PostgreSQL's microsecond: never more calls a second than allowed.
create function slot_distance(calls_per_second double precision) returns interval language sql immutable as $$
  select make_interval(secs => ceil(1000000 / calls_per_second) / 1000000)
$$;

-- The limits in force: what the configuration says, unless operators set something else. 0: no limit.
create function limits_in_force(configured jsonb, control dial_control) returns jsonb language sql immutable as $$
  select jsonb_build_object(
    'callsPerSecond', coalesce(control.calls_per_second, (configured ->> 'callsPerSecond')::float8),
    'callsInFlight', nullif(coalesce(control.calls_in_flight, (configured ->> 'callsInFlight')::integer), 0),
    'callsPerNumber', nullif(coalesce(control.calls_per_number, (configured ->> 'callsPerNumber')::integer), 0),
    'contacts', nullif(coalesce(control.contacts_per_number, (configured #>> '{contactsPerNumber,count}')::integer), 0),
    'contactsSeconds', coalesce(control.contacts_period_seconds,
      (configured #>> '{contactsPerNumber,seconds}')::integer, 86400))
$$;

create function dial_entry(dial dials) returns jsonb language sql volatile as $$
  select jsonb_build_object('to', dial.to_number, 'from', dial.from_number, 'result', dial.result,
    'callSid', dial.call_sid, 'detail', dial.detail,
    'ageSeconds', extract(epoch from clock_timestamp() - dial.claimed_at)::float8)
$$;

-- Takes the row that stands for the account's line, and with it the right to decide: until the end of the
-- transaction nobody else decides for the account, and each later statement sees what everybody before has written.
create function enter_line(account text) returns dial_slots language plpgsql as $$
declare
  line dial_slots;
begin
  select * into line from dial_slots where account_sid = account for update;
  if not found then
    insert into dial_slots (account_sid, next_at) values (account, clock_timestamp()) on conflict do nothing;
    select * into line from dial_slots where account_sid = account for update;
  end if;
  return line;
end $$;

-- When the next slot is free, if slots are to lie so far apart.
create function next_slot(line dial_slots, distance interval, now_is timestamptz) returns timestamptz
language sql immutable as $$
  select greatest(now_is, line.next_at + (distance - coalesce(line.apart, distance)))
$$;

-- May this create be sent, and when? Everything that decides it, and the claim, in one step (see docs/limits.md).
-- The order, its limits and its answer are described in outcomeStore.ts.
create function claim_dial(asked jsonb) returns jsonb language plpgsql as $$
declare
  this_call text collate "C" := asked ->> 'callId';
  this_attempt integer := asked ->> 'attempt';
  this_round integer := asked ->> 'round';
  account text := asked ->> 'accountSid';
  callee text := asked ->> 'to';
  caller text := asked ->> 'from';
  line dial_slots;
  control dial_control;
  limits jsonb;
  dial dials;
  banned suppressions;
  known invalid_numbers;
  now_is timestamptz;
  distance interval;
  slot timestamptz;
  wait_seconds double precision;
  counted integer;
  most integer;
  earliest timestamptz;
  unsure boolean;
begin
  line := enter_line(account);

  -- The attempt's own create, or, whichever create made it, its Twilio call.
  select * into dial from dials where call_id = this_call
    and (attempt = this_attempt and round = this_round or attempt = this_attempt and call_sid is not null)
    order by call_sid is null limit 1;
  if found then return jsonb_build_object('by', 'this-dial', 'entry', dial_entry(dial)); end if;
  if exists (select from calls where call_id = this_call and state = 'done') then
    return jsonb_build_object('by', 'call-over');
  end if;

  select * into control from dial_control where account_sid = account;
  limits := limits_in_force(asked -> 'limits', control);
  now_is := clock_timestamp();
  if control.paused_at is not null then
    return jsonb_build_object('by', 'paused', 'reason', control.paused_reason);
  end if;
  if control.breaker_opened_at is not null and (control.breaker_open_until > now_is or exists (
    select from dials where account_sid = account and claimed_at >= control.breaker_open_until
      and claimed_at > now_is - interval '1 minute' and answered_at is null and over_at is null)) then
    return jsonb_build_object('by', 'breaker', 'reason', control.breaker_reason);
  end if;

  select * into banned from suppressions
    where to_number = callee and (expires_at is null or expires_at > now_is);
  if found then
    return jsonb_build_object('by', 'suppressed', 'reason', banned.reason, 'source', banned.source);
  end if;
  if (asked ->> 'rememberInvalidSeconds')::float8 > 0 then
    select * into known from invalid_numbers where to_number = callee
      and seen_at > now_is - make_interval(secs => (asked ->> 'rememberInvalidSeconds')::float8)
      -- Lookup has changed its mind since. What a create has shown stands.
      and not (source = 'lookup' and (asked ->> 'lookupSaysValid')::boolean);
    if found then
      return jsonb_build_object('by', 'known-invalid', 'source', known.source, 'code', known.code,
        'message', known.message, 'callId', known.call_id, 'seenAt', to_char(known.seen_at at time zone 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
    end if;
  end if;

  -- A call that dials again has done with what it dialled before, even if that could not be written down; and a
  -- claim that nobody settled for so long belongs to a call that is gone.
  update dials set result = coalesce(result, 'abandoned'), settled_at = coalesce(settled_at, now_is),
      over_at = coalesce(over_at, now_is)
    where call_id = this_call and (attempt, round) < (this_attempt, this_round) and (over_at is null or result is null);
  update dials set result = 'abandoned', settled_at = now_is, over_at = now_is
    where account_sid = account and to_number = callee and from_number = caller and result is null
      and claimed_at < now_is - make_interval(secs => (asked ->> 'abandonedAfterSeconds')::float8);

  most := (limits ->> 'callsPerNumber')::integer;
  if most is not null and not (asked ->> 'parallel')::boolean then
    select * into dial from dials where account_sid = account and to_number = callee and over_at is null
      and claimed_at > now_is - longest_in_flight() and call_id <> this_call
      order by claimed_at offset most - 1 limit 1;
    if found then
      return jsonb_build_object('by', 'number-in-flight', 'callId', dial.call_id, 'limit', most);
    end if;
  end if;
  select * into dial from dials
    where account_sid = account and to_number = callee and from_number = caller and result is null;
  if found then
    return jsonb_build_object('by', 'other-call', 'callId', dial.call_id, 'attempt', dial.attempt);
  end if;

  most := (limits ->> 'contacts')::integer;
  if most is not null then
    select count(*), min(claimed_at), bool_or(call_sid is null) into counted, earliest, unsure from (
      select claimed_at, call_sid from dials where account_sid = account and to_number = callee
        and claimed_at > now_is - make_interval(secs => (limits ->> 'contactsSeconds')::float8)
        and (call_sid is not null or over_at is null)
      order by claimed_at desc limit most) as latest;
    if counted >= most then
      return jsonb_build_object('by', 'contacts', 'limit', most, 'seconds', (limits ->> 'contactsSeconds')::integer,
        -- Not while one of them may still turn out to be no call.
        'until', case when not unsure then to_char((earliest
          + make_interval(secs => (limits ->> 'contactsSeconds')::float8)) at time zone 'UTC',
          'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end);
    end if;
  end if;

  most := (limits ->> 'callsInFlight')::integer;
  if most is not null then
    select count(*) into counted from (select from dials where account_sid = account and over_at is null
      and claimed_at > now_is - longest_in_flight() limit most) as in_flight;
    if counted >= most then return jsonb_build_object('by', 'no-room', 'limit', most); end if;
  end if;

  now_is := clock_timestamp();
  distance := slot_distance((limits ->> 'callsPerSecond')::float8);
  slot := next_slot(line, distance, now_is);
  wait_seconds := greatest(0, extract(epoch from slot - now_is));
  if wait_seconds > (asked ->> 'slotWithinSeconds')::float8 then
    return jsonb_build_object('by', 'turn', 'waitSeconds', wait_seconds,
      'callsPerSecond', (limits ->> 'callsPerSecond')::float8);
  end if;
  -- Only now: a slot that nobody uses would keep the line waiting.
  update dial_slots set next_at = slot + distance, apart = distance where account_sid = account;

  -- Its age is reckoned from when it may be sent.
  insert into dials (call_id, attempt, round, account_sid, to_number, from_number, claimed_at)
    values (this_call, this_attempt, this_round, account, callee, caller, greatest(slot, now_is));
  return jsonb_build_object('waitSeconds', wait_seconds, 'slot',
    to_char(slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
end $$;

-- How many creates could be claimed now or within `withinSeconds`: takes nothing, and locks nothing.
create function dial_room(asked jsonb) returns jsonb language plpgsql as $$
declare
  account text := asked ->> 'accountSid';
  horizon double precision := asked ->> 'withinSeconds';
  control dial_control;
  line dial_slots;
  limits jsonb;
  most integer;
  room integer;
  in_flight integer;
  ahead double precision;
  distance interval;
  now_is timestamptz := clock_timestamp();
begin
  select * into control from dial_control where account_sid = account;
  if control.paused_at is not null then
    return jsonb_build_object('stopped', jsonb_build_object('by', 'paused', 'reason', control.paused_reason));
  end if;
  if control.breaker_opened_at is not null then
    return jsonb_build_object('stopped', jsonb_build_object('by', 'breaker', 'reason', control.breaker_reason));
  end if;
  limits := limits_in_force(asked -> 'limits', control);
  distance := slot_distance((limits ->> 'callsPerSecond')::float8);
  select * into line from dial_slots where account_sid = account;
  ahead := case when found then extract(epoch from next_slot(line, distance, now_is) - now_is) else 0 end;
  room := case when ahead > horizon then 0 else floor((horizon - ahead) / extract(epoch from distance)) + 1 end;
  most := (limits ->> 'callsInFlight')::integer;
  if room > 0 and most is not null then
    select count(*) into in_flight from (select from dials where account_sid = account and over_at is null
      and claimed_at > now_is - longest_in_flight() limit most) as counted;
    room := least(room, most - in_flight);
  end if;
  return jsonb_build_object('room', room, 'waitSeconds', greatest(0, ahead - horizon));
end $$;

-- Writes down what became of a create, and lets the circuit breaker learn of it.
create function settle_dial(said jsonb) returns jsonb language plpgsql as $$
declare
  before dials;
  learns boolean;
  resumes boolean;
  ended boolean;
  troubled boolean := said ->> 'trouble';
  breaker jsonb := said -> 'breaker';
  control dial_control;
  counted integer;
  failed integer;
  now_is timestamptz;
  why text;
begin
  select * into before from dials where call_id = said ->> 'callId' and attempt = (said ->> 'attempt')::integer
    and round = (said ->> 'round')::integer;
  if not found then return jsonb_build_object('settled', false); end if;
  -- Before the dial's own row, as in claim_dial. A create that went well matters only to a breaker that is open.
  if jsonb_typeof(breaker) = 'object' and troubled is not null and (troubled or exists (
    select from dial_control where account_sid = before.account_sid and breaker_opened_at is not null)) then
    perform enter_line(before.account_sid);
    select * into control from dial_control where account_sid = before.account_sid;
  else
    breaker := null;
  end if;

  select * into before from dials where call_id = before.call_id and attempt = before.attempt
    and round = before.round for update;
  now_is := clock_timestamp();
  -- 'abandoned' was said without knowing, so anything else replaces it; a SID replaces everything but another SID.
  learns := said ->> 'result' is not null and before.call_sid is null
    and (before.result is null or before.result = 'abandoned' or said ->> 'callSid' is not null);
  ended := learns and said ->> 'result' <> 'created';
  -- It was taken for over, and is not: unless its call, or its attempt, has come to its end.
  resumes := learns and not ended and before.over_at is not null
    and not exists (select from calls where call_id = before.call_id and state = 'done')
    and not exists (select from attempts where call_id = before.call_id and number = before.attempt
      and outcome is not null);
  update dials set
    result = case when learns then said ->> 'result' else result end,
    call_sid = case when learns then said ->> 'callSid' else call_sid end,
    detail = case when learns then said -> 'detail' else detail end,
    settled_at = case when learns then now_is else settled_at end,
    over_at = case when ended then coalesce(over_at, now_is) when resumes then null else over_at end,
    answered_at = case when troubled is null then answered_at else coalesce(answered_at, now_is) end,
    trouble = trouble or coalesce(troubled, false)
  where call_id = before.call_id and attempt = before.attempt and round = before.round;
  if breaker is null then return jsonb_build_object('settled', true); end if;

  if control.breaker_opened_at is not null then
    -- Only a create that was let through to try tells anything new.
    if before.claimed_at < control.breaker_open_until then return jsonb_build_object('settled', true); end if;
    if not troubled then
      update dial_control set breaker_opened_at = null, breaker_open_until = null, breaker_reason = null,
        breaker_counts_since = now_is where account_sid = before.account_sid;
      return jsonb_build_object('settled', true, 'breaker', jsonb_build_object('change', 'closed'));
    end if;
    update dial_control set breaker_open_until = now_is + make_interval(secs => (breaker ->> 'openSeconds')::float8)
      where account_sid = before.account_sid;
    return jsonb_build_object('settled', true);
  end if;

  select count(*), count(*) filter (where trouble) into counted, failed from (
    select trouble from dials where account_sid = before.account_sid
      and answered_at > now_is - make_interval(secs => (breaker ->> 'withinSeconds')::float8)
      and claimed_at >= coalesce(control.breaker_counts_since, '-infinity')
    order by answered_at desc limit (breaker ->> 'latest')::integer) as latest;
  if counted < (breaker ->> 'least')::integer or failed < counted * (breaker ->> 'share')::float8 then
    return jsonb_build_object('settled', true);
  end if;
  why := format('%s of the last %s calls could not be placed; the last: %s', failed, counted, said ->> 'why');
  insert into dial_control (account_sid, breaker_opened_at, breaker_open_until, breaker_reason)
    values (before.account_sid, now_is, now_is + make_interval(secs => (breaker ->> 'openSeconds')::float8), why)
    on conflict (account_sid) do update set breaker_opened_at = excluded.breaker_opened_at,
      breaker_open_until = excluded.breaker_open_until, breaker_reason = excluded.breaker_reason;
  return jsonb_build_object('settled', true, 'breaker', jsonb_build_object('change', 'opened', 'reason', why));
end $$;
