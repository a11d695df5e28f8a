-- Who read which learner's record: apart from the event log, append-only, forgotten after two years.
create table access_log (
  id bigint generated always as identity primary key,
  read_at timestamptz not null default clock_timestamp(),
  tenant text collate "C" not null,
  actor text collate "C" not null,
  client text collate "C" not null,
  permission text not null,
  address text not null,
  subject text collate "C",
  run text collate "C",
  request_id text not null,
  check (subject is not null or run is not null)
);
create index access_log_subject on access_log (tenant, subject, id) where subject is not null;
create index access_log_run on access_log (tenant, run, id) where subject is null;
create index access_log_actor on access_log (tenant, actor, id);
create index access_log_time on access_log using brin (read_at);
comment on table access_log is
  'One row for each request that was let in to read a learner''s record, or all of a run''s '
  '(subject is null). It holds no answers.';

create function access_log_stands() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and old.read_at < clock_timestamp() - interval '730 days' then
    return old;
  end if;
  raise exception 'the access log is only added to; rows are forgotten after 730 days';
end $$;
create trigger access_log_stands before update or delete on access_log
  for each row execute function access_log_stands();
create trigger access_log_stands_whole before truncate on access_log
  for each statement execute function access_log_stands();
