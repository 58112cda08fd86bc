-- Notifications that no receiver took within their day, or that were refused for good. A row refers to no row of
-- `calls`, and stays until somebody deletes it.
create table dead_letters (
  -- The webhook-id: the same thing is dead only once.
  id text collate "C" primary key,
  call_id text collate "C" not null,
  url text not null,
  type text not null,
  -- Not jsonb: what is sent again is what was sent, in the order in which it was sent.
  payload json not null,
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  resends integer not null default 0,
  resent_at timestamptz,
  delivered_at timestamptz
);

-- Pages of dead letters, newest first: read backwards.
create index dead_letters_by_failure on dead_letters (failed_at, id);
create index dead_letters_by_call on dead_letters (call_id, failed_at, id);
create index dead_letters_undelivered on dead_letters (failed_at, id) where delivered_at is null;
