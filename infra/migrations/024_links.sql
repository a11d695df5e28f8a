-- Links by which what came of a job is fetched: whoever knows what has the digest may.
create table jobs.links (
  digest bytea primary key check (octet_length(digest) = 32),
  tenant text collate "C" not null,
  job text collate "C" not null,
  expires_at timestamptz not null,
  foreign key (tenant, job) references jobs.jobs on delete cascade
);
