"""How far is the log, and how far are the readings?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.access import Principal
from projections.status import ReadingStatus
from read_api.dependencies import ReadDependencies


class LogHead(msgspec.Struct, frozen=True):
    """The end of the log: its last position, when that was recorded, and the log's epoch."""

    position: int
    recorded_at: datetime | None
    epoch: str


async def log(deps: ReadDependencies, asking: Principal) -> LogHead:
    """Return where the log ends."""
    return LogHead(*await deps.log.head())


async def lags(deps: ReadDependencies) -> Sequence[ReadingStatus]:
    """Return how each reading is doing, by name: position, lag in positions and seconds, state."""
    return await asyncio.to_thread(deps.status.status)
