-- Work that takes longer than an answer may: what was asked for, how far it is, what came of it.

create schema jobs;

create table jobs.jobs (
  tenant text collate "C" not null,
  job text collate "C" not null,
  kind text collate "C" not null,
  about text collate "C" not null,
  actor text collate "C" not null,
  asked_by bytea not null,
  request bytea not null,
  media_type text not null,
  state text collate "C" not null default 'waiting'
    check (state in ('waiting', 'running', 'done', 'failed')),
  asked_at timestamptz not null default clock_timestamp(),
  done bigint not null default 0,
  of bigint,
  tries int not null default 0,
  lease_until timestamptz,
  began_at timestamptz,
  ended_at timestamptz,
  expires_at timestamptz,
  error text,
  primary key (tenant, job)
);
comment on table jobs.jobs is 'Work that somebody asked for; asked_by is who, as JSON.';
create index jobs_to_do on jobs.jobs (asked_at) where state in ('waiting', 'running');
create index jobs_about on jobs.jobs (tenant, kind, about, asked_at);
create index jobs_expired on jobs.jobs (expires_at) where expires_at is not null;

create table jobs.pieces (
  tenant text collate "C" not null,
  job text collate "C" not null,
  number int not null,
  body bytea not null,
  primary key (tenant, job, number),
  foreign key (tenant, job) references jobs.jobs on delete cascade
);
comment on table jobs.pieces is 'What came of a job, in pieces.';
