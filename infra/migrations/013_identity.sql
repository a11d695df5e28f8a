-- Which pseudonym a person has here. Who they are for the issuer is kept as a keyed hash only, whose
-- key lies in the store of keys; without the row nobody can be traced from one to the other.
create schema identity;

create table identity.actors (
  tenant text not null,
  person bytea not null check (octet_length(person) = 32),
  actor text collate "C" not null,
  first_seen_at timestamptz not null default clock_timestamp(),
  primary key (tenant, person),
  unique (tenant, actor)
);
comment on column identity.actors.person is 'HMAC-SHA-256 of the issuer and its subject.';
comment on column identity.actors.actor is
  'The random pseudonym: the actor of facts, and the subject of the person''s own record.';
