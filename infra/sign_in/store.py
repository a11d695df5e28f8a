"""Where are the console's sessions kept, and who could read them?

The browser holds 256 random bits. Their digest finds the row, and a key that is derived from them
opens it: whoever has the database alone can be nobody with it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString

import msgspec
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import AsyncConnection
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.issuer.secrets import digest
from infra.sign_in.model import IDLE, SEEN, Held, Kept
from projections.ports import StoreUnavailable

NONCE_BYTES = 12
KEY_BYTES = 32

_FIND: LiteralString = "select * from console.sessions where digest = %s"
_LOCK: LiteralString = "select * from console.sessions where digest = %s for update"

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class BrowserSessions:
    """The table of sessions. Everything raises StoreUnavailable where it cannot be reached."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, kept: Kept) -> None:
        """Keep a session; those that have ended by themselves are dropped."""
        async with self._connection() as connection:
            await connection.execute(
                "delete from console.sessions where expires_at < %(now)s or seen_at < %(idle)s",
                {"now": kept.seen_at, "idle": kept.seen_at - IDLE},
            )
            await connection.execute(
                "insert into console.sessions"
                " (digest, issuer, subject, sealed, renew_at, seen_at, expires_at)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                kept,
            )

    async def find(self, secret: str, now: datetime) -> Kept | None:
        """Return the session of a browser, and note that it was seen. None: there is none, or it
        has ended."""
        async with self._connection() as connection:
            kept = await _row(connection, _FIND, digest(secret))
            if kept is None or not kept.good(now):
                return None
            if kept.seen_at + SEEN <= now:
                await connection.execute(
                    "update console.sessions set seen_at = %s where digest = %s", (now, kept.digest)
                )
            return kept

    @asynccontextmanager
    async def locked(self, secret: str) -> AsyncIterator[Locked | None]:
        """Have a session for oneself, so that of many requests at once one renews it. None: it has
        ended meanwhile."""
        async with self._connection() as connection, connection.transaction():
            kept = await _row(connection, _LOCK, digest(secret))
            yield None if kept is None else Locked(connection, kept)

    async def end(self, secret: str) -> None:
        """End a session."""
        async with self._connection() as connection:
            await connection.execute(
                "delete from console.sessions where digest = %s", (digest(secret),)
            )

    async def end_all(self, issuer: str, subject: str) -> None:
        """End every session of a person."""
        async with self._connection() as connection:
            await connection.execute(
                "delete from console.sessions where issuer = %s and subject = %s", (issuer, subject)
            )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable(f"the sessions cannot be reached: {error}") from error


class Locked:
    """A session that nobody else changes meanwhile."""

    def __init__(self, connection: AsyncConnection[Any], kept: Kept) -> None:
        self.kept = kept
        self._connection = connection

    async def replace(self, sealed: bytes, renew_at: datetime) -> None:
        """Keep other tokens from now on."""
        await self._connection.execute(
            "update console.sessions set sealed = %s, renew_at = %s where digest = %s",
            (sealed, renew_at, self.kept.digest),
        )

    async def end(self) -> None:
        """End the session."""
        await self._connection.execute(
            "delete from console.sessions where digest = %s", (self.kept.digest,)
        )


def seal(secret: str, held: Held) -> bytes:
    """Encrypt what is kept, under the key of a browser."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(secret).encrypt(nonce, msgspec.json.encode(held), digest(secret))


def opened(secret: str, kept: Kept) -> Held | None:
    """Decrypt what is kept. None: it was altered."""
    nonce, sealed = kept.sealed[:NONCE_BYTES], kept.sealed[NONCE_BYTES:]
    try:
        return msgspec.json.decode(_cipher(secret).decrypt(nonce, sealed, kept.digest), type=Held)
    except InvalidTag:
        return None


def _cipher(secret: str) -> AESGCM:
    derived = HKDF(hashes.SHA256(), KEY_BYTES, None, b"registrar console session")
    return AESGCM(derived.derive(secret.encode()))


async def _row(
    connection: AsyncConnection[Any], statement: LiteralString, key: bytes
) -> Kept | None:
    async with connection.cursor(row_factory=class_row(Kept)) as cursor:
        await cursor.execute(statement, (key,))
        return await cursor.fetchone()
