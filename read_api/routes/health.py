"""The routes by which a machine learns whether this process is well."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections.ports import StoreUnavailable
from projections.status import DueStatus, FollowerStatus, ReadingStatus
from read_api.dependencies import ReadDependencies
from read_api.queries import log

STALL_SECONDS = 10
"""A reading that has facts to read and has not moved for so long has stalled."""
CHECK_SECONDS_MAX = 3.0


class PartitionHealth(msgspec.Struct, frozen=True):
    """How far behind one part of a reading is; a reading in one process has a single one."""

    number: int
    position: int
    lag_positions: int
    lag_seconds: float


class ReadingHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One reading: how far behind it is, as a whole and in each part, and what is wrong with it."""

    name: str
    state: str
    position: int
    lag_positions: int
    lag_seconds: float
    parked: int
    stalled: bool
    error: str | None
    partitions: list[PartitionHealth]


class PolicyHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One policy: how far behind it is, and what it is stuck on."""

    name: str
    position: int
    lag_positions: int
    lag_seconds: float
    stalled: bool
    error: str | None


class DueHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What happens because time passes: how much is overdue, since when, and what fails and is
    tried again. The latter holds nothing up, so it is no fault."""

    overdue: int
    lag_seconds: float
    failing: int
    error: str | None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be served, and if not, why: one sentence for each fault."""

    ready: bool
    faults: list[str]
    position: int | None
    readings: list[ReadingHealth]
    policies: list[PolicyHealth]
    due: DueHealth | None


class HealthRoutes:
    """Answers for ``/healthz`` and ``/readyz``."""

    def __init__(self, deps: ReadDependencies) -> None:
        self._deps = deps

    def add_to(self, router: APIRouter) -> None:
        """Take the addresses."""
        router.add_api_route("/healthz", self.healthz, tags=["health"], response_model=None)
        router.add_api_route("/readyz", self.readyz, tags=["health"], response_model=None)

    async def healthz(self, _: Request) -> Response:
        """The process answers; nothing else is looked at."""
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def readyz(self, _: Request) -> Response:
        """200, or 503 with the faults: log or store away, a reading stalled, a policy stuck."""
        found = await readiness(self._deps)
        status = 200 if found.ready else 503
        return Response(msgspec.json.encode(found), status, media_type="application/json")


async def readiness(deps: ReadDependencies) -> Readiness:
    """Look whether everything is there and moves. Never raises."""
    faults: list[str] = []
    position: int | None = None
    statuses: Sequence[ReadingStatus] = ()
    followers: Sequence[FollowerStatus] = ()
    due: DueHealth | None = None
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            position = (await deps.log.head()).position
            statuses = await log.lags(deps)
            followers = await asyncio.to_thread(deps.status.followers)
            due = _due(await asyncio.to_thread(deps.status.due))
    except (StoreUnavailable, TimeoutError):
        faults.append("The log or the store of readings cannot be reached.")
    now = deps.clock()
    readings = [_health(status, now) for status in statuses]
    faults += [
        f"Reading {one.name} has stalled at {one.position}"
        + ("." if one.error is None else f": {one.error}.")
        for one in readings
        if one.stalled
    ]
    policies = [_policy(follower, now) for follower in followers]
    faults += [f"Policy {one.name} is stuck at {one.position}." for one in policies if one.stalled]
    if due is not None and due.overdue and due.lag_seconds > STALL_SECONDS:
        faults.append(f"The scheduler has {due.overdue} commands overdue.")
    if not faults and not readings:
        faults.append("No reading is made yet.")
    if not deps.runner_alive():
        faults.append("What keeps the readings up has died.")
    return Readiness(
        ready=not faults,
        faults=faults,
        position=position,
        readings=readings,
        policies=policies,
        due=due,
    )


def _due(status: DueStatus) -> DueHealth:
    return DueHealth(
        overdue=status.overdue,
        lag_seconds=status.lag_seconds,
        failing=status.failing,
        error=status.error,
    )


def _health(status: ReadingStatus, now: datetime) -> ReadingHealth:
    behind = timedelta(seconds=STALL_SECONDS)
    still = status.moved_at is None or now - status.moved_at > behind
    late = status.lag_positions > 0 and status.lag_seconds > STALL_SECONDS
    return ReadingHealth(
        name=status.name,
        state=status.state,
        position=status.position,
        lag_positions=status.lag_positions,
        lag_seconds=status.lag_seconds,
        parked=status.parked,
        stalled=status.state == "stalled" or (late and still),
        error=status.error,
        partitions=[PartitionHealth(*one) for one in status.partitions],
    )


def _policy(status: FollowerStatus, now: datetime) -> PolicyHealth:
    still = now - status.moved_at > timedelta(seconds=STALL_SECONDS)
    return PolicyHealth(
        name=status.name,
        position=status.position,
        lag_positions=max(0, status.head - status.position),
        lag_seconds=status.lag_seconds,
        stalled=status.error is not None or (status.lag_seconds > STALL_SECONDS and still),
        error=status.error,
    )
