"""How do people learn how the readings, and what follows the log beside them, are doing?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol


class PartitionStatus(NamedTuple):
    """How far one partition of a reading is."""

    number: int
    position: int
    lag_positions: int
    lag_seconds: float


class ReadingStatus(NamedTuple):
    """How one reading is doing; of several partitions the worst counts.

    ``lag_positions`` counts facts that are not taken in yet, ``lag_seconds`` is how long the first
    of them has been in the log. ``progress`` is the share from 0 to 1 of a rebuild under way, as a
    percentage it is for people only. ``parked`` counts facts put aside, ``error`` says why the
    reading stands still, or that nobody is there to move it.
    """

    name: str
    version: int
    generation: int
    state: Literal["live", "catching-up", "rebuilding", "stalled"]
    position: int
    head: int
    lag_positions: int
    lag_seconds: float
    progress: float | None
    parked: int
    moved_at: datetime | None
    error: str | None
    partitions: tuple[PartitionStatus, ...] = ()


class FollowerStatus(NamedTuple):
    """How a follower of the log that acts on facts (a policy) is doing.

    ``lag_seconds`` is the age of the first fact that it has not acted on.
    """

    name: str
    position: int
    head: int
    lag_seconds: float
    moved_at: datetime
    error: str | None


class DueStatus(NamedTuple):
    """How the scheduler is doing.

    ``overdue`` counts commands whose moment has come and that were not sent, up to 10,000;
    ``lag_seconds`` is how long the first of them has waited. ``failing`` counts those that failed
    and will be sent again; ``error`` is one of their errors.
    """

    overdue: int
    lag_seconds: float
    failing: int
    error: str | None


class StatusReader(Protocol):
    """How everybody, in any process, learns how the readings and followers are doing."""

    def status(self) -> Sequence[ReadingStatus]:
        """Return one entry a reading, by name. Raises StoreUnavailable."""

    def followers(self) -> Sequence[FollowerStatus]:
        """Return one entry a follower, by name. Raises StoreUnavailable."""

    def due(self) -> DueStatus:
        """Return how what falls due is getting sent. Raises StoreUnavailable."""
