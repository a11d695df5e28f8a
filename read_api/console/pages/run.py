"""How is this run doing?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import msgspec
from fastapi import Request
from markupsafe import Markup

from domain.catalogue.facts import WeightedPolicy
from read_api.console import charts, formats
from read_api.console.render import Page, address
from read_api.dependencies import ReadDependencies
from read_api.queries import analytics, catalogue, learners

COLUMNS_MAX = 90
"""Columns in a chart over days; a longer run is drawn in stretches of several days."""
LEARNERS_MAX = 25
"""Learners on one page of the list."""
SORTS = (
    ("By name", "subject"),
    ("Last active", "-last_occurred_at"),
    ("Most late", "-late"),
    ("Most handed in", "-submissions"),
)
ITEMS_MAX = 40
"""Items drawn as bars; the table has them all."""


class RunData(msgspec.Struct, frozen=True):
    """All that the page is drawn from: the answers of the queries, as they are."""

    run: catalogue.Run
    analytics: analytics.RunAnalytics
    daily: analytics.Daily
    items: analytics.Items
    learners: learners.RunLearners


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/runs/{run}``."""
    asking = deps.principal(request)
    run = request.path_params["run"]
    sort = request.query_params.get("sort", SORTS[0][1])
    after = request.query_params.get("after") or None
    found = await catalogue.run(deps, asking, run)
    totals, daily, items, listed = await asyncio.gather(
        analytics.run(deps, asking, run),
        analytics.daily(deps, asking, run),
        analytics.items(deps, asking, run),
        learners.of_run(deps, asking, run, sort=sort, limit=LEARNERS_MAX, after=after),
    )
    data = RunData(found, totals, daily, items, listed)
    types = " ".join(deps.registry.types)
    return Page("run.html", run, data, lambda: _draw(data, sort, types), section="Runs")


def _draw(data: RunData, sort: str, types: str) -> dict[str, Any]:
    totals = data.analytics.totals
    here = f"/console/runs/{data.run.run}"
    following = data.learners.next
    return {
        "types": types,
        "learners": data.learners.learners,
        "learner_sorts": [
            (name, address(here, sort=key) + "#learners", key == sort) for name, key in SORTS
        ],
        "more_learners": following and address(here, sort=sort, after=following) + "#learners",
        "run": data.run,
        "totals": totals,
        "as_of": data.analytics.as_of,
        "answer": data.analytics,
        "late_share": formats.share(totals.late, totals.submissions),
        "daily": data.daily,
        "day_table": [day for day in data.daily.days if day.enrolments or day.withdrawals],
        "enrolment_chart": enrolment_chart(data.daily.days, data.run),
        "item_chart": item_chart(data.items.items),
        "items": data.items.items,
        "score_chart": score_chart(data.items.items),
        "score_rows": score_rows(data.items.items),
        "funnel_chart": funnel_chart(data.run.run, totals),
        "policy": policy_rows(data.run.policy),
    }


def enrolment_chart(days: Sequence[analytics.Day], run: catalogue.Run) -> Markup:
    """Draw enrolments upwards and withdrawals downwards, over the days of the run."""
    moved = [day for day in days if day.enrolments or day.withdrawals]
    if not moved:
        return Markup("")
    first, last = moved[0].day, max(moved[-1].day, moved[0].day)
    span = (last - first).days + 1
    width = -(-span // COLUMNS_MAX)
    sums = [[0, 0] for _ in range(-(-span // width))]
    for day in moved:
        slot = sums[(day.day - first).days // width]
        slot[0] += day.enrolments
        slot[1] += day.withdrawals
    series = [
        charts.Column(_stretch(first + timedelta(days=i * width), width), up, down)
        for i, (up, down) in enumerate(sums)
    ]
    begin = datetime.combine(first, time(), UTC)
    end = begin + timedelta(days=len(series) * width)
    start = (run.starts - begin) / (end - begin)
    return charts.columns(
        series,
        charts.time_ticks(begin, end),
        f"Enrolments and withdrawals in {run.run}, {first} to {last}",
        ("enrolled", "withdrawn"),
        start if 0 < start < 1 else None,
    )


def _stretch(first: date, days: int) -> str:
    if days == 1:
        return f"{first:%-d %b %Y}"
    return f"{first:%-d %b %Y} to {first + timedelta(days=days - 1):%-d %b %Y}"


def item_chart(items: Sequence[analytics.ItemTotals]) -> Markup:
    """Draw a bar for each item: what came in time, and what came late."""
    rows = [
        charts.Row(
            item.title or item.item,
            (item.submissions - item.late, item.late),
            f"{item.submissions:,} handed in, {formats.share(item.late, item.submissions)} late",
        )
        for item in items[:ITEMS_MAX]
    ]
    if not rows:
        return Markup("")
    return charts.bars(rows, ("in time", "late"), "Submissions per item, in time and late")


def score_rows(items: Sequence[analytics.ItemTotals]) -> list[tuple[str, int]]:
    """Add up the score distributions of all items: label and number of scores, by tens."""
    sums = [sum(column) for column in zip(*(i.learners_by_score for i in items), strict=True)]
    labels = [*(f"{low}–{low + 9}%" for low in range(0, 100, 10)), "100%"]
    return list(zip(labels, sums or [0] * 11, strict=True))


def score_chart(items: Sequence[analytics.ItemTotals]) -> Markup:
    """Draw the distribution of scores over all items of the run."""
    rows = score_rows(items)
    if not any(amount for _, amount in rows):
        return Markup("")
    series = [charts.Column(label, amount) for label, amount in rows]
    ticks = [
        charts.Tick((i + 0.5) / len(rows), label.split("–")[0].rstrip("%"), bool(i % 2))
        for i, (label, _) in enumerate(rows)
    ]
    return charts.columns(series, ticks, "Scores by tens of per cent", ("scores", ""))


def funnel_chart(run: str, totals: analytics.Totals) -> Markup:
    """Draw how many of the enrolled got how far."""
    if not totals.enrolled:
        return Markup("")
    passed = totals.passed + totals.distinction
    steps = (
        ("Enrolled", totals.enrolled),
        ("Still active", totals.active),
        ("Passed, distinctions among them", passed),
        ("Certificate", totals.certificates - totals.revoked),
    )
    rows = [
        charts.Row(name, (n,), f"{n:,}, {formats.share(n, totals.enrolled)}") for name, n in steps
    ]
    return charts.bars(rows, ("learners",), f"From enrolled to certificate in {run}", totals.enrolled)


def policy_rows(policy: WeightedPolicy | None) -> dict[str, Any] | None:
    """Put the grading policy into words: categories and cut-offs."""
    if policy is None:
        return None
    return {
        "categories": [
            (
                category.name,
                f"{formats.number(Fraction(category.weight) * 100)}%",
                f"lowest {category.drop} dropped" if category.drop else "all count",
            )
            for category in policy.categories
        ],
        "cutoffs": [f"{cutoff.letter} from {cutoff.percent}%" for cutoff in policy.cutoffs],
        "rounding": policy.rounding,
    }
