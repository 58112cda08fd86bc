-- A row of the journal as a Placement: see placementJournal.ts. Its age is by the database's clock.
create or replace function placement_json(journaled placements) returns jsonb language sql volatile as $$
  select jsonb_build_object('accountSid', journaled.account_sid, 'to', journaled.to_number, 'from', journaled.from_number, 'result', journaled.result,
    'callSid', journaled.call_sid, 'detail', journaled.detail,
    'ageSeconds', extract(epoch from clock_timestamp() - journaled.claimed_at)::float8)
    || case when journaled.requested_number is null then '{}'::jsonb
      else jsonb_build_object('requestedTo', journaled.requested_number) end
$$;
