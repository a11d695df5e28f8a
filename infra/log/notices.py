"""Has something moved, and how far? Whoever waits is woken by whichever source tells first."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import psycopg
from psycopg import sql

LOG, READINGS = CHANNELS = ("log", "readings")
RECONNECT_SECONDS = 1.0
LATELY_SECONDS = 1.0
CONNECT_SECONDS_MAX = 5

Tell = Callable[[str, str], None]
"""Takes a channel and what was told: ``position`` of the log, ``name position`` of a reading or, of
some of its partitions, ``name partition position partition position …``, nothing where anything may
have moved."""

_logger = logging.getLogger(__name__)


class Source(Protocol):
    """Where notices come from. They are hints: some may be lost, none promises anything."""

    async def listen(self, tell: Tell) -> None:
        """Pass on what is told until it is cancelled, and tell nothing of a channel when it begins
        to be heard. Never raises: where the source is away, it is tried again."""


class Notices:
    """Wakes whoever waits for a channel. A notice may be lost while no source can be heard, so
    every wait has a bound, after which one looks for oneself."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources
        self._next = {channel: asyncio.Event() for channel in CHANNELS}
        self._tasks: list[asyncio.Task[None]] = []
        self._reached: dict[str, dict[int, int]] = {}
        self._heard_at = float("-inf")
        self.head = 0
        """The end of the log, as far as was told; 0 while nothing was."""

    async def open(self) -> None:
        """Begin to listen, to each source in a task of its own."""
        self._tasks = [
            asyncio.create_task(source.listen(self._tell), name="notices")
            for source in self._sources
        ]

    async def close(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def next(self, channel: str) -> asyncio.Event:
        """Return what the channel's next notice will set. Take it before looking, so that nothing
        slips in between."""
        return self._next[channel]

    async def wait(self, notice: asyncio.Event, seconds: float) -> None:
        """Return when the notice came, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await notice.wait()

    def reached(self, name: str) -> Mapping[int, int]:
        """Return the position of each partition of a reading, as far as was told or seen."""
        return self._reached.get(name, {})

    @property
    def of_late(self) -> bool:
        """Whether it was told of late that a reading moved: so the next move will be told, too."""
        return time.monotonic() - self._heard_at < LATELY_SECONDS

    def saw(self, name: str, positions: Mapping[int, int]) -> None:
        """Take over what somebody has looked up for himself."""
        self._reached[name] = dict(positions)

    def _tell(self, channel: str, told: str) -> None:
        words = told.split()
        if not all(word.isdecimal() for word in words[1 if channel == READINGS else 0 :]):
            return  # whoever has a login can notify
        if channel == READINGS:
            self._heard_at = time.monotonic() if words else float("-inf")
            self._moved(words)
        else:
            self.head = int(words[0]) if words else 0
        came, self._next[channel] = self._next[channel], asyncio.Event()
        came.set()

    def _moved(self, words: list[str]) -> None:
        match words:
            case [name, position]:
                partitions = self._reached.get(name) or {0: 0}
                self._reached[name] = dict.fromkeys(partitions, int(position))
            case [name, *pairs] if pairs and len(pairs) % 2 == 0:
                numbers = map(int, pairs)
                self._reached.setdefault(name, {}).update(zip(numbers, numbers, strict=False))
            case _:
                self._reached.clear()


class PostgresSource:
    """Implements ``Source``: one connection listens for the whole process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def listen(self, tell: Tell) -> None:
        """Pass notifications on."""
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
                        tell(channel, "")
                    async for notify in connection.notifies():
                        tell(notify.channel, notify.payload)
            except psycopg.Error as error:
                _logger.warning("not listening for notices: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)
