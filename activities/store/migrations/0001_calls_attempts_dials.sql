-- One row a call. `document` is the whole CallOutcome once the call is done; the columns beside it are for
-- filters and for people. A row that an attempt or an outcome had to make, because the store was down when the
-- call was accepted, may lack what it does not know.
create table calls (
  call_id text collate "C" primary key,
  state text not null,
  -- How far the call is, as one number: later knowledge has the greater one (see callProgress.ts).
  progress integer not null,
  to_number text,
  from_number text,
  metadata jsonb not null default '{}',
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text,
  reachability text,
  answered_by text,
  decided_by text,
  call_sid text,
  error_code integer,
  sip_response_code integer,
  duration_seconds integer,
  document jsonb,
  check ((state = 'done') = (document is not null))
);

-- Pages of calls, newest first: read backwards, with each filter.
create index calls_by_start on calls (started_at, call_id);
create index calls_by_outcome on calls (outcome, started_at, call_id);
create index calls_by_state on calls (state, started_at, call_id);
create index calls_by_to_number on calls (to_number, started_at, call_id);

create table attempts (
  call_id text collate "C" not null references calls on delete cascade,
  number integer not null,
  call_sid text,
  status text,
  -- Position of `status` in the life of a Twilio call.
  progress integer not null,
  outcome text,
  decided_by text,
  error_code integer,
  sip_response_code integer,
  placed_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  duration_seconds integer,
  answered_by text,
  document jsonb not null,
  primary key (call_id, number)
);

create index attempts_by_call_sid on attempts (call_sid) where call_sid is not null;

-- The journal of creates: a row is written before the request is sent. It refers to no row of `calls`,
-- which may be missing, and must outlive it.
create table dials (
  call_id text collate "C" not null,
  attempt integer not null,
  round integer not null,
  account_sid text not null,
  to_number text not null,
  from_number text not null,
  claimed_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  -- Null while nothing is known of what became of the create.
  result text,
  call_sid text,
  detail jsonb,
  primary key (call_id, attempt, round)
);

-- At most one open claim between two numbers: a call found in Twilio's list can then belong to one attempt only.
create unique index dials_one_open on dials (account_sid, to_number, from_number) where result is null;
-- A Twilio call belongs to one attempt.
create unique index dials_call_sid on dials (call_sid) where call_sid is not null;

-- The line for calls per second: when the next slot of an account is free.
create table dial_slots (
  account_sid text primary key,
  next_at timestamptz not null
) with (fillfactor = 50);
