"""What do tests put into a log?"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from commands.ports import Append, CommandKey, Log, NewFact
from domain.kernel import Envelope, Fact, StreamKind
from domain.registry import Registry
from projections.ports import LogReader

_ids = itertools.count(1)


class Noted(Fact, frozen=True):
    """Something was noted."""

    text: str


KIND: StreamKind[None] = StreamKind("note", None, lambda *_: None, (Noted,))
REGISTRY = Registry((KIND,))
START = datetime(2026, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where a log is kept: ``open`` gives a log over it (each a process), ``reader`` a reader."""

    name: str
    open: Callable[[], AbstractAsyncContextManager[Log]]
    reader: Callable[[], LogReader]
    dsn: str | None


class Clock:
    """A clock that runs a second a look, and backwards when told."""

    def __init__(self) -> None:
        self.now = START
        self.step = timedelta(seconds=1)

    def __call__(self) -> datetime:
        """Return the time."""
        self.now += self.step
        return self.now


def fact(stream: str, version: int, text: str = "x") -> NewFact:
    """A fact with an id of its own."""
    number = next(_ids)
    name = f"main/note/{stream}"
    body = REGISTRY.encode(
        Envelope(
            position=0,
            recorded_at=START,
            version=version,
            stream=name,
            id=f"00000000-0000-4000-8000-{number:012x}",
            type="Noted",
            schema=1,
            occurred_at=START,
            tenant="main",
            subject=stream,
            actor="test",
            command_id=f"00000000-0000-4000-9000-{number:012x}",
            correlation_id=f"00000000-0000-4000-9000-{number:012x}",
            causation_id=None,
            fact=Noted(text),
        )
    )
    return NewFact(name, version, "Noted", "main", stream, body)


def name(stream: str) -> str:
    """The full name of a stream."""
    return f"main/note/{stream}"


def append(
    *facts: NewFact,
    reads: Sequence[tuple[str, int]] = (),
    key: str | None = None,
    keep_days: int | None = 30,
) -> Append:
    """A request; ``reads`` are conditions by short stream names."""
    conditions = tuple((name(stream), version) for stream, version in reads)
    command_key = None if key is None else CommandKey(key, b"hash of " + key.encode(), keep_days)
    return Append(facts, conditions, command_key)


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine, a minute at most."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test

    asyncio.run(bounded())
