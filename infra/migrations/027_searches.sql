-- A search for learners is a read of no learner and no run, but of all: it is noted with neither.
alter table access_log drop constraint access_log_check;
comment on table access_log is
  'One row for each request that was let in to read a learner''s record, all of a run''s '
  '(subject is null), or to list and search all learners (run is null, too). It holds no answers, '
  'and not what was searched for, which may be a name.';
