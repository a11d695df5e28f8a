"""Which epoch has the log, as this process knows without asking for every request?"""

from __future__ import annotations

import asyncio
import contextlib
import time

import psycopg

ASK_SECONDS = 0.5
VALID_SECONDS_MAX = 2.0
"""How long an answer counts. Restoring a backup takes longer, so two epochs are never confused."""
CONNECT_SECONDS_MAX = 2


class PostgresEpoch:
    """Asks the log for its epoch every half second, on a connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._name: str | None = None
        self._asked = 0.0
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> str | None:
        """Return the epoch; None where it was not confirmed of late."""
        return self._name if time.monotonic() - self._asked < VALID_SECONDS_MAX else None

    async def open(self) -> None:
        """Begin to ask, in a task of its own; a server that is away is tried again."""
        self._task = asyncio.create_task(self._keep_asking(), name="epoch")

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep_asking(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error, TimeoutError):
                async with await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX
                ) as connection:
                    while True:
                        await self._ask(connection)
                        await asyncio.sleep(ASK_SECONDS)
            await asyncio.sleep(ASK_SECONDS)

    async def _ask(self, connection: psycopg.AsyncConnection) -> None:
        asked = time.monotonic()
        async with asyncio.timeout(VALID_SECONDS_MAX):
            cursor = await connection.execute("select name from log.epoch")
            row = await cursor.fetchone()
        if row is not None:
            self._name, self._asked = row[0], asked
