"""Which runs are there, and how do they do?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
from fastapi import Request
from markupsafe import Markup

from read_api.console import charts, formats
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries import analytics, runs

RUNS_MAX = 100
"""Runs on one page; a filter finds the others."""
BUCKETS = 24
"""Points of a run's little line."""


class Column(NamedTuple):
    """A column's heading, and the address that sorts by it."""

    name: str
    href: str
    sorted: str
    num: bool


_COLUMNS = (
    ("Run", "run", False),
    ("Title", "title", False),
    ("Starts", "starts", False),
    ("Enrolled", "enrolled", True),
    ("Active", "active", True),
    ("Late", "", True),
    ("Passed", "passed", True),
    ("Certificates", "certificates", True),
    ("Enrolments over time", "", True),
)


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs?q=&sort=``."""
    asking = deps.principal(request)
    words = request.query_params.get("q", "").strip()[:100]
    sort = request.query_params.get("sort", "run")
    found = await runs.runs(deps, asking, sort=sort, words=words or None, limit=RUNS_MAX)
    seen = [row.run for row in found.runs if row.enrolled is not None]
    days = await analytics.days_of(deps, asking, seen)
    return Page("runs.html", "Runs", found, lambda: _draw(found, days, words, sort), section="Runs")


def _draw(
    found: runs.Runs, days: dict[str, list[analytics.Day]], words: str, sort: str
) -> dict[str, Any]:
    return {
        "q": words,
        "sort": sort,
        "shown": len(found.runs),
        "more": found.next is not None,
        "as_of": found.as_of,
        "answer": found,
        "columns": [_column(name, key, num, words, sort) for name, key, num in _COLUMNS],
        "rows": [
            {
                **msgspec.structs.asdict(row),
                "late_share": formats.share(row.late or 0, row.submissions or 0),
                "chart": enrolment_line(row.run, days.get(row.run, ())),
            }
            for row in found.runs
        ],
    }


def _column(name: str, key: str, num: bool, words: str, sort: str) -> Column:
    if not key:
        return Column(name, "", "", num)
    current = sort.removeprefix("-") == key
    descending = sort.startswith("-")
    turned = f"-{key}" if (current and not descending) or (num and not current) else key
    state = ("descending" if descending else "ascending") if current else ""
    return Column(name, address("/console/runs", q=words, sort=turned), state, num)


def enrolment_line(run: str, days: Sequence[analytics.Day]) -> Markup:
    """Draw a run's enrolments over its days, in ``BUCKETS`` equal stretches."""
    enrolled = [(day.day, day.enrolments) for day in days if day.enrolments]
    if not enrolled:
        return Markup("")
    first: date = enrolled[0][0]
    span = max(1, (enrolled[-1][0] - first) // timedelta(days=1) + 1)
    sums = [0] * min(BUCKETS, span)
    for day, amount in enrolled:
        sums[(day - first).days * len(sums) // span] += amount
    return charts.sparkline(sums, f"Enrolments in {run}, {first} to {enrolled[-1][0]}")
