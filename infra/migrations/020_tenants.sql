-- Who sees whose rows. Whatever is of a tenant is kept apart by row-level security, which holds for
-- the owner of the tables too; a tenant is set for one transaction, and where none is, nothing is
-- seen. Those who serve all tenants by nature are roles of their own.
do $$
declare
  role_ text;
  mighty boolean := (select r.rolsuper from pg_roles r where r.rolname = current_user);
begin
  foreach role_ in array array['registrar_query', 'registrar_append', 'registrar_relay',
      'registrar_run', 'registrar_seal', 'registrar_follow', 'registrar_analytics',
      'registrar_analyst'] loop
    -- Roles are of the whole server: another database of it may make them at this very moment.
    if not exists (select from pg_roles r where r.rolname = role_) then
      begin
        execute format('create role %I nologin', role_);
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception 'the role % is missing, and % may not create roles', role_, current_user
            using hint = format('As an administrator of the server: create role %I; grant %I to %I;',
              role_, role_, current_user);
      end;
    end if;
    if not mighty and not pg_has_role(role_, 'usage') then
      begin
        execute format('grant %I to %I', role_, current_user);
      exception when insufficient_privilege then
        raise exception '% is not a member of the role %, and may not become one',
          current_user, role_
          using hint = format('As an administrator of the server: grant %I to %I;',
            role_, current_user);
      end;
    end if;
  end loop;
end $$;

grant usage on schema log, readings, views, evidence to registrar_query;
grant select on log.epoch, readings.state, evidence.tiles, evidence.sealed to registrar_query;

grant usage on schema log to registrar_append, registrar_relay, registrar_run, registrar_seal,
  registrar_follow;
grant select on all tables in schema log to registrar_append, registrar_relay, registrar_run,
  registrar_seal, registrar_follow;
grant insert on log.facts, log.tags to registrar_append, registrar_follow;
grant insert, delete on log.command_keys to registrar_append, registrar_follow;
grant usage on schema streams to registrar_relay;
grant select, insert, update on all tables in schema streams to registrar_relay;
grant usage, create on schema readings, views to registrar_run;
grant select, insert, update, delete on all tables in schema readings to registrar_run;
grant usage on schema evidence to registrar_seal;
grant select, insert, update, delete on all tables in schema evidence to registrar_seal;
grant usage on schema readings, views to registrar_follow;
grant select, insert, update, delete on readings.state, readings.followers, readings.postponed
  to registrar_follow;

-- Analysts: logins of their own, each of one tenant. Nobody but the owner sees who is whose, nor what
-- the pseudonyms are made with: the padded keys of an HMAC [RFC 2104], as SHA-256 takes them.
create schema analysts;
create table analysts.logins (
  login text collate "C" primary key,
  tenant text collate "C" not null,
  added_at timestamptz not null default clock_timestamp(),
  added_by text not null
);
create table analysts.pseudonym_keys (
  tenant text collate "C" primary key,
  inner_key bytea not null check (octet_length(inner_key) = 64),
  outer_key bytea not null check (octet_length(outer_key) = 64)
);
create schema analytics;
comment on schema analytics is
  'Views for analysts: of the tenant of their login, with pseudonyms in place of learners.';
grant usage on schema analysts, analytics, readings, views, log to registrar_analytics;
grant create on schema analytics to registrar_analytics;
grant select on analysts.logins, analysts.pseudonym_keys to registrar_analytics;
grant usage on schema analytics to registrar_analyst;

-- Keep the rows of a table apart by the tenant in their column of that name. shown: whether queries
-- read it. The stores call it for each table that they make, a migration for each that it makes.
create function log.keep_apart(table_ regclass, shown boolean) returns void
language plpgsql set search_path = '' as $$
begin
  execute format('alter table %s enable row level security', table_);
  execute format('alter table %s force row level security', table_);
  execute format('create policy servers on %s to registrar_append, registrar_relay,'
    ' registrar_run, registrar_seal, registrar_follow using (true) with check (true)', table_);
  if shown then
    execute format('create policy tenant on %s for select to registrar_query'
      ' using (tenant = current_setting(''registrar.tenant'', true))', table_);
    execute format('create policy analysts on %s for select to registrar_analytics using (tenant ='
      ' (select l.tenant from analysts.logins l where l.login = session_user))', table_);
    execute format('grant select on %s to registrar_query, registrar_analytics', table_);
  end if;
end $$;
comment on function log.keep_apart is
  'Row-level security by tenant for a table with a column of that name. registrar_analytics owns '
  'the views of analysts; whose rows it sees is said by who logged in, which no setting changes.';

-- The same for every table that holds a tenant and is not kept apart yet; so that whoever makes one in
-- a later migration need not think of it.
create function log.keep_all_apart() returns void
language plpgsql set search_path = '' as $$
declare table_ regclass;
begin
  for table_ in
    select c.oid from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a
        on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
    where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema$)'
      and n.nspname <> 'analysts' and not c.relrowsecurity
  loop
    perform log.keep_apart(table_, table_ = 'log.facts'::regclass);
  end loop;
end $$;

-- Of what is put aside and cannot be read, nobody knows whose it is: that it is missing concerns all.
alter table readings.parked enable row level security;
alter table readings.parked force row level security;
create policy servers on readings.parked to registrar_run, registrar_follow
  using (true) with check (true);
create policy tenant on readings.parked for select to registrar_query
  using (tenant is null or tenant = current_setting('registrar.tenant', true));
grant select on readings.parked to registrar_query;

select log.keep_all_apart();

-- What is true of the log as a whole, whoever's facts it holds: where it ends, and when a position
-- was recorded. Run as their owner, who sees them all.
create function log.head(out "position" bigint, out recorded_at timestamptz, out epoch text)
language sql stable security definer set search_path = '' as $$
  select coalesce(f.position, 0), f.recorded_at, e.name
  from log.epoch e left join (
    select f.position, f.recorded_at from log.facts f order by f.position desc limit 1) f on true
$$;
create function log.recorded_at(position_ bigint) returns timestamptz
language sql stable security definer set search_path = '' as $$
  select f.recorded_at from log.facts f where f.position = position_
$$;
alter function log.position_at(timestamptz) security definer set search_path = '';

-- What everybody may do on a PostgreSQL server, and no analyst should: hold the locks that appends and
-- leaders go by, and leave large objects.
do $$
declare function_ regprocedure;
begin
  if not (select r.rolsuper from pg_roles r where r.rolname = current_user) then
    raise notice 'only a superuser keeps analysts from advisory locks and large objects';
    return;
  end if;
  for function_ in
    select p.oid from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace
      and (p.proname ~ '^pg_(try_)?advisory' or p.proname ~ '^lo_?(creat|from|put|import|open|unlink)'
        or p.proname in ('lowrite', 'pg_notify'))
  loop
    execute format('revoke execute on function %s from public', function_);
    execute format('grant execute on function %s to registrar_append, registrar_relay,'
      ' registrar_run, registrar_seal, registrar_follow', function_);
  end loop;
end $$;
