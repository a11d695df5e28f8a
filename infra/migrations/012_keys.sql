-- Which store of keys this log's personal fields are sealed with: it is a database of its own.
create table keys.store (
  only_one boolean primary key default true check (only_one),
  name text not null,
  known_since timestamptz not null default clock_timestamp()
);
comment on table keys.store is 'The name of the store of keys, once a process has used it.';

-- Keys that an earlier version kept here are moved by the first process that uses keys.
do $$ begin
  if not exists (select from keys.subjects) and not exists (select from keys.digest_secret) then
    drop table keys.subjects, keys.digest_secret;
  end if;
end $$;
