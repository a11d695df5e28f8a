"""The log in PostgreSQL: which parts make up the port that commands use?"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

from commands.ports import Append, Exclusive, Outcome, Repeated
from domain.kernel import Envelope
from domain.registry import Registry
from infra.log.appender import Appender
from infra.log.exclusive import Holds
from infra.log.known import KnownVersions
from infra.log.tails import Tails


class PostgresLog:
    """The log in PostgreSQL (commands.ports.Log), for one event loop.

    It keeps a session to append, one to read, and up to four to hold streams. Lost sessions are
    made again; requests wait for that up to 5 s. ``dsn`` is libpq's; the schema is migrated.
    ``sent`` is told of every batch how many requests went into it.
    """

    def __init__(
        self, dsn: str, registry: Registry, sent: Callable[[int], None] = lambda _: None
    ) -> None:
        known = self._known = KnownVersions()
        self._appender = Appender(dsn, known, sent)
        self._tails = Tails(dsn, registry, known)
        self._holds = Holds(dsn, registry, known)

    @property
    def generation(self) -> int:
        """Moves whenever a session was lost: behind it a backup may have been restored."""
        return self._known.generation

    async def open(self) -> None:
        """Connect. Raises LogUnavailable."""
        await self._appender.open()
        await self._tails.open()

    async def close(self) -> None:
        """Record what was submitted, within 5 s, and disconnect."""
        await self._appender.close()
        await self._holds.close()
        await self._tails.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def submit(self, request: Append, after: Sequence[Future[Outcome]] = ()) -> Future[Outcome]:
        """Hand in a decision; it goes into the next batch. Raises ValueError if malformed."""
        return self._appender.submit(request, after)

    def exclusive(self, stream: str) -> AbstractAsyncContextManager[Exclusive]:
        """Hold a stream that others write too, instead of losing races for it."""
        return self._holds.hold(stream)

    async def read_streams(self, after: Mapping[str, int]) -> Mapping[str, Sequence[Envelope]]:
        """Return, per stream, the facts with a version above the one given; absent: none."""
        return await self._tails.streams(after)

    async def read_from(self, first_position: int, count: int) -> Sequence[Envelope]:
        """Return the facts at these positions."""
        return await self._tails.positions(first_position, count)

    async def find_keys(self, keys: Sequence[str]) -> Mapping[str, Repeated]:
        """Return what is recorded under these command keys; absent: nothing."""
        return await self._tails.keys(keys)

    async def head(self) -> int:
        """Return the last position, 0 in an empty log."""
        return await self._tails.head()

    async def forget_expired_keys(self, limit: int) -> int:
        """Delete up to so many command keys that are past their time; return how many were."""
        return await self._tails.forget_expired_keys(limit)
