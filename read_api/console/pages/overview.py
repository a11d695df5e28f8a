"""Is it alive, and how far is it?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from fastapi import Request
from markupsafe import Markup

from projections.status import DueStatus, FollowerStatus, ReadingStatus
from read_api.console import charts
from read_api.console.render import Page
from read_api.console.rows import fact_row, titles
from read_api.dependencies import ReadDependencies
from read_api.ports.log import Selection
from read_api.queries import analytics, log

FACTS_SHOWN = 15
RATE_MINUTES = 15
RATE_POINTS = 15
LATE_SECONDS = 5
_COLOURS = {"live": "good", "catching-up": "warn", "rebuilding": "warn", "stalled": "bad"}


class Rate(msgspec.Struct, frozen=True):
    """Facts recorded in the last ``minutes``, and in each of equal stretches of them."""

    minutes: int
    total: int
    stretches: list[int]


class OverviewData(msgspec.Struct, frozen=True):
    """All that the page is drawn from."""

    head: log.LogHead
    rate: Rate
    readings: list[ReadingStatus]
    overview: analytics.Overview
    runner_alive: bool
    followers: list[FollowerStatus]
    due: DueStatus


class FollowerRow(NamedTuple):
    """A follower of the log on the page: how far, and a state with its colour."""

    name: str
    position: int
    lag: int
    state: str
    css: str
    error: str | None


class ReadingRow(NamedTuple):
    """A reading on the page: how far, and a state with its colour."""

    name: str
    version: int
    position: int
    lag: int
    lag_seconds: int
    state: str
    css: str
    parked: int
    error: str | None


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console``."""
    asking = deps.principal(request)
    head, readings, overview, followers, due = await asyncio.gather(
        log.log(deps, asking),
        log.lags(deps),
        analytics.overview(deps, asking),
        asyncio.to_thread(deps.status.followers),
        asyncio.to_thread(deps.status.due),
    )
    window = await deps.log.window(
        asking.tenant,
        max(0, head.position - FACTS_SHOWN),
        FACTS_SHOWN,
        FACTS_SHOWN,
        Selection(),
    )
    named = await titles(deps, asking, window.facts)
    rate = await _rate(deps, head)
    alive = deps.runner_alive()
    data = OverviewData(head, rate, list(readings), overview, alive, list(followers), due)
    rows = [fact_row(fact, named) for fact in reversed(window.facts)]
    context = {"base": str(request.base_url), "facts": rows, "types": " ".join(deps.registry.types)}
    return Page("overview.html", "Overview", data, lambda: _draw(data) | context, "Overview")


async def _rate(deps: ReadDependencies, head: log.LogHead) -> Rate:
    step = timedelta(minutes=RATE_MINUTES) / RATE_POINTS
    now = deps.clock()
    if head.recorded_at is None or head.recorded_at < now - step * RATE_POINTS:
        return Rate(RATE_MINUTES, 0, [0] * RATE_POINTS)
    instants = [now - step * back for back in range(RATE_POINTS, 0, -1)]
    reached = await deps.log.positions_at(instants)
    stretches = [after - before for before, after in pairwise([*reached, head.position])]
    return Rate(RATE_MINUTES, sum(stretches), stretches)


def _draw(data: OverviewData) -> dict[str, Any]:
    totals = data.overview.totals
    passed = totals.passed + totals.distinction
    return {
        "head": data.head,
        "rate": {
            "minutes": data.rate.minutes,
            "total": data.rate.total,
            "chart": rate_chart(data.rate),
        },
        "totals": [
            ("Runs", len(data.overview.runs), ""),
            ("Enrolments", totals.enrolled, f"{totals.active:,} active"),
            ("Submissions", totals.submissions, f"{totals.late:,} late"),
            ("Certificates", totals.certificates, f"{passed:,} passed"),
        ],
        "readings": [reading_row(one, data.runner_alive) for one in data.readings],
        "followers": [follower_row(one) for one in data.followers],
        "due": data.due,
        "answer": data.overview,
        "engines": engines(data),
    }


def rate_chart(rate: Rate) -> Markup:
    """Draw how many facts were recorded, over the last minutes."""
    return charts.sparkline(rate.stretches, f"Facts recorded in the last {rate.minutes} minutes")


def reading_row(status: ReadingStatus, runner_alive: bool) -> ReadingRow:
    """Say in words how a reading is: live, catching up and how far, stalled, incomplete."""
    state, css = status.state.replace("-", " "), _COLOURS[status.state]
    if status.state in ("catching-up", "rebuilding"):
        reached = status.position / status.head if status.head else 1.0
        done = reached if status.progress is None else status.progress
        state = f"{state}, {done:.0%}"
    if status.lag_positions and not runner_alive:
        state, css = "stopped", "bad"
    elif status.parked and status.state == "live":
        state, css = "live, incomplete", "warn"
    return ReadingRow(
        status.name,
        status.version,
        status.position,
        status.lag_positions,
        round(status.lag_seconds),
        state,
        css,
        status.parked,
        status.error,
    )


def follower_row(status: FollowerStatus) -> FollowerRow:
    """Say in words how a follower of the log is: up with it, behind, or stuck."""
    lag = max(0, status.head - status.position)
    state, css = ("live", "good") if status.lag_seconds < LATE_SECONDS else ("behind", "warn")
    if status.error is not None:
        state, css = "stuck", "bad"
    return FollowerRow(status.name, status.position, lag, state, css, status.error)


def engines(data: OverviewData) -> Sequence[tuple[str, str, str]]:
    """Name what this page reached on its way, and whether the follower of the log runs."""
    follower = ("running", "good") if data.runner_alive else ("stopped", "bad")
    return [
        ("PostgreSQL, the log", "reached", "good"),
        ("PostgreSQL, the readings", "reached", "good"),
        ("Follower of the log", *follower),
    ]
