-- The log: facts in commit order, the command keys recorded with them, and the log's epoch.
create schema log;

create table log.facts (
  position bigint primary key check (position > 0),
  recorded_at timestamptz not null,
  version int not null check (version > 0),
  stream text collate "C" not null,
  type text collate "C" not null,
  tenant text collate "C" not null,
  subject text collate "C",
  body bytea not null,
  constraint facts_stream_version unique (stream, version)
);
comment on table log.facts is
  'Append-only. Position order is commit order, without gaps. A Merkle leaf covers position, '
  'recorded_at, version and body; the other columns are copies from the body to search by.';

-- Most keys expire (clients'), those derived from a fact never do.
create table log.command_keys (
  key text collate "C" primary key,
  body_hash bytea not null,
  first_position bigint not null,
  facts int not null,
  expires_at timestamptz
);
create index command_keys_expires_at on log.command_keys using brin (expires_at);

-- A random name, made new whenever positions could be used a second time.
create table log.epoch (
  name text not null,
  made_at timestamptz not null default clock_timestamp()
);
create unique index epoch_only_one on log.epoch ((true));
insert into log.epoch (name) values (replace(gen_random_uuid()::text, '-', ''));

create function log.forbid() returns trigger language plpgsql as $$
begin
  raise exception 'the log is append-only';
end $$;
create trigger facts_append_only before update or delete or truncate on log.facts
  for each statement execute function log.forbid();

-- How an append begins, in both functions below: the append lock is taken in a statement of its
-- own, so that the head is read by a later snapshot. Under any isolation but read committed it
-- would not be.

-- One request with one fact: the scalar way of log.append, for when nobody else is waiting.
-- sure: the caller knows that the version before exists. Raises unique_violation, or no_data_found where the version before is missing: then nothing is
-- recorded, and log.append tells why.
create function log.append_one(
  key_ text, hash_ bytea, days_ int,
  stream_ text, version_ int, type_ text, tenant_ text, subject_ text, body_ bytea,
  sure boolean,
  out first_position bigint, out recorded_at timestamptz)
language plpgsql volatile as $$
declare base bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'the log is appended to under read committed only';
  end if;
  perform pg_advisory_xact_lock(7236001);
  select f.position, f.recorded_at into base, recorded_at
    from log.facts f order by f.position desc limit 1;
  first_position := coalesce(base, 0) + 1;
  recorded_at := greatest(clock_timestamp(), recorded_at);
  if not sure and version_ > 1 and not exists (
    select from log.facts f where f.stream = stream_ and f.version = version_ - 1) then
    raise no_data_found;
  end if;
  insert into log.facts (position, recorded_at, version, stream, type, tenant, subject, body)
    values (first_position, recorded_at, version_, stream_, type_, tenant_, subject_, body_);
  if key_ is not null then
    insert into log.command_keys (key, body_hash, first_position, facts, expires_at)
      values (key_, hash_, first_position, 1, recorded_at + make_interval(days => days_));
  end if;
  perform pg_notify('log', first_position::text);
end $$;

-- A whole batch in one call.
--   r_*: the requests: command key (null: none), its body's hash, days to keep it (null: for ever),
--     and the number of facts. The first three are empty where no request has a key.
--   w_*: per stream written, where the request rests on the log and not on one before it in this
--     batch: the request, the stream, and the version before.
--   p_*: those of them where the caller does not know that the version before exists (0 always
--     does): an insert alone would leave a gap.
--   c_*: as w_* for streams that are read and not written.
--   d_*: request d_req rests on request d_on, which stands before it.
--   f_*: the facts, in the order of the requests; f_req their request. All requests from 1.
-- Two requests of a batch that write one stream must be tied by d_*; a key stands once in a batch.
-- Answers: the position before the first fact, the time recorded, and, unless all were recorded,
--   per request: its first position, or -1 lost, -2 repeated; who lost on which stream;
--   and what stands under the keys that were repeated.
create function log.append(
  r_key text[], r_hash bytea[], r_days int[], r_n int[],
  w_req int[], w_stream text[], w_version int[],
  p_stream text[], p_version int[],
  c_req int[], c_stream text[], c_version int[],
  d_req int[], d_on int[],
  f_req int[], f_stream text[], f_version int[], f_type text[], f_tenant text[], f_subject text[],
  f_body bytea[],
  out base bigint, out at_ timestamptz, out outcome bigint[],
  out lost_req int[], out lost_stream text[],
  out repeated_req int[], out repeated_position bigint[], out repeated_facts int[],
  out repeated_hash bytea[])
language plpgsql volatile as $$
declare
  head bigint;
  n int := cardinality(f_req);
  keyed boolean := cardinality(r_key) > 0;
  state int[];
  i int;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'the log is appended to under read committed only';
  end if;
  perform pg_advisory_xact_lock(7236001);
  select f.position, f.recorded_at into head, at_ from log.facts f order by f.position desc limit 1;
  head := coalesce(head, 0);
  at_ := greatest(clock_timestamp(), at_);
  base := head;

  -- The fast way: the unique index is the condition on what is written.
  begin
    if cardinality(p_stream) > 0 then
      perform from unnest(p_stream, p_version) p(stream, version)
        where (
          select f.version from log.facts f where f.stream = p.stream and f.version = p.version
        ) is null;  -- not "not exists": that may become a join, planned when the table was empty
      if found then raise unique_violation; end if;
    end if;
    if cardinality(c_req) > 0 then
      perform from unnest(c_stream, c_version) c(stream, version)
        left join lateral (select f.version from log.facts f where f.stream = c.stream
                           order by f.version desc limit 1) s on true
        where coalesce(s.version, 0) <> c.version;
      if found then raise unique_violation; end if;
    end if;
    insert into log.facts (position, recorded_at, version, stream, type, tenant, subject, body)
      select head + u.ord, at_, u.version, u.stream, u.type, u.tenant, u.subject, u.body
      from unnest(f_version, f_stream, f_type, f_tenant, f_subject, f_body) with ordinality
        u(version, stream, type, tenant, subject, body, ord);
    if keyed then
      insert into log.command_keys (key, body_hash, first_position, facts, expires_at)
        select r.key, r.hash, r.upto - r.n + 1 + head, r.n, at_ + make_interval(days => r.days)
        from (select k.*, sum(k.n) over (order by k.ord) as upto
              from unnest(r_key, r_hash, r_days, r_n) with ordinality k(key, hash, days, n, ord)) r
        where r.key is not null;
    end if;
    perform pg_notify('log', (head + n)::text);
    return;
  exception when unique_violation then null;
  end;

  -- The slow way: find who lost and why, and record the others.
  delete from log.command_keys k where k.key = any(r_key) and k.expires_at <= at_;
  select array_agg(r.req::int), array_agg(k.first_position), array_agg(k.facts),
      array_agg(k.body_hash)
    into repeated_req, repeated_position, repeated_facts, repeated_hash
    from unnest(r_key) with ordinality r(key, req) join log.command_keys k on k.key = r.key;
  select array_agg(c.req), array_agg(c.stream) into lost_req, lost_stream
    from (select * from unnest(w_req, w_stream, w_version)
          union all select * from unnest(c_req, c_stream, c_version)) c(req, stream, version)
    left join lateral (select f.version from log.facts f where f.stream = c.stream
                       order by f.version desc limit 1) s on true
    where coalesce(s.version, 0) <> c.version;
  state := array_fill(0, array[cardinality(r_n)]);
  foreach i in array coalesce(lost_req, '{}') loop state[i] := 1; end loop;
  foreach i in array coalesce(repeated_req, '{}') loop state[i] := 2; end loop;
  for i in 1 .. cardinality(d_req) loop
    if state[d_on[i]] <> 0 and state[d_req[i]] = 0 then state[d_req[i]] := 1; end if;
  end loop;
  select array_agg(case when q.state = 0 then head + 1 + q.before else -q.state end order by q.req),
      sum(case when q.state = 0 then q.n else 0 end)
    into outcome, n
    from (select x.req, x.n, x.state, coalesce(sum(case when x.state = 0 then x.n else 0 end) over
            (order by x.req rows between unbounded preceding and 1 preceding), 0) as before
          from unnest(r_n, state) with ordinality x(n, state, req)) q;
  if n = 0 then return; end if;
  insert into log.facts (position, recorded_at, version, stream, type, tenant, subject, body)
    select head + row_number() over (order by u.ord), at_, u.version, u.stream, u.type, u.tenant,
      u.subject, u.body
    from unnest(f_req, f_version, f_stream, f_type, f_tenant, f_subject, f_body) with ordinality
      u(req, version, stream, type, tenant, subject, body, ord)
    where state[u.req] = 0;
  insert into log.command_keys (key, body_hash, first_position, facts, expires_at)
    select r.key, r.hash, r.first_position, r.n, at_ + make_interval(days => r.days)
    from unnest(r_key, r_hash, r_days, r_n, outcome) r(key, hash, days, n, first_position)
    where r.first_position > 0 and r.key is not null;
  perform pg_notify('log', (head + n)::text);
end $$;

-- The last position recorded at or before a moment; 0: none. Times rise with positions, and
-- positions have no gaps, so about 20 lookups by primary key find it among a million.
create function log.position_at(moment timestamptz) returns bigint
language plpgsql stable as $$
declare low bigint := 0; high bigint; middle bigint; at_ timestamptz;
begin
  select f.position into high from log.facts f order by f.position desc limit 1;
  high := coalesce(high, 0);
  while low < high loop
    middle := (low + high + 1) / 2;
    select f.recorded_at into at_ from log.facts f where f.position = middle;
    if at_ <= moment then low := middle; else high := middle - 1; end if;
  end loop;
  return low;
end $$;

-- Forget client keys that are past their time, the oldest first; answers how many.
create function log.forget_expired_keys(limit_ int) returns bigint
language sql volatile as $$
  with gone as (
    delete from log.command_keys where key in (
      select key from log.command_keys where expires_at <= clock_timestamp() limit limit_
      for update skip locked)
    returning 1)
  select count(*) from gone
$$;
