-- Locks the account's row until the transaction ends. Whoever holds it alone decides for the account, and
-- each of its later statements sees what earlier holders have written.
create or replace function lock_account(account text) returns account_pacing language plpgsql as $$
declare
  pacing account_pacing;
begin
  select * into pacing from account_pacing where account_sid = account for update;
  if not found then
    insert into account_pacing (account_sid, next_send_at) values (account, clock_timestamp()) on conflict do nothing;
    select * into pacing from account_pacing where account_sid = account for update;
  end if;
  return pacing;
end $$;
