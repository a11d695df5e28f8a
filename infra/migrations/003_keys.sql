-- The keys of personal fields, apart from the log: whoever holds the log alone cannot read them.
create schema keys;

create table keys.subjects (
  tenant  text  not null,
  subject text  not null,
  key     bytea not null check (octet_length(key) = 32),
  primary key (tenant, subject)
);

-- What request bodies are digested with: a plain hash of a guessable body would give it away.
create table keys.digest_secret (
  only_one boolean primary key default true check (only_one),
  secret   bytea not null check (octet_length(secret) = 32)
);
