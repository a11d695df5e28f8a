"""Has something moved? One connection listens for the whole process."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import psycopg
from psycopg import sql

CHANNELS = ("log", "readings")
RECONNECT_SECONDS = 1.0
CONNECT_SECONDS_MAX = 5

_logger = logging.getLogger(__name__)


class Notices:
    """Wakes whoever waits for a channel. A notice may be lost while the connection is down, so
    every wait has a bound, after which one looks for oneself."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._next = {channel: asyncio.Event() for channel in CHANNELS}
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to listen, in a task of its own; a server that is away is tried again."""
        self._task = asyncio.create_task(self._listen(), name="notices")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def next(self, channel: str) -> asyncio.Event:
        """Return what the channel's next notice will set. Take it before looking, so that nothing
        slips in between."""
        return self._next[channel]

    async def wait(self, notice: asyncio.Event, seconds: float) -> None:
        """Return when the notice came, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await notice.wait()

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX
                )
                async with connection:
                    for channel in CHANNELS:
                        await connection.execute(
                            sql.SQL("listen {}").format(sql.Identifier(channel))
                        )
                    for channel in CHANNELS:
                        self._wake(channel)
                    async for notify in connection.notifies():
                        self._wake(notify.channel)
            except psycopg.Error as error:
                _logger.warning("not listening for notices: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _wake(self, channel: str) -> None:
        came, self._next[channel] = self._next[channel], asyncio.Event()
        came.set()
