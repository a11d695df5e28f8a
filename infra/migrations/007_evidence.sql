-- What shows that the log is what it was: its Merkle tree in tiles, and what was last signed of it.
create schema evidence;

create table evidence.tiles (
  level smallint not null check (level between 0 and 7),
  number bigint not null check (number >= 0),
  hashes bytea not null check (octet_length(hashes) between 32 and 8192),
  primary key (level, number),
  check (octet_length(hashes) % 32 = 0)
);
alter table evidence.tiles alter hashes set storage external;  -- hashes cannot be compressed
comment on table evidence.tiles is
  'Tiles of 256 hashes of 32 bytes (C2SP tlog-tiles); the last of each level may be narrower.';

create table evidence.sealed (
  only_one boolean primary key default true check (only_one),
  epoch text not null,
  size bigint not null check (size >= 0),
  note bytea not null,
  keys text not null,
  moved_at timestamptz not null default clock_timestamp(),
  error text,
  error_at timestamptz
);
comment on table evidence.sealed is
  'The last checkpoint as a signed note, and the verifier keys of the log, one a line. The key that '
  'signs is never in the database: whoever owns these tables can change them, but not sign them.';
