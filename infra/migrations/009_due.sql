-- The scheduler: how far it has sent what falls due, and what it must send again later.
alter table readings.followers add due_through timestamptz;
comment on column readings.followers.due_through is
  'The scheduler: everything that the log up to position says was due by then was sent.';

create table readings.postponed (
  key text collate "C" primary key,
  tenant text not null,
  command text not null,
  body jsonb not null,
  cause text not null,
  correlation text not null,
  again_at timestamptz not null,
  tries int not null default 0 check (tries >= 0),
  error text,
  postponed_at timestamptz not null default clock_timestamp()
);
create index postponed_again on readings.postponed (again_at);
comment on table readings.postponed is
  'Commands of the scheduler whose moment, as it stands now, comes later, or that failed (error).';
