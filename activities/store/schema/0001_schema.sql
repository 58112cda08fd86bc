-- One row per call. `document` is the whole CallOutcome once it is recorded. The columns beside it are for
-- filters and for people. If the store was down when a call was accepted, an attempt or an outcome creates
-- the row, and the columns that it does not know stay null.
create table calls (
  call_id text collate "C" primary key,
  state text not null,
  -- How far the call is, as one number. Later knowledge has the greater number: see callProgress.ts.
  progress integer not null,
  to_number text,
  from_number text,
  metadata jsonb not null default '{}',
  -- The request as it came, so that a redial can send it again. Null if the store was down when it came.
  request jsonb,
  -- The batch that started the call.
  batch_id text collate "C",
  -- The name of the token of the client that requested the call. Null if the API has no tokens.
  requested_by text,
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
  -- Of a call with an outcome: how far it got, as a place in `funnelSteps`; how many attempts it made; and why
  -- it was not answered, as source and code: 'sip:486'. See statistics/callFacts.ts.
  furthest smallint,
  attempt_count smallint,
  reason text,
  -- What the call waits for, if its state is a waiting one, and until when at least: see statistics/waiting.ts.
  waiting_by text,
  waiting_until timestamptz,
  -- A WorkflowEnd: how the workflow ended, if it left no outcome. The call is done then, as far as anyone
  -- knows. Null again when its workflow goes on after all.
  workflow_end jsonb,
  check ((state = 'done') = (document is not null or workflow_end is not null)),
  check (document is null or workflow_end is null)
);

-- Pages of calls, newest first: the indexes are read backwards, one for each filter.
create index calls_by_start on calls (started_at, call_id);
create index calls_by_outcome on calls (outcome, started_at, call_id);
create index calls_by_reachability on calls (reachability, started_at, call_id);
create index calls_by_state on calls (state, started_at, call_id);
create index calls_by_to_number on calls (to_number, started_at, call_id);
-- Calls whose number Lookup, or ringtrue, spells otherwise than the request: a few.
create index calls_by_requested_number on calls ((request ->> 'to')) where to_number <> request ->> 'to';
create index calls_by_batch on calls (batch_id, started_at, call_id) where batch_id is not null;
create index calls_without_outcome on calls (started_at, call_id) where workflow_end is not null;
create index calls_by_from_number on calls (from_number, started_at, call_id);
-- The last four digits of the destination.
create index calls_by_number_end on calls (right(to_number, 4), started_at, call_id);
-- Written once, with the outcome.
create index calls_by_answered_by on calls (answered_by, started_at, call_id) where answered_by is not null;
create index calls_by_decided_by on calls (decided_by, started_at, call_id) where decided_by is not null;
create index calls_by_furthest on calls (furthest, started_at, call_id) where furthest is not null;
create index calls_by_attempt_count on calls (attempt_count, started_at, call_id) where attempt_count is not null;
create index calls_by_reason on calls (reason, started_at, call_id) where outcome <> 'answered';
create index calls_short on calls (from_number, started_at, call_id)
  where outcome = 'answered' and duration_seconds <= 6;
-- A key with its text, and a text under any key.
create index calls_by_metadata on calls using gin (metadata) where metadata <> '{}';

