-- What brings the log's facts elsewhere: how far each publisher of the relay has come.
create schema streams;

create table streams.relay (
  name text collate "C" primary key check (name in ('packs', 'public')),
  epoch text not null,
  position bigint not null check (position >= 0),
  moved_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
comment on table streams.relay is
  'Kafka has acknowledged everything up to position; beyond it something may have been sent too.';
