"""What do queries need of the readings: their rows, and how far they are?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Positions(Protocol):
    """How far the readings are. Raises StoreUnavailable when that cannot be learned."""

    async def told(
        self, readings: Sequence[str], position: int, subject: str | None = None
    ) -> None:
        """Return as soon as they are said to be at ``position``, which whoever asks must still see
        for himself; in any case after a moment, and at once where nothing is ever said."""

    async def wait(
        self, readings: Sequence[str], position: int, seconds: float, subject: str | None = None
    ) -> int:
        """Return the least position of these readings: at once when it is ``position`` or beyond,
        otherwise as soon as it is, and after so many seconds whatever it is.

        With a ``subject`` it is the position up to which all that they tell of that one is read.
        """


class ParkedKey(NamedTuple):
    """Something that a reading has put aside: the ids in its key, none where it may be anything."""

    reading: str
    ids: frozenset[str]
    since: datetime


class Snapshot(Protocol):
    """The views as they stood at one position."""

    @property
    def position(self) -> int:
        """The least position of the readings asked, or of what they tell of the subject asked."""

    @property
    def recorded_at(self) -> datetime | None:
        """When that position was recorded; None: there is no such position."""

    @property
    def parked(self) -> Sequence[ParkedKey]:
        """What those readings have put aside."""

    async def rows(self, sql: str, **values: Any) -> Sequence[dict[str, Any]]:
        """Return the rows of a select over ``views``, with ``%(name)s`` for the values."""


class Views(Protocol):
    """The views that readings offer. Raises StoreUnavailable when they cannot be reached."""

    def at(
        self, tenant: str, *readings: str, subject: str | None = None
    ) -> AbstractAsyncContextManager[Snapshot]:
        """Open one consistent snapshot of a tenant's rows in these readings, and their positions.

        With a ``subject`` nothing is asked of it but rows of that one, and of courses and runs.
        """
