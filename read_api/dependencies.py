"""What does the read API run on, and how does a query get its snapshot?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection, Request

from domain.access import Principal
from domain.access.permissions import Permission
from domain.catalogue.facts import GradingPolicy, LatePolicy
from domain.registry import Registry
from projections.status import StatusReader
from read_api.answers import AsOf
from read_api.errors import NotYet
from read_api.ports.evidence import Evidence
from read_api.ports.jobs import Jobs
from read_api.ports.keys import Opener
from read_api.ports.log import LogHistory
from read_api.ports.search import PastIndex, SearchIndex
from read_api.ports.sending import Sender
from read_api.ports.views import Positions, Snapshot, Views
from read_api.reads import Reads, to_note

WAIT_SECONDS_MAX = 5.0
"""How long a query waits for the readings to reach ``min_position``."""


@dataclass(frozen=True)
class ReadDependencies:
    """All that can be swapped. ``principal`` says who asks; ``runner_alive`` whether the follower
    that keeps the readings up is running (always True where that is another process).
    ``read_policy`` reads a grading policy and a late policy out of JSON, as the command that
    publishes them does; it raises BadParameter for what contradicts itself.
    ``sender`` takes the commands of forms; None: another process does."""

    views: Views
    log: LogHistory
    evidence: Evidence
    positions: Positions
    search: SearchIndex
    past: PastIndex
    status: StatusReader
    opener: Opener
    reads: Reads
    jobs: Jobs
    registry: Registry
    principal: Callable[[HTTPConnection], Principal]
    runner_alive: Callable[[], bool]
    clock: Callable[[], datetime]
    read_policy: Callable[[bytes], tuple[GradingPolicy, LatePolicy | None]]
    sender: Sender | None = None
    wait_seconds: float = WAIT_SECONDS_MAX

    @asynccontextmanager
    async def snapshot(
        self, tenant: str, *readings: str, min_position: int = 0, subject: str | None = None
    ) -> AsyncIterator[Snapshot]:
        """Open a snapshot of what these readings tell of a tenant at ``min_position`` or beyond;
        with a ``subject``, of that one. Raises NotYet."""
        if min_position > 0:
            await self.positions.told(readings, min_position, subject)
            async with self.views.at(tenant, *readings, subject=subject) as snapshot:
                if snapshot.position >= min_position:
                    yield snapshot
                    return
            await self.reached(*readings, position=min_position, subject=subject)
        async with self.views.at(tenant, *readings, subject=subject) as snapshot:
            yield snapshot

    async def reached(self, *readings: str, position: int, subject: str | None = None) -> None:
        """Wait until these readings are at this position or beyond. Raises NotYet."""
        if position > 0:
            seconds = self.wait_seconds
            reached = await self.positions.wait(readings, position, seconds, subject)
            if reached < position:
                raise NotYet(position, reached)

    async def note(
        self, request: Request, permission: Permission, run: str | None, subject: str | None
    ) -> None:
        """Have noted that a record is read, where only the answer shows whose it is. Raises
        StoreUnavailable: then it must not be answered."""
        address = request.scope["route"].path
        asking = self.principal(request)
        read = to_note(asking, permission, address, run, subject, request.scope)
        if read is not None:
            await self.reads.note(read)

    async def as_of(self, position: int, occurred_at: datetime | None = None) -> AsOf:
        """Say which moment a position of the log is."""
        return AsOf(position, await self.log.recorded_at(position), occurred_at)
