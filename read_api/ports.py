"""What do queries need of the log, the readings and the keys?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.kernel import Envelope, Fact


class Unreadable(Fact, frozen=True):
    """Stands for a fact that this version cannot read: never stored, only answered."""

    error: str


class Head(NamedTuple):
    """The end of the log: position 0 and no time in an empty one."""

    position: int
    recorded_at: datetime | None
    epoch: str


class Selection(NamedTuple):
    """Which facts a subscriber wants; None: of any type, run or subject."""

    types: tuple[str, ...] | None = None
    run: str | None = None
    subject: str | None = None


class Window(NamedTuple):
    """The selected facts of a stretch of the log, in order, and the position that it ends at."""

    facts: Sequence[Envelope]
    through: int


class LogHistory(Protocol):
    """The log as queries read it. Every call raises StoreUnavailable when it cannot be reached.

    A fact that cannot be decoded is answered with an Unreadable in its place.
    """

    async def head(self) -> Head:
        """Return the last position, its recorded time and the log's epoch."""

    async def at(self, positions: Sequence[int]) -> Sequence[Envelope]:
        """Return the facts at these positions that exist, in position order."""

    async def streams(self, names: Sequence[str]) -> Sequence[Envelope]:
        """Return all facts of these streams, in position order."""

    async def stream_position(self, stream: str, version: int) -> int | None:
        """Return the position of this version of a stream; None: it has no such version."""

    async def window(
        self, tenant: str, after: int, width: int, limit: int, selection: Selection
    ) -> Window:
        """Return up to ``limit`` selected facts of the ``width`` positions after ``after``."""

    async def position_at(self, recorded_at: datetime) -> int:
        """Return the last position recorded at this moment or before; 0: none."""

    async def recorded_at(self, position: int) -> datetime | None:
        """Return when this position was recorded; None: there is no such position."""

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Return True as soon as the log holds a position beyond, False after so many seconds."""


class Positions(Protocol):
    """How far the readings are. Raises StoreUnavailable when that cannot be learned."""

    async def wait(self, readings: Sequence[str], position: int, seconds: float) -> int:
        """Return the least position of these readings: at once when it is ``position`` or beyond,
        otherwise as soon as it is, and after so many seconds whatever it is."""


class ParkedKey(NamedTuple):
    """Something that a reading has put aside: the ids in its key, none where it may be anything."""

    reading: str
    ids: frozenset[str]
    since: datetime


class Snapshot(Protocol):
    """The views as they stood at one position."""

    @property
    def position(self) -> int:
        """The least position of the readings asked."""

    @property
    def parked(self) -> Sequence[ParkedKey]:
        """What those readings have put aside."""

    async def rows(self, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
        """Return the rows of a select over ``views``, with ``%(name)s`` for the values."""


class Views(Protocol):
    """The views that readings offer. Raises StoreUnavailable when they cannot be reached."""

    def at(self, *readings: str) -> AbstractAsyncContextManager[Snapshot]:
        """Open one consistent snapshot of the rows and positions of these readings."""


class Opener(Protocol):
    """Opens personal fields with the keys of their subjects."""

    async def open(
        self, tenant: str, subject: str, sealed: Sequence[tuple[str, str, str]]
    ) -> Sequence[bytes | None]:
        """Return the JSON bytes of each (fact id, field name, sealed text); None: no longer
        readable, because the subject's key was destroyed."""
