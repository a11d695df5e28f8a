"""Under which pseudonym is a person known here?"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Protocol

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from projections.ports import StoreUnavailable

PSEUDONYM_BYTES = 10
_CONTEXT = b"registrar: who a person is"


class Actors(Protocol):
    """Keeps one pseudonym for each person of a tenant, until the person is erased."""

    async def of(self, tenant: str, issuer: str, subject: str) -> str:
        """Return the person's pseudonym, drawn and durable before this answers where there was
        none; two who ask at the same time get the same. Raises StoreUnavailable."""


class MemoryActors:
    """Implements ``Actors`` for as long as the process lives."""

    def __init__(self) -> None:
        self._actors: dict[tuple[str, str, str], str] = {}

    async def of(self, tenant: str, issuer: str, subject: str) -> str:
        """Return the person's pseudonym."""
        return self._actors.setdefault((tenant, issuer, subject), drawn())


class PostgresActors:
    """Implements ``Actors`` in a table that knows people by a hash under ``secret`` only."""

    def __init__(self, pool: AsyncConnectionPool[Any], secret: bytes) -> None:
        self._pool = pool
        self._secret = hmac.digest(secret, _CONTEXT, hashlib.sha256)

    async def of(self, tenant: str, issuer: str, subject: str) -> str:
        """Return the person's pseudonym."""
        who = (tenant, self._person(issuer, subject))
        find = "select actor from identity.actors where tenant = %s and person = %s"
        found = await self._rows(find, who)
        if not found:
            await self._rows(
                "insert into identity.actors (tenant, person, actor) values (%s, %s, %s)"
                " on conflict (tenant, person) do nothing returning actor",
                (*who, drawn()),
            )
            found = await self._rows(find, who)
        return str(found[0][0])

    def _person(self, issuer: str, subject: str) -> bytes:
        # No issuer has a line feed in its address, so that no two pairs read the same.
        return hmac.digest(self._secret, f"{issuer}\n{subject}".encode(), hashlib.sha256)

    async def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement, parameters)
                rows: list[tuple[Any, ...]] = await cursor.fetchall()
                return rows
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable("Who people are here cannot be looked up now.") from error


def drawn() -> str:
    """Return a fresh pseudonym: 80 random bits."""
    return secrets.token_hex(PSEUDONYM_BYTES)
