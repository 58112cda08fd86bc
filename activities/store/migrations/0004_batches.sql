-- Many calls from one request. Its rows are numbered from 1 and started in that order, so one number says which have
-- had their turn; and only what has ended is counted, so that the counts of a batch cannot fail to add up.
create table batches (
  batch_no bigint generated always as identity primary key,
  -- Null while the rows come in: nobody sees such a batch, and nothing of it is dialled.
  batch_id text collate "C" unique,
  name text,
  -- At most so many of its calls run at a time.
  call_window integer not null,
  -- What each row's request is laid over.
  defaults jsonb not null,
  -- Names of metadata, for the head of the results.
  metadata_names text[] not null default '{}',
  -- The query of a redial.
  redial_of jsonb,
  -- Of the request that made it, to tell a repeated one from another.
  content_hash text,
  total integer not null default 0,
  -- Rows up to this one have had their turn.
  next_row integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  -- Null: no worker has taken it up yet.
  taken_up_at timestamptz,
  paused_at timestamptz,
  canceled_at timestamptz,
  cancel_reason text,
  ended_at timestamptz
);

create index batches_by_creation on batches (created_at, batch_no) where batch_id is not null;
create index batches_coming_in on batches (created_at) where batch_id is null;

-- No reference to `batches`: a million rows would check it a million times.
create table batch_rows (
  batch_no bigint not null,
  row integer not null,
  -- What differs from the batch's defaults.
  request jsonb not null,
  -- waiting; starting: it is its turn; running: the call's workflow is there; done: it has an outcome; refused: it will
  -- have none, and `fault` says why. Waiting rows of a canceled batch are withdrawn.
  state text not null default 'waiting',
  outcome text,
  fault text,
  started_at timestamptz,
  -- When it was last seen that its workflow runs.
  checked_at timestamptz,
  cancel_asked_at timestamptz,
  primary key (batch_no, row)
);

create index batch_rows_in_flight on batch_rows (batch_no, row) where state in ('starting', 'running');

-- Rows that have ended, by outcome; `refused` those that have none.
create table batch_counts (
  batch_no bigint not null,
  ended text not null,
  count integer not null,
  primary key (batch_no, ended)
);

-- The request as it came, so that the call can be made once more; null when the store was away at that moment.
alter table calls add column request jsonb;
-- The batch that started the call.
alter table calls add column batch_id text collate "C";
create index calls_by_batch on calls (batch_id, started_at, call_id) where batch_id is not null;
