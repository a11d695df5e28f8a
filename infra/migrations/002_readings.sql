-- The readings: where each stands, what is put aside, what is asked for, and who follows the log.
-- The tables of documents and tallies are made by the store, one set a generation.
create schema readings;
create schema views;
comment on schema views is 'Stable views for analysts: columns are only ever added, at the end.';

create table readings.state (
  name text collate "C" not null,
  generation int not null check (generation > 0),
  partition int not null default 0,
  version int not null,
  position bigint not null check (position >= 0),
  taken bigint not null default 0,
  live boolean not null,
  epoch text not null,
  created_at timestamptz not null default clock_timestamp(),
  moved_at timestamptz,
  error text,
  error_at timestamptz,
  primary key (name, generation, partition)
) with (fillfactor = 50);
create unique index state_one_live on readings.state (name, partition) where live;
comment on table readings.state is
  'One row a generation of a reading and partition: all facts up to position are taken in and '
  'written; one being filled has those up to taken in memory.';

-- Numbers are never used twice, so that a table of an earlier generation is never mistaken.
create table readings.generations (
  name text collate "C" primary key,
  last int not null
);

create table readings.parked (
  name text collate "C" not null,
  generation int not null,
  documents text collate "C" not null,
  key text collate "C" not null,
  position bigint not null,
  error text not null,
  parked_at timestamptz not null default clock_timestamp(),
  primary key (name, generation, documents, key, position)
);
comment on table readings.parked is
  'Facts that a fold could not take, and all later facts of the same key, in order. '
  'key is a JSON array; its first element is ~stream or ~unreadable where no key is known.';

create table readings.requests (
  number bigint generated always as identity primary key,
  name text collate "C" not null,
  action text collate "C" not null check (action in ('rebuild', 'retry')),
  asked_at timestamptz not null default clock_timestamp(),
  done_at timestamptz,
  result text
);
create unique index requests_open on readings.requests (name, action) where done_at is null;

create table readings.followers (
  name text collate "C" primary key,
  position bigint not null check (position >= 0),
  began_at bigint not null,
  epoch text not null,
  moved_at timestamptz not null default clock_timestamp(),
  error text,
  error_at timestamptz
);
comment on table readings.followers is
  'Policies: all facts up to position are acted on. began_at is where the policy began.';
