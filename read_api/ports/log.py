"""What do queries need of the log?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.kernel import Envelope


class Head(NamedTuple):
    """The end of the log: position 0 and no time in an empty one."""

    position: int
    recorded_at: datetime | None
    epoch: str


class Selection(NamedTuple):
    """Which facts a subscriber wants; None: of any type, run or subject. With a ``purpose``, and
    where that asks for consent, none of learners who do not agree to it."""

    types: tuple[str, ...] | None = None
    run: str | None = None
    subject: str | None = None
    purpose: str | None = None


class Window(NamedTuple):
    """The selected facts of a stretch of the log, in order, the position that it ends at, and the
    log's epoch."""

    facts: Sequence[Envelope]
    through: int
    epoch: str


class TenantSize(NamedTuple):
    """How many facts the log has of a tenant, and about how many learners."""

    tenant: str
    facts: int
    learners: int


class LogHistory(Protocol):
    """The log as queries read it. Every call raises StoreUnavailable when it cannot be reached.

    A fact that cannot be decoded is answered with an Unreadable in its place.
    """

    async def head(self) -> Head:
        """Return the last position, its recorded time and the log's epoch."""

    async def at(self, tenant: str, positions: Sequence[int]) -> Sequence[Envelope]:
        """Return the tenant's facts at these positions, in position order."""

    async def streams(self, tenant: str, names: Sequence[str]) -> Sequence[Envelope]:
        """Return all facts of these streams of a tenant, in position order."""

    async def streams_under(self, tenant: str, prefix: str) -> Sequence[Envelope]:
        """Return all facts of the tenant's streams whose names begin so, in position order."""

    async def stream_position(self, tenant: str, stream: str, version: int) -> int | None:
        """Return the position of this version of a stream; None: it has no such version."""

    async def window(
        self, tenant: str, after: int, width: int, limit: int, selection: Selection
    ) -> Window:
        """Return up to ``limit`` selected facts of a tenant among the ``width`` positions after
        ``after``."""

    async def position_at(self, recorded_at: datetime) -> int:
        """Return the last position recorded at this moment or before; 0: none."""

    async def positions_at(self, moments: Sequence[datetime]) -> Sequence[int]:
        """Return the same for each of these moments, in their order."""

    async def recorded_at(self, position: int) -> datetime | None:
        """Return when this position was recorded; None: there is no such position."""

    async def tenants(self, after: str, limit: int) -> Sequence[TenantSize]:
        """Return some tenants after one, in order of their names. For the installation's own tenant
        only: whoever asks must have been let in."""

    async def wait(self, beyond: int, seconds: float) -> bool:
        """Return True as soon as the log holds a position beyond, False after so many seconds."""
