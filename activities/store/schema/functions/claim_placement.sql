-- Decides whether a create request may be sent, and when, and claims it in the same transaction. The checks
-- run in the order of docs/limits.md; the first one that applies is the result. ClaimRequest and ClaimResult:
-- see placementJournal.ts.
create or replace function claim_placement(request jsonb) returns jsonb language plpgsql as $$
declare
  this_call text collate "C" := request ->> 'callId';
  this_attempt integer := request ->> 'attempt';
  this_placement integer := request ->> 'placement';
  account text := request ->> 'accountSid';
  pacing account_pacing;
  control dialing_control;
  other placements;
  refusal jsonb;
  checked_at timestamptz;
  new_spacing interval;
  send_at timestamptz;
begin
  pacing := lock_account(account);

  -- This placement was claimed before, or the attempt has its Twilio call already, whichever placement made
  -- it.
  select * into other from placements where call_id = this_call and attempt = this_attempt
    and (placement = this_placement or call_sid is not null)
    order by call_sid is null limit 1;
  if found then
    return jsonb_build_object('claimed', false, 'by', 'already-claimed', 'entry', placement_json(other));
  end if;
  if exists (select from calls where call_id = this_call and document is not null)
    or exists (select from removed_calls where call_id = this_call) then
    return jsonb_build_object('claimed', false, 'by', 'already-recorded');
  end if;

  select refusals.refusal into refusal from placement_refusals(request, pacing, claiming => true) as refusals (refusal);
  if found then
    return refusal;
  end if;

  select * into control from dialing_control where account_sid = account;
  checked_at := clock_timestamp();
  new_spacing := send_spacing((limits_in_force(request -> 'limits', control) ->> 'callsPerSecond')::float8);
  send_at := next_send_time(pacing, new_spacing, checked_at);

  insert into placements (call_id, attempt, placement, account_sid, to_number, from_number, requested_number, claimed_at)
    values (this_call, this_attempt, this_placement, account, request ->> 'to', request ->> 'from', request ->> 'requestedTo',
      greatest(send_at, checked_at))
    on conflict (call_id, attempt, placement) do nothing;
  if not found then
    -- Meanwhile the search for its call has blocked it, which takes no lock.
    select * into other from placements where call_id = this_call and attempt = this_attempt and placement = this_placement;
    return jsonb_build_object('claimed', false, 'by', 'already-claimed', 'entry', placement_json(other));
  end if;
  -- Only now: a send time that nobody uses would delay every other call.
  update account_pacing set next_send_at = send_at + new_spacing, spacing = new_spacing where account_sid = account;
  return jsonb_build_object('claimed', true, 'sendAt', iso_time(send_at),
    'waitSeconds', greatest(0, extract(epoch from send_at - checked_at)));
end $$;
