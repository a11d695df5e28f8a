-- Which tenants there are, and how much of each: those that were opened, and those of whom the log
-- has facts. One look into the index a tenant, and one pass over its part of it. Only who asks as the
-- installation's own tenant is answered. In plpgsql, because the view is made later than this.
create function log.tenants(after_ text, limit_ int)
returns table (tenant text, facts bigint, learners bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
  next_ text collate "C" := after_;
begin
  if current_setting('registrar.tenant', true) is distinct from 'main' then
    return;
  end if;
  for _ in 1 .. limit_ loop
    -- '/' ends a tenant's name in the name of a stream, and '0' is the character after it.
    next_ := split_part(least(
      (select f.stream from log.facts f where f.stream >= next_ || '0' order by f.stream limit 1),
      (select split_part(f.stream, '/', 3) || '/' from log.facts f
       where f.stream >= 'main/tenant/' and f.stream < 'main/tenant0' and f.version = 1
         and split_part(f.stream, '/', 3) || '/' >= next_ || '0'
       order by split_part(f.stream, '/', 3) || '/' limit 1)), '/', 1);
    exit when next_ is null;
    tenant := next_;
    facts := (select count(*) from log.facts f
              where f.stream >= next_ || '/' and f.stream < next_ || '0');
    learners := (select count(distinct h.subject) from views.history h where h.tenant = next_);
    return next;
  end loop;
end $$;
revoke execute on function log.tenants from public;
grant execute on function log.tenants to registrar_query;
comment on function log.tenants is
  'Some tenants after one, in order of their names, with how many facts and learners each has.';
