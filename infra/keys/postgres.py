"""Keys of subjects in PostgreSQL, in a schema of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from commands.ports import LogUnavailable
from infra.keys.sealing import AesGcmKey, new_key


class PostgresKeys:
    """Implements ``commands.ports.Keys``: one statement for however many subjects."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def for_subjects(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return their keys, made and durable before this answers where there were none."""
        found = dict(await self.existing(tenant, subjects))
        lacking = sorted(set(subjects) - set(found))
        if lacking:
            await self._rows(
                "insert into keys.subjects (tenant, subject, key)"
                " select %s, * from unnest(%s::text[], %s::bytea[]) on conflict do nothing"
                " returning subject, key",
                (tenant, lacking, [new_key() for _ in lacking]),
            )
            found.update(await self.existing(tenant, lacking))
        return found

    async def existing(self, tenant: str, subjects: Sequence[str]) -> Mapping[str, AesGcmKey]:
        """Return the keys there are."""
        rows = await self._rows(
            "select subject, key from keys.subjects where tenant = %s and subject = any(%s)",
            (tenant, list(subjects)),
        )
        return {subject: AesGcmKey(key) for subject, key in rows}

    async def digest_secret(self) -> bytes:
        """Return the secret that request bodies are digested with, made on first use."""
        await self._rows(
            "insert into keys.digest_secret (secret) values (%s) on conflict do nothing"
            " returning secret",
            (new_key(),),
        )
        ((secret,),) = await self._rows("select secret from keys.digest_secret", ())
        return bytes(secret)

    async def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement, parameters, binary=True)
                return await cursor.fetchall()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise LogUnavailable(f"the store of keys cannot be reached: {error}") from error
