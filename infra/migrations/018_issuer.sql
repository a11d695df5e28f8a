-- The development issuer: who may sign in with what, which programs may ask for tokens, and what
-- was given out. Of secrets that somebody else holds, only digests are kept.
create schema issuer;

create table issuer.users (
  id text collate "C" primary key,
  name text collate "C" not null unique,
  tenant text not null,
  roles text[] not null,
  password text not null,
  second_factor text,
  second_factor_step bigint not null default 0,
  disabled boolean not null default false,
  made_at timestamptz not null default clock_timestamp()
);
comment on column issuer.users.id is 'The subject of tokens: random, never given to another.';
comment on column issuer.users.password is 'argon2id, in its encoded form.';
comment on column issuer.users.second_factor is
  'The secret of time-based one-time passwords, sealed with a key that is not in the database.';
comment on column issuer.users.second_factor_step is
  'The last time step whose code was taken: no code is taken twice.';

create table issuer.recovery_codes (
  of_user text collate "C" not null references issuer.users on delete cascade,
  digest bytea not null,
  primary key (of_user, digest)
);

create table issuer.clients (
  id text collate "C" primary key,
  name text not null,
  tenant text not null,
  scopes text[] not null,
  secret bytea,
  redirect_uris text[] not null default '{}',
  signed_out_uris text[] not null default '{}'
);
comment on column issuer.clients.secret is
  'SHA-256 of a random secret; null: a public client, which proves itself by PKCE alone.';
comment on column issuer.clients.scopes is 'What it may ask to be allowed.';

create table issuer.sessions (
  digest bytea primary key,
  of_user text collate "C" not null references issuer.users on delete cascade,
  signed_in_at timestamptz not null,
  methods text[] not null,
  expires_at timestamptz not null
);
create index sessions_of_user on issuer.sessions (of_user);

create table issuer.codes (
  digest bytea primary key,
  family uuid not null,
  session bytea not null references issuer.sessions on delete cascade,
  client text collate "C" not null references issuer.clients on delete cascade,
  redirect_uri text not null,
  challenge text not null,
  nonce text,
  scope text not null,
  expires_at timestamptz not null,
  used boolean not null default false
);

create table issuer.refresh_tokens (
  digest bytea primary key,
  family uuid not null,
  session bytea not null references issuer.sessions on delete cascade,
  client text collate "C" not null references issuer.clients on delete cascade,
  scope text not null,
  expires_at timestamptz not null,
  used boolean not null default false
);
create index refresh_tokens_of_family on issuer.refresh_tokens (family);

create table issuer.guesses (
  key bytea primary key,
  failures int not null,
  last_at timestamptz not null
);
comment on table issuer.guesses is
  'Attempts to sign in that failed, by digests of what was tried and from where.';

-- The console's own sessions, with whichever issuer people sign in.
create schema console;

create table console.sessions (
  digest bytea primary key,
  issuer text not null,
  subject text not null,
  sealed bytea not null,
  renew_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index sessions_of_subject on console.sessions (issuer, subject);
comment on column console.sessions.digest is
  'SHA-256 of the identifier in the browser''s cookie, which is kept nowhere else.';
comment on column console.sessions.sealed is
  'The tokens, encrypted with a key that is derived from that identifier.';
