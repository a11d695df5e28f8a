-- What applications of the eventsourcing library need that keep their events in the log.

-- Some of its originators count from 0; what commands record counts from 1.
alter table log.facts drop constraint facts_version_check;
alter table log.facts add constraint facts_version_check check (version >= 0) not valid;

-- An application follows its own events without reading the facts between them.
create index facts_of_aggregates on log.facts (position)
  where stream >= 'main/aggregate/' and stream < 'main/aggregate0';

-- Which facts bear a tag. A row with an empty tag stands for each event; tags begin with =.
create table log.tags (
  stream text collate "C" not null,
  tag text collate "C" not null,
  position bigint not null,
  type text collate "C" not null,
  primary key (stream, tag, position)
);
comment on table log.tags is
  'Copies from the bodies of facts on streams of the kind tagged, to search by.';

-- The positions above after_ of the facts that match a query: [{"types": [], "tags": []}, ...]; a
-- fact matches an item of one of its types (none: any) with all its tags; no items: every fact.
create function log.tagged(stream_ text, query_ jsonb, after_ bigint, limit_ bigint)
returns setof bigint language plpgsql stable as $$
begin
  if jsonb_array_length(query_) = 0 then
    query_ := '[{"types": [], "tags": []}]';
  end if;
  return query
    select distinct m.position from jsonb_array_elements(query_) i(item), lateral (
      select t.position from log.tags t
      where t.stream = stream_ and t.tag = coalesce('=' || (item -> 'tags' ->> 0), '')
        and t.position > after_
        and (jsonb_array_length(item -> 'types') = 0 or item -> 'types' ? t.type)
        and not exists (
          select from jsonb_array_elements_text(item -> 'tags') r(tag)
          where not exists (
            select from log.tags o
            where o.stream = stream_ and o.tag = '=' || r.tag and o.position = t.position))
      order by t.position limit limit_) m
    order by m.position limit limit_;
end $$;

-- Append events on one stream, unless a fact after after_ matches condition_ (null: no condition).
-- Answers the position before the first; null: one matches. An append under the same key again
-- answers what the first did.
create function log.append_tagged(
  key_ text, days_ int, stream_ text, condition_ jsonb, after_ bigint,
  types_ text[], tenant_ text, bodies_ bytea[], tags_ jsonb)
returns bigint language plpgsql volatile as $$
declare
  n int := cardinality(types_);
  last int;
  base_ bigint;
begin
  perform pg_advisory_xact_lock(7236001);
  select k.first_position - 1 into base_ from log.command_keys k where k.key = key_;
  if found then return base_; end if;
  if condition_ is not null then
    perform from log.tagged(stream_, condition_, after_, 1);
    if found then return null; end if;
  end if;
  select f.version into last from log.facts f where f.stream = stream_
    order by f.version desc limit 1;
  last := coalesce(last, 0);
  select a.base into base_ from log.append(
    array[key_], array[''::bytea], array[days_], array[n],
    array[1], array[stream_], array[last], '{}', '{}', '{}', '{}', '{}', '{}', '{}',
    array_fill(1, array[n]), array_fill(stream_, array[n]),
    array(select generate_series(last + 1, last + n)), types_, array_fill(tenant_, array[n]),
    array_fill(null::text, array[n]), bodies_) a;
  insert into log.tags (stream, tag, position, type)
    select stream_, t.tag, base_ + e.ord, types_[e.ord]
    from jsonb_array_elements(tags_) with ordinality e(tags, ord), lateral (
      select '' as tag union select '=' || x from jsonb_array_elements_text(e.tags) x) t;
  return base_;
end $$;
