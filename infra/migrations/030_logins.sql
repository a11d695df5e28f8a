-- Who does what: each kind of process has a role of its own, that may do what its work needs and
-- nothing else. A login for it is a member, or the role itself where an administrator lets it log in.
-- Tables belong to whoever migrates; what is read into belongs to registrar_run.
do $$
declare
  role_ text;
  part_ text;
begin
  for role_, part_ in values
    ('registrar_commands', 'registrar_append'),
    ('registrar_queries', 'registrar_query'),
    ('registrar_workers', 'registrar_run'),
    ('registrar_followers', 'registrar_append'),
    ('registrar_followers', 'registrar_follow'),
    ('registrar_followers', 'registrar_run'),
    ('registrar_followers', 'registrar_seal'),
    ('registrar_relays', 'registrar_relay'),
    -- Whoever makes a reading's tables makes the views of analysts over them.
    ('registrar_run', 'registrar_analytics')
  loop
    -- Roles are of the whole server: another database of it may make them at this very moment.
    begin
      if not exists (select from pg_roles r where r.rolname = role_) then
        execute format('create role %I nologin', role_);
      end if;
    exception
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception 'the role % is missing, and % may not create roles', role_, current_user
          using hint = format('As an administrator of the server: create role %I;', role_);
    end;
    begin
      if not pg_has_role(role_, part_, 'usage') then
        execute format('grant %I to %I', part_, role_);
      end if;
    exception
      when unique_violation then null;
      when insufficient_privilege then
        raise exception '% is not a member of the role %, and % may not make it one',
          role_, part_, current_user
          using hint = format('As an administrator of the server: grant %I to %I;', part_, role_);
    end;
  end loop;
end $$;

grant select on public.registrar_migrations to registrar_commands, registrar_queries,
  registrar_workers, registrar_followers, registrar_relays;

-- Which store of keys the log's personal fields are sealed with, and who somebody is here.
grant usage on schema keys to registrar_commands, registrar_queries, registrar_followers;
grant select, insert on keys.store to registrar_commands, registrar_queries, registrar_followers;
grant usage on schema identity to registrar_commands, registrar_queries, registrar_follow;
grant select, insert on identity.actors to registrar_commands, registrar_queries;
grant select, delete on identity.actors to registrar_follow;

-- What the query API keeps of its own: jobs, the log of reads, who is signed in.
grant usage on schema jobs, issuer, console, streams to registrar_queries;
grant select, insert, update, delete on all tables in schema jobs, issuer, console
  to registrar_queries;
grant select, insert, delete on access_log to registrar_queries;
grant select on readings.state, readings.followers to registrar_queries;
create policy queries on readings.parked for select to registrar_queries using (true);
grant select on readings.parked to registrar_queries;
do $$
declare table_ regclass;
begin
  foreach table_ in array array['identity.actors', 'jobs.jobs', 'jobs.pieces', 'jobs.links',
      'access_log', 'issuer.users', 'issuer.clients']::regclass[] loop
    execute format('create policy queries on %s to registrar_queries using (true) with check (true)',
      table_);
  end loop;
end $$;

-- What followers do beside following: forget people, and command keys whose time is over.
grant usage on schema jobs, issuer, analysts, streams to registrar_follow;
grant select, delete on jobs.jobs, issuer.users, issuer.clients to registrar_follow;
grant select on streams.relay, analysts.logins to registrar_follow;
grant select, delete on analysts.pseudonym_keys to registrar_follow;
grant update (expires_at) on log.command_keys to registrar_follow;  -- to hold rows that it deletes
grant select on readings.followers to registrar_run;
grant usage on schema evidence to registrar_run;
grant select on evidence.sealed to registrar_run;

create function analysts.remove(login_ text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from analysts.logins l where l.login = login_;
  if not found then return false; end if;
  execute format('alter role %I nologin', login_);
  perform pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
    where a.usename = login_;
  execute format('drop role %I', login_);
  return true;
end $$;
revoke execute on function analysts.remove from public;
grant execute on function analysts.remove to registrar_follow;
comment on function analysts.remove is
  'End the sessions of an analyst''s login, and drop it, as its owner; false: there is none.';

-- What the query API must know of all tenants, though it sees no rows but of those that are set.
create function log.of_access_and_erasure(streams_ text[])
returns table (stream text, type text, "position" bigint, recorded_at timestamptz, version int,
  body bytea)
language sql stable security definer set search_path = '' as $$
  select f.stream, f.type, f.position, f.recorded_at, f.version, f.body from log.facts f
  where f.stream = any(streams_)
    and split_part(f.stream, '/', 2) in ('access', 'tenant', 'erasure')
  order by f.stream, f.version
$$;
revoke execute on function log.of_access_and_erasure from public;
grant execute on function log.of_access_and_erasure
  to registrar_commands, registrar_queries, registrar_follow;
comment on function log.of_access_and_erasure is
  'The facts on some streams that say who may do what, which tenants there are, and who was erased.';

-- What was due a moment ago is on its way. Before the first beat of a scheduler nothing is due. In
-- plpgsql, because the view is made later than this.
create function readings.overdue(most_ int, grace_seconds_ float8,
  out commands bigint, out seconds float8, out failed bigint, out error text)
language plpgsql stable security definer set search_path = '' as $$
begin
  select least(count(*), most_), greatest(0, coalesce(
      extract(epoch from clock_timestamp() - min(w.due_at)), 0))::float8,
    (select count(*) from readings.postponed p where p.error is not null),
    (select p.error from readings.postponed p where p.error is not null order by p.key limit 1)
  into commands, seconds, failed, error
  from (
    (select d.due_at from views.due d, readings.followers m
      where m.due_through is not null and d.due_at > m.due_through
        and d.due_at <= clock_timestamp() and d.position <= m.position
      limit most_)
    union all
    (select greatest(d.due_at, f.recorded_at) from views.due d
      join log.facts f on f.position = d.position, readings.followers m
      where m.due_through is not null and d.position > m.position
        and d.due_at <= clock_timestamp() limit most_)
    union all
    (select p.again_at from readings.postponed p
      where p.again_at <= clock_timestamp() limit most_)) w(due_at)
  where w.due_at < clock_timestamp() - make_interval(secs => grace_seconds_);
end $$;
revoke execute on function readings.overdue from public;
grant execute on function readings.overdue to registrar_queries, registrar_run;
comment on function readings.overdue is
  'How many commands of the scheduler are late, by how long, how many failed, and why the first did.';

-- What readings are kept in belongs to who keeps them, whoever made it so far.
grant create on schema analytics to registrar_run;
do $$
declare name_ text;
begin
  for name_ in select tablename from pg_tables
    where schemaname = 'readings' and tablename ~ '_v[0-9]+g[0-9]+_' loop
    execute format('alter table readings.%I owner to registrar_run', name_);
  end loop;
  for name_ in select viewname from pg_views where schemaname = 'views' loop
    execute format('alter view views.%I owner to registrar_run', name_);
  end loop;
end $$;
