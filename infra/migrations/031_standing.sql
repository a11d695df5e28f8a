-- What a query asks before all else, as functions: their plans are kept by the session, and a
-- transaction can be begun and asked where it stands in one message.
create function readings.standing(names_ text[])
  returns table (name text, partition integer, "position" bigint, recorded_at timestamptz)
language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    with standing as materialized (
      select s.name, s.partition, s.position from readings.state s
      where s.live and s.name = any(names_)
    ), times as materialized (
      select t.position, log.recorded_at(t.position) as recorded_at
      from (select distinct s.position from standing s) t
    )
    select s.name::text, s.partition::integer, s.position, t.recorded_at
    from standing s join times t using (position);
end
$$;
comment on function readings.standing is
  'How far the live generations of these readings are, by partition, and when that was recorded.';

create function readings.put_aside(names_ text[])
  returns table (name text, key text, since timestamptz)
language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
    select p.name::text, p.key::text, min(p.parked_at) from readings.parked p
    join readings.state s on s.name = p.name and s.generation = p.generation
    where s.live and s.partition = 0 and s.name = any(names_)
    group by p.name, p.key;
end
$$;
comment on function readings.put_aside is
  'What the live generations of these readings have put aside, of the tenant that is set.';
