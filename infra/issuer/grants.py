"""Where are sessions, codes and refresh tokens kept, and how often may each be used?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.sql import SQL, Identifier

from infra.issuer.model import CODE_SECONDS, SESSION, Grant, Session, User
from infra.issuer.secrets import digest, new_secret
from infra.issuer.users import Pool

_SESSION = SQL(
    "s.digest, s.signed_in_at, s.methods, u.id, u.name, u.tenant, u.roles, u.password,"
    " u.second_factor, u.second_factor_step, u.disabled, u.made_at"
)
_FROM = SQL("issuer.sessions s join issuer.users u on u.id = s.of_user and not u.disabled")
_FIND = SQL("select {} from {} where s.digest = %s and s.expires_at > %s").format(_SESSION, _FROM)
_TAKE = SQL(
    "select g.family, g.used, g.expires_at > %(now)s, g.client, g.scope, {more}, {session}"
    " from {joined} join issuer.{table} g on g.session = s.digest"
    " where g.digest = %(key)s and s.expires_at > %(now)s for update of g"
)
_USE = SQL("update issuer.{table} set used = true where digest = %(key)s")


class Sessions:
    """Who is signed in with which browser."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, user: User, methods: Sequence[str], now: datetime) -> str:
        """Begin a session, and return what the browser is to hold."""
        secret = new_secret()
        async with self._pool.connection() as connection:
            await connection.execute("delete from issuer.sessions where expires_at < %s", (now,))
            await connection.execute(
                "delete from issuer.codes where expires_at < %s", (now - SESSION,)
            )
            await connection.execute(
                "insert into issuer.sessions (digest, of_user, signed_in_at, methods, expires_at)"
                " values (%s, %s, %s, %s, %s)",
                (digest(secret), user.id, now, list(methods), now + SESSION),
            )
        return secret

    async def find(self, secret: str, now: datetime) -> Session | None:
        """Return the session of a browser. None: there is none, or it has ended."""
        async with self._pool.connection() as connection:
            found = await connection.execute(_FIND, (digest(secret), now))
            row = await found.fetchone()
        return None if row is None else _session(row)

    async def strengthen(self, session: Session, method: str) -> str | None:
        """Note that one more factor was given. Return what the browser is to hold from now on;
        what it held before is worth nothing. None: the session has ended meanwhile."""
        secret = new_secret()
        async with self._pool.connection() as connection:
            changed = await connection.execute(
                "with kept as (select * from issuer.sessions where digest = %(old)s),"
                " gone as (delete from issuer.sessions where digest = %(old)s)"
                " insert into issuer.sessions (digest, of_user, signed_in_at, methods, expires_at)"
                " select %(new)s, of_user, signed_in_at, methods || %(method)s, expires_at"
                " from kept",
                {"old": session.key, "new": digest(secret), "method": [method]},
            )
            return secret if changed.rowcount == 1 else None

    async def end(self, session: Session) -> None:
        """End a session, and with it all that was given out in it."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "delete from issuer.sessions where digest = %s", (session.key,)
            )

    async def end_all(self, user: str) -> None:
        """End every session of a person."""
        async with self._pool.connection() as connection:
            await connection.execute("delete from issuer.sessions where of_user = %s", (user,))


class Grants:
    """Codes and refresh tokens: each is good once. Whoever shows one a second time may have stolen
    it, so all that came of the same signing in is taken back [RFC 9700, 4.14.2]."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def code(self, session: Session, asked: Grant, now: datetime) -> str:
        """Give out a code for what a program asked."""
        secret = new_secret()
        async with self._pool.connection() as connection:
            await connection.execute(
                "insert into issuer.codes (digest, family, session, client, redirect_uri,"
                " challenge, nonce, scope, expires_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    digest(secret),
                    asked.family,
                    session.key,
                    asked.client,
                    asked.redirect_uri,
                    asked.challenge,
                    asked.nonce,
                    asked.scope,
                    now + timedelta(seconds=CODE_SECONDS),
                ),
            )
        return secret

    async def take_code(self, secret: str, now: datetime) -> Grant | None:
        """Use a code up. None: it is not good, or not any more."""
        return await self._take("codes", "redirect_uri, challenge, nonce", secret, now)

    async def refresh_token(self, grant: Grant) -> str:
        """Give out a refresh token, which ends with the session."""
        secret = new_secret()
        async with self._pool.connection() as connection:
            await connection.execute(
                "insert into issuer.refresh_tokens"
                " (digest, family, session, client, scope, expires_at)"
                " select %s, %s, digest, %s, %s, expires_at from issuer.sessions where digest = %s",
                (digest(secret), grant.family, grant.client, grant.scope, grant.session.key),
            )
        return secret

    async def take_refresh_token(self, secret: str, now: datetime) -> Grant | None:
        """Use a refresh token up. None: it is not good, or not any more."""
        return await self._take("refresh_tokens", "null, null, null", secret, now)

    async def revoke(self, secret: str, client: str) -> None:
        """Take back a refresh token of this program, and all of its family."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "delete from issuer.refresh_tokens where family in"
                " (select family from issuer.refresh_tokens where digest = %s and client = %s)",
                (digest(secret), client),
            )

    async def _take(
        self, table: str, more: LiteralString, secret: str, now: datetime
    ) -> Grant | None:
        given = {"key": digest(secret), "now": now}
        parts = {"table": Identifier(table), "joined": _FROM, "session": _SESSION}
        async with self._pool.connection() as connection, connection.transaction():
            taken = await connection.execute(_TAKE.format(more=SQL(more), **parts), given)
            row = await taken.fetchone()
            if row is None:
                return None
            family, used, fresh, client, scope, redirect_uri, challenge, nonce, *session = row
            if used:
                await connection.execute(
                    "delete from issuer.refresh_tokens where family = %s", (family,)
                )
            if used or not fresh:
                return None
            await connection.execute(_USE.format(table=Identifier(table)), given)
        return Grant(family, _session(session), client, scope, redirect_uri, challenge, nonce)


def new_family() -> UUID:
    """Return a name for all that comes of one signing in."""
    return uuid4()


def _session(row: Sequence[Any]) -> Session:
    key, signed_in_at, methods, *user = row
    return Session(key, User(*user), signed_in_at, methods)