-- What GET /statistics counts: rows for each hour, batch and caller id, of the calls that started then and
-- have an outcome. Written in the statement that records the outcome. The columns are those of
-- statistics/callFacts.ts. '' is no batch, or no caller id.
create table call_statistics (
  hour timestamptz not null,
  batch_id text collate "C" not null,
  from_number text not null,
  -- Outcomes that are recorded at the same time go to different parts. Mostly there is only one.
  part smallint not null default 0,
  -- How far the calls got, and no further.
  step_requested integer not null default 0, step_valid integer not null default 0,
  step_placed integer not null default 0, step_rang integer not null default 0,
  step_answered integer not null default 0, step_human integer not null default 0,
  -- Outcomes.
  outcome_answered integer not null default 0, outcome_busy integer not null default 0,
  outcome_no_answer integer not null default 0, outcome_failed integer not null default 0,
  outcome_canceled integer not null default 0, outcome_invalid_number integer not null default 0,
  outcome_rejected integer not null default 0, outcome_expired integer not null default 0,
  outcome_unknown integer not null default 0,
  -- Who answered; `undetected`: nobody looked, or nobody could tell.
  by_human integer not null default 0, by_machine integer not null default 0, by_fax integer not null default 0,
  by_unknown integer not null default 0, by_undetected integer not null default 0,
  -- Answered, and over within six seconds.
  short integer not null default 0,
  -- Where the outcome came from.
  decided_webhook integer not null default 0, decided_poll integer not null default 0,
  decided_lookup integer not null default 0, decided_create integer not null default 0,
  decided_cancel integer not null default 0, decided_policy integer not null default 0,
  -- How many attempts the calls made, 6 or more in the last; and those of them that were answered.
  attempts_0 integer not null default 0, attempts_1 integer not null default 0,
  attempts_2 integer not null default 0, attempts_3 integer not null default 0,
  attempts_4 integer not null default 0, attempts_5 integer not null default 0,
  attempts_6 integer not null default 0, answered_1 integer not null default 0,
  answered_2 integer not null default 0, answered_3 integer not null default 0,
  answered_4 integer not null default 0, answered_5 integer not null default 0,
  answered_6 integer not null default 0,
  -- Seconds from the request to the first ring, to the outcome, and from an event to its callback: how
  -- many fell into each of the ranges of callFacts.ts.
  ring_0 integer not null default 0, ring_1 integer not null default 0, ring_2 integer not null default 0,
  ring_3 integer not null default 0, ring_4 integer not null default 0, ring_5 integer not null default 0,
  ring_6 integer not null default 0, ring_7 integer not null default 0, ring_8 integer not null default 0,
  ring_9 integer not null default 0, ring_10 integer not null default 0, ring_11 integer not null default 0,
  ring_12 integer not null default 0, ring_13 integer not null default 0, ring_14 integer not null default 0,
  ring_15 integer not null default 0, ring_16 integer not null default 0, ring_17 integer not null default 0,
  ring_18 integer not null default 0, ring_19 integer not null default 0,
  end_0 integer not null default 0, end_1 integer not null default 0, end_2 integer not null default 0,
  end_3 integer not null default 0, end_4 integer not null default 0, end_5 integer not null default 0,
  end_6 integer not null default 0, end_7 integer not null default 0, end_8 integer not null default 0,
  end_9 integer not null default 0, end_10 integer not null default 0, end_11 integer not null default 0,
  end_12 integer not null default 0, end_13 integer not null default 0, end_14 integer not null default 0,
  end_15 integer not null default 0, end_16 integer not null default 0, end_17 integer not null default 0,
  end_18 integer not null default 0, end_19 integer not null default 0,
  delay_0 integer not null default 0, delay_1 integer not null default 0, delay_2 integer not null default 0,
  delay_3 integer not null default 0, delay_4 integer not null default 0, delay_5 integer not null default 0,
  delay_6 integer not null default 0, delay_7 integer not null default 0, delay_8 integer not null default 0,
  delay_9 integer not null default 0, delay_10 integer not null default 0, delay_11 integer not null default 0,
  delay_12 integer not null default 0, delay_13 integer not null default 0, delay_14 integer not null default 0,
  delay_15 integer not null default 0, delay_16 integer not null default 0, delay_17 integer not null default 0,
  delay_18 integer not null default 0, delay_19 integer not null default 0,
  -- How many calls were not answered, by reason.
  reasons jsonb not null default '{}',
  primary key (hour, batch_id, from_number, part)
) with (fillfactor = 50);

create index call_statistics_by_batch on call_statistics (batch_id, hour) where batch_id <> '';

-- Cancel, retry, pause or resume of every unfinished call that a filter shows. A step takes the calls after
-- `position` until `last_call`, both in the sequence of start and call id.
create table bulk_operations (
  operation_no bigint generated always as identity primary key,
  operation_id text collate "C" not null unique,
  action text not null,
  -- The filter as it was requested, and as the store reads it.
  requested_filter jsonb not null,
  filter jsonb not null,
  reason text,
  -- The name of the token of the client that requested it. Null if the API has no tokens.
  requested_by text,
  content_hash text not null,
  -- How many calls the filter showed at the request.
  expected integer not null,
  created_at timestamptz not null default clock_timestamp(),
  last_started_at timestamptz not null,
  last_call_id text collate "C" not null,
  position_started_at timestamptz not null default '-infinity',
  position_call_id text collate "C" not null default '',
  -- The calls after the position that a step has begun to control. Null: none. Once controlled, a call may fit
  -- the filter no longer.
  taken jsonb,
  done integer not null default 0,
  refused integer not null default 0,
  failed integer not null default 0,
  -- Why calls refused or failed: a list of { kind, message, count, callId }, of which callId is the first.
  reasons jsonb not null default '[]',
  stopped_at timestamptz,
  stopped_by text,
  ended_at timestamptz
);

