-- Whose the rows of readings are: from now on the tenant is the first column of each of their tables
-- and views. The readings' versions have changed, so they are made anew; until they are, what an
-- earlier version made is shown to nobody.
do $$
declare view_ record;
begin
  for view_ in select viewname from pg_views where schemaname = 'views' loop
    execute format('drop view views.%I', view_.viewname);
  end loop;
end $$;

alter table readings.parked add tenant text collate "C";
comment on table readings.parked is
  'Facts that a fold could not take, and all later facts of the same key, in order. '
  'key is a JSON array that begins with the tenant, or with ~stream or ~unreadable where no key is '
  'known. tenant is null where not even that can be read.';
