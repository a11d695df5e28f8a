"""What does the relay need of the log, of the topics it fills, and of where it keeps its place?"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from projections.decoding import StoredFact


class TopicUnavailable(Exception):
    """The topic cannot be reached, or has failed: what was handed over since it was opened may or
    may not be in it. Open it again, and go on from what was acknowledged."""


class TopicUnfit(Exception):
    """The topic is there, and is not as it must be. One sentence for a person."""


class LeadLost(Exception):
    """Somebody else may be leading by now: nothing more may be sent."""


class Page(NamedTuple):
    """A stretch of the log, with the log's epoch and last position when it was read."""

    epoch: str
    head: int
    facts: Sequence[StoredFact]


class Head(NamedTuple):
    """The end of the log: position 0 and no time in an empty one."""

    epoch: str
    position: int
    recorded_at: datetime | None


class LogPages(Protocol):
    """The log as the relay reads it, for one reader. Raises projections.ports.StoreUnavailable."""

    async def page(self, after: int, limit: int) -> Page:
        """Return facts with a higher position, in order: up to ``limit``, or fewer when they are
        large, but one if there is one."""

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Wait until the log holds a position beyond this one, at most so long. True: it does."""


class Message(NamedTuple):
    """What goes into a topic; ``at_ms`` is its time in milliseconds since 1970 (None: now)."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    at_ms: int | None = None


class Topic(Protocol):
    """One topic, as its only producer fills it."""

    partitions: int

    async def open(self) -> None:
        """Have the topic ready, made if it is not there.

        Raises TopicUnavailable, or TopicUnfit where it has another number of partitions.
        """

    async def send(self, partition: int, messages: Sequence[Message]) -> Future[Any]:
        """Hand messages over. Those of a partition are stored in the order of the calls.

        Waits while too much is under way, however long. The future is done when the messages are
        durable, and raises TopicUnavailable where that cannot be learned. Raises likewise.
        """

    async def close(self) -> None:
        """Let go of it within some seconds; what is under way may be stored or not."""


class Lead(Protocol):
    """Which of several relays is at work, and how far its publishers have come.

    The lead and the places are kept together, so that nobody who lost the one can move the others.
    """

    async def take(self) -> bool:
        """Return whether the lead is ours now. Raises projections.ports.StoreUnavailable."""

    async def check(self) -> Head:
        """Return the end of the log. Raises LeadLost where it is not certain that we lead."""

    async def begin(self, name: str, epoch: str) -> int:
        """Return the place of a publisher: 0 in an epoch that is new. Raises LeadLost."""

    async def move(self, name: str, epoch: str, position: int) -> None:
        """Keep a publisher's place. Raises LeadLost where it was not moved."""
