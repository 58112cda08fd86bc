-- Every reason of the moment for which a placement would be refused, as a list. Claims nothing, writes nothing and
-- locks nothing.
create or replace function preview_placement(request jsonb) returns jsonb language plpgsql as $$
declare
  pacing account_pacing;
begin
  select * into pacing from account_pacing where account_sid = request ->> 'accountSid';
  return (select coalesce(jsonb_agg(refusal), '[]')
    from placement_refusals(request, pacing, claiming => false) as refusals (refusal));
end $$;
