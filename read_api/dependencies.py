"""What does the read API run on, and how does a query get its snapshot?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection

from domain.access import Principal
from domain.registry import Registry
from projections.ports import StatusReader
from read_api.answers import AsOf
from read_api.errors import NotYet
from read_api.ports import LogHistory, Opener, Positions, Snapshot, Views

WAIT_SECONDS_MAX = 5.0
"""How long a query waits for the readings to reach ``min_position``."""


@dataclass(frozen=True)
class ReadDependencies:
    """All that can be swapped. ``principal`` says who asks; ``runner_alive`` whether the follower
    that keeps the readings up is running (always True where that is another process)."""

    views: Views
    log: LogHistory
    positions: Positions
    status: StatusReader
    opener: Opener
    registry: Registry
    principal: Callable[[HTTPConnection], Principal]
    runner_alive: Callable[[], bool]
    clock: Callable[[], datetime]
    wait_seconds: float = WAIT_SECONDS_MAX

    @asynccontextmanager
    async def snapshot(self, *readings: str, min_position: int = 0) -> AsyncIterator[Snapshot]:
        """Open a snapshot of these readings at ``min_position`` or beyond. Raises NotYet."""
        if min_position > 0:
            reached = await self.positions.wait(readings, min_position, self.wait_seconds)
            if reached < min_position:
                raise NotYet(min_position, reached)
        async with self.views.at(*readings) as snapshot:
            yield snapshot

    async def as_of(self, position: int, occurred_at: datetime | None = None) -> AsOf:
        """Say which moment a position of the log is."""
        return AsOf(position, await self.log.recorded_at(position), occurred_at)
