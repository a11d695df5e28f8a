"""Where are the people kept who can sign in?"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg.sql import SQL
from psycopg_pool import AsyncConnectionPool

from infra.issuer.model import User

NAME_CHARACTERS_MAX = 100
_USERS = SQL(
    "select id, name, tenant, roles, password, second_factor, second_factor_step, disabled, made_at"
    " from issuer.users {}"
)

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class NameTaken(Exception):
    """Somebody has this name already."""


def plain_name(name: str) -> str:
    """Return a name as it is kept, however it was typed."""
    return name.strip().casefold()[:NAME_CHARACTERS_MAX]


class Users:
    """The table of people. Whoever is changed so that they may do less is signed out."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def any(self) -> bool:
        """Whether there is anybody."""
        return bool(await self._changed("select 1 from issuer.users limit 1", ()))

    async def all(self) -> list[User]:
        """Return everybody, by name."""
        return await self._found("order by name", ())

    async def named(self, name: str) -> User | None:
        """Return who signs in with this name."""
        return next(iter(await self._found("where name = %s", (plain_name(name),))), None)

    async def known(self, user: str) -> User | None:
        """Return who is the subject of a token."""
        return next(iter(await self._found("where id = %s", (user,))), None)

    async def add(self, name: str, tenant: str, roles: Sequence[str], password: str) -> str:
        """Add a person, and return the subject of their tokens. ``password`` is the hashed one.
        Raises NameTaken."""
        user = secrets.token_hex(16)
        try:
            await self._changed(
                "insert into issuer.users (id, name, tenant, roles, password)"
                " values (%s, %s, %s, %s, %s) returning id",
                (user, plain_name(name), tenant, sorted(roles), password),
            )
        except UniqueViolation as error:
            raise NameTaken(name) from error
        return user

    async def set_password(self, user: str, password: str) -> None:
        """Replace what is kept of a password."""
        await self._changed(
            "with gone as (delete from issuer.sessions where of_user = %(user)s)"
            " update issuer.users set password = %(password)s where id = %(user)s returning 1",
            {"user": user, "password": password},
        )

    async def set_disabled(self, user: str, disabled: bool) -> None:
        """Let somebody sign in no more, or again."""
        await self._changed(
            "with gone as (delete from issuer.sessions where of_user = %(user)s)"
            " update issuer.users set disabled = %(disabled)s where id = %(user)s returning 1",
            {"user": user, "disabled": disabled},
        )

    async def reset_second_factor(self, user: str) -> None:
        """Forget a phone and its recovery codes."""
        await self._changed(
            "with gone as (delete from issuer.sessions where of_user = %(user)s),"
            " codes as (delete from issuer.recovery_codes where of_user = %(user)s)"
            " update issuer.users set second_factor = null where id = %(user)s returning 1",
            {"user": user},
        )

    async def enrol(
        self, user: str, sealed: str, step: int, recovery_codes: Sequence[bytes]
    ) -> bool:
        """Keep the secret of a phone and digests of its recovery codes. False: there is one."""
        enrolled = await self._changed(
            "with enrolled as (update issuer.users"
            "  set second_factor = %(sealed)s, second_factor_step = %(step)s"
            "  where id = %(user)s and second_factor is null returning id)"
            " insert into issuer.recovery_codes (of_user, digest)"
            " select id, unnest(%(codes)s::bytea[]) from enrolled returning 1",
            {"user": user, "sealed": sealed, "step": step, "codes": list(recovery_codes)},
        )
        return bool(enrolled)

    async def take_step(self, user: str, step: int) -> bool:
        """Note that the code of a time step was used. False: it, or a later one, was already."""
        taken = await self._changed(
            "update issuer.users set second_factor_step = %(step)s"
            " where id = %(user)s and second_factor_step < %(step)s returning 1",
            {"user": user, "step": step},
        )
        return bool(taken)

    async def take_recovery_code(self, user: str, digest: bytes) -> bool:
        """Use a recovery code up. False: there is no such one."""
        taken = await self._changed(
            "delete from issuer.recovery_codes where of_user = %s and digest = %s returning 1",
            (user, digest),
        )
        return bool(taken)

    async def _found(self, which: LiteralString, given: Sequence[Any]) -> list[User]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(User)) as cursor,
        ):
            await cursor.execute(_USERS.format(SQL(which)), given)
            return await cursor.fetchall()

    async def _changed(self, statement: LiteralString, given: Any) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            return await (await connection.execute(statement, given)).fetchall()
