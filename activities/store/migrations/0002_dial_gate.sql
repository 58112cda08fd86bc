-- Whom nobody may call, until it expires or is removed.
create table suppressions (
  to_number text primary key,
  reason text not null,
  -- Who put it there: 'api', 'csv', 'opt-out'.
  source text not null,
  added_at timestamptz not null default clock_timestamp(),
  -- Null: for good.
  expires_at timestamptz
);

-- Numbers of which Twilio has said that there is no such number, and when it last said so.
create table invalid_numbers (
  to_number text primary key,
  -- 'lookup' or 'twilio', as in the reason of an outcome.
  source text not null,
  code text not null,
  message text not null,
  call_id text not null,
  seen_at timestamptz not null default clock_timestamp()
);

-- What operators set for an account while it runs. Null: as configured.
create table dial_control (
  account_sid text primary key,
  calls_per_second double precision,
  calls_in_flight integer,
  contacts_per_number integer,
  contacts_period_seconds integer,
  calls_per_number integer,
  paused_at timestamptz,
  paused_reason text,
  -- The circuit breaker: open until then, after which one dial at a time tries whether all is well again.
  breaker_opened_at timestamptz,
  breaker_open_until timestamptz,
  breaker_reason text,
  -- Dials that were claimed before this moment no longer count for the breaker.
  breaker_counts_since timestamptz
);

-- When the Twilio call that this create made was over, or it was clear that there is none: null while in flight.
alter table dials add column over_at timestamptz;
-- Twilio or the account failed, not the number.
alter table dials add column trouble boolean not null default false;
update dials set over_at = clock_timestamp();

create index dials_in_flight on dials (account_sid, to_number) where over_at is null;
create index dials_by_number on dials (account_sid, to_number, claimed_at);
create index dials_by_claim on dials (account_sid, claimed_at);
