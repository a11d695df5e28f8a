-- Readings that several workers keep, a partition of Kafka each.
alter table readings.state
  add topic text,
  add kafka_offset bigint,
  add revision int not null default 0,
  add alive_at timestamptz,
  add check ((topic is null) = (kafka_offset is null));
comment on column readings.state.kafka_offset is
  'The last message of the topic that is taken in. Position is the authority, this a shortcut.';
comment on column readings.state.revision is
  'Moves when somebody other than the worker changed documents of this partition.';
comment on column readings.state.alive_at is
  'When the worker of this partition last said that it is there; null: nobody was ever needed.';