-- Workers take turns to look for calls whose workflow ended without an outcome. One row: when the next turn
-- is, and the call after which it begins, in the order of state, start and id.
create table workflow_checks (
  only_row boolean primary key default true check (only_row),
  next_at timestamptz not null,
  state text not null default '',
  started_at timestamptz not null default '-infinity',
  call_id text collate "C" not null default ''
);

-- One row per attempt. `document` is the whole Attempt.
create table attempts (
  call_id text collate "C" not null references calls on delete cascade,
  number integer not null,
  call_sid text,
  status text,
  -- Position of `status` in the life of a Twilio call: see twilioStatus.ts.
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

-- Who looked at the whole number of which call, on the operations page.
create table number_reveals (
  reveal_no bigint generated always as identity primary key,
  call_id text collate "C" not null references calls on delete cascade,
  revealed_at timestamptz not null default clock_timestamp(),
  -- The name of the client's token. Null if the API has no tokens.
  revealed_by text
);

create index number_reveals_by_call on number_reveals (call_id, reveal_no);

-- The placement journal. A worker writes a row, its claim, before it sends the create request to Twilio. The
-- journal does not reference `calls`: the row of the call may be missing, and a placement outlives it.
create table placements (
  call_id text collate "C" not null,
  attempt integer not null,
  placement integer not null,
  account_sid text not null,
  to_number text not null,
  from_number text not null,
  -- The called number as it was requested, if Lookup spells it otherwise.
  requested_number text,
  -- When the claim allowed the request to be sent. The age of the placement counts from here.
  claimed_at timestamptz not null default clock_timestamp(),
  -- When `result` was written.
  settled_at timestamptz,
  -- created, refused, not-sent, absent or abandoned. Null while it is unclear whether the request made a
  -- call.
  result text,
  call_sid text,
  -- Twilio's error, if it refused.
  detail jsonb,
  -- When the Twilio call was over, or it was certain that there is none. Null: in flight.
  ended_at timestamptz,
  -- Twilio or the account failed, not the number. The circuit breaker counts it.
  provider_failed boolean not null default false,
  -- When the worker knew how Twilio took the request, or that Twilio could not be reached. The circuit
  -- breaker counts it.
  responded_at timestamptz,
  primary key (call_id, attempt, placement)
);

-- At most one open claim for a pair of numbers: a call found in Twilio's list then belongs to exactly one
-- attempt.
create unique index placements_one_open on placements (account_sid, to_number, from_number) where result is null;
-- A Twilio call belongs to one attempt. The store recognizes a violation by the name of this index.
create unique index placements_call_sid on placements (call_sid) where call_sid is not null;

-- The spellings of one telephone.
create index placements_by_spelling on placements (to_number, requested_number) where requested_number is not null;
create index placements_by_request on placements (requested_number, to_number) where requested_number is not null;

create index placements_in_flight on placements (account_sid, to_number, claimed_at) where ended_at is null;
create index placements_by_number on placements (account_sid, to_number, claimed_at);
create index placements_by_claim on placements (account_sid, claimed_at);
create index placements_responded on placements (account_sid, responded_at) where responded_at is not null;

-- One row per account: the lock that every claim takes, and when the next request may be sent under the rate
-- limit.
create table account_pacing (
  account_sid text primary key,
  next_send_at timestamptz not null,
  -- The distance already included in `next_send_at`, so that a change of the rate takes effect at once. Null:
  -- as configured.
  spacing interval
) with (fillfactor = 50);

-- Every account besides the main one that a process had in RINGTRUE_ACCOUNTS. Its calls may be running when it is taken
-- out, and no process would know of the account after a restart.
create table further_accounts (
  account_sid text primary key,
  name text not null,
  -- Caller id of requests that name none.
  default_from text,
  -- When a process last began to use it. Of accounts that had the same name one after the other, the last one counts.
  seen_at timestamptz not null default clock_timestamp()
);

-- What operators set for an account while ringtrue runs, and the circuit breaker. Null limits: as configured.
create table dialing_control (
  account_sid text primary key,
  calls_per_second double precision,
  calls_in_flight integer,
  contacts_per_number integer,
  contacts_period_seconds integer,
  calls_per_number integer,
  paused_at timestamptz,
  paused_reason text,
  -- The name of the token of the client that paused dialing.
  paused_by text,
  -- Null: the breaker is closed. After `breaker_open_until`, one placement at a time tests whether the
  -- provider works.
  breaker_opened_at timestamptz,
  breaker_open_until timestamptz,
  breaker_reason text,
  -- How often a test of the provider has failed since the breaker opened: it stays open longer each time.
  breaker_failed_tests integer not null default 0,
  -- Twilio's code, when the breaker opened because Twilio refused one call after the other with it.
  breaker_code text,
  -- What the numbers begin with for which the breaker is open, such as +49. Null: it is open for all.
  breaker_prefixes text[],
  -- Placements claimed before this moment do not count for the breaker.
  breaker_counts_since timestamptz
);

-- Every change that an operator made to limits and pause of an account: the dialing log.
create table dialing_log (
  entry_no bigint generated always as identity primary key,
  account_sid text not null,
  changed_at timestamptz not null default clock_timestamp(),
  -- limits, pause or resume.
  change text not null,
  -- The name of the client's token. Null if the API has no tokens.
  changed_by text,
  -- The limits that were set. Null for the others.
  limits jsonb
);

create index dialing_log_by_account on dialing_log (account_sid, entry_no);

-- The do-not-call list: numbers that nobody may call until the entry expires or is removed.
create table do_not_call (
  to_number text primary key,
  reason text not null,
  -- What put the number there: 'api', 'csv' or 'opt-out'.
  source text not null,
  -- The name of the token of the client that did. Null if the API has no tokens, and of an opt-out.
  added_by text,
  added_at timestamptz not null default clock_timestamp(),
  -- Null: never.
  expires_at timestamptz
);

-- Who took which number off the do-not-call list, and the entry that it had.
create table do_not_call_removals (
  removal_no bigint generated always as identity primary key,
  to_number text not null,
  removed_at timestamptz not null default clock_timestamp(),
  -- The name of the client's token. Null if the API has no tokens.
  removed_by text,
  reason text not null,
  source text not null,
  added_by text,
  added_at timestamptz not null
);

create index do_not_call_removals_by_number on do_not_call_removals (to_number, removal_no);

-- Numbers that do not exist, as Twilio last said.
create table invalid_numbers (
  to_number text primary key,
  -- 'lookup' or 'twilio', as in the reason of an outcome.
  source text not null,
  code text not null,
  message text not null,
  call_id text not null,
  seen_at timestamptz not null default clock_timestamp()
);

-- Notifications that the receiver did not take within a day, or refused for good. They do not reference
-- `calls`, and stay until an operator deletes them.
create table dead_letters (
  -- The webhook-id: one notification is one dead letter.
  id text collate "C" primary key,
  call_id text collate "C" not null,
  url text not null,
  type text not null,
  -- Not jsonb: what is sent again has the same bytes in the same order.
  payload json not null,
  error text not null,
  failed_at timestamptz not null default clock_timestamp(),
  resends integer not null default 0,
  resent_at timestamptz,
  delivered_at timestamptz
);

-- Pages of dead letters, newest first: the indexes are read backwards.
create index dead_letters_by_failure on dead_letters (failed_at, id);
create index dead_letters_by_call on dead_letters (call_id, failed_at, id);
create index dead_letters_undelivered on dead_letters (failed_at, id) where delivered_at is null;

-- Many calls from one request. Rows are numbered from 1 and released in that order, so `next_row` alone says
-- which rows have been released. Only ended rows are counted, so the counts of a batch always add up.
create table batches (
  batch_no bigint generated always as identity primary key,
  -- Null while the rows come in: the batch is a draft. Nobody sees a draft, and none of its rows is called.
  batch_id text collate "C" unique,
  name text,
  -- How many of its calls may run at the same time.
  call_window integer not null,
  -- Each row's request is merged over these.
  defaults jsonb not null,
  -- Names of the metadata columns of the results.
  metadata_names text[] not null default '{}',
  -- The query of a redial.
  redial_of jsonb,
  -- Hash of the request that made the batch: distinguishes a repeated request from a different one.
  content_hash text,
  -- The name of the token of the client that requested the batch. Null if the API has no tokens.
  requested_by text,
  -- Who paused, resumed and canceled it: a list of { at, control, by }.
  controls jsonb not null default '[]',
  total integer not null default 0,
  -- Rows up to this one have been released.
  next_row integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  -- When a worker first worked on the batch.
  taken_up_at timestamptz,
  paused_at timestamptz,
  canceled_at timestamptz,
  cancel_reason text,
  ended_at timestamptz,
  -- When its rows were purged. Its counts stay.
  purged_at timestamptz
);

create index batches_by_creation on batches (created_at, batch_no) where batch_id is not null;
create index batches_drafts on batches (created_at) where batch_id is null;

-- No foreign key to `batches`: inserting a million rows would check it a million times.
create table batch_rows (
  batch_no bigint not null,
  row integer not null,
  -- Where the request differs from the batch's defaults.
  request jsonb not null,
  -- waiting; starting: released, its workflow may or may not run; running: its workflow was started; done:
  -- the call has an outcome; refused: it will have none, `fault` says why. Waiting rows of a canceled batch
  -- show as withdrawn.
  state text not null default 'waiting',
  outcome text,
  fault text,
  started_at timestamptz,
  -- When its workflow was last seen to run.
  checked_at timestamptz,
  cancel_requested_at timestamptz,
  primary key (batch_no, row)
);

create index batch_rows_in_flight on batch_rows (batch_no, row) where state in ('starting', 'running');

-- How many rows have ended, by outcome; 'refused' for rows without one.
create table batch_counts (
  batch_no bigint not null,
  ended text not null,
  count integer not null,
  primary key (batch_no, ended)
);

-- Calls whose record was purged or erased. Without anything personal, they keep a repeated Idempotency-Key and a
-- workflow that is reset from dialing again.
create table removed_calls (
  call_id text collate "C" primary key,
  -- 'purged' or 'erased'.
  why text not null,
  removed_at timestamptz not null default clock_timestamp()
);

create index removed_calls_by_removal on removed_calls (removed_at);

-- Requests to erase a number. Workers work on those that are not finished.
create table erasures (
  erasure_id text collate "C" primary key,
  -- Null once nothing of the number is left.
  to_number text,
  -- The name of the token of the client that requested it. Null if the API has no tokens.
  requested_by text,
  requested_at timestamptz not null default clock_timestamp(),
  -- Until then no other worker works on it.
  leased_until timestamptz,
  -- What the erasure waits for, such as calls that run.
  waiting_for text,
  -- How many calls were erased, and how many runs of workflows were deleted in Temporal.
  calls integer not null default 0,
  workflows integer not null default 0,
  finished_at timestamptz
);

create unique index erasures_open on erasures (to_number) where finished_at is null;

-- Workers take turns to purge. One row: when the next turn is.
create table purges (
  only_row boolean primary key default true check (only_row),
  next_at timestamptz not null
);
-- The event feed: one row for each end of an attempt and of a call, written in the statement that records it.
-- What the event shows is in `attempts` and `calls`.
--
-- A writer cannot number its events: the one that takes the lower number may commit later, and a reader that
-- has seen the higher number would skip it. So events are written without a position. Readers number what is
-- committed, one reader at a time: see number_events.sql.
create table events (
  call_id text collate "C" not null,
  -- From 1. 0: the end of the call.
  attempt integer not null,
  -- A late update may change the outcome of an attempt: that is another event.
  outcome text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  -- The events of a call in the sequence in which they happened. Those of different calls may be the other way
  -- round than they were committed.
  event_no bigint generated always as identity,
  -- From 1, without gaps. Null: no reader has numbered it yet.
  position bigint,
  primary key (call_id, attempt, outcome)
);

create unique index events_by_position on events (position) where position is not null;
create index events_unnumbered on events (event_no) where position is null;

-- One row: the position of the newest numbered event. The lock that every numbering takes.
create table event_numbering (
  only_row boolean primary key default true check (only_row),
  last_position bigint not null
) with (fillfactor = 50);
insert into event_numbering (last_position) values (0);

-- One row: the highest position of an event that was deleted. A reader that has not come so far is told that
-- it misses something. Not in `event_numbering`: a long deletion must not hold up those who read.
create table event_removals (
  only_row boolean primary key default true check (only_row),
  last_position bigint not null
);
insert into event_removals (last_position) values (0);

-- The events of a call are deleted with it, however somebody deletes it.
create function remove_events() returns trigger language plpgsql as $$
begin
  with removed as (
    delete from events e using deleted_calls c where e.call_id = c.call_id returning e.position
  )
  update event_removals set last_position = newest.position
  from (select max(position) as position from removed) newest
  where newest.position > last_position;
  return null;
end $$;

create trigger calls_remove_events after delete on calls
  referencing old table as deleted_calls for each statement execute function remove_events();
