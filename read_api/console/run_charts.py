"""How is a run drawn: its days, items, scores, and who got how far?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, assert_never

from markupsafe import Markup

from domain.catalogue.facts import GradingPolicy, GroupedPolicy, LatePolicy, WeightedPolicy
from read_api.console import axes, charts, formats
from read_api.queries import analytics, catalogue
from read_api.sentences.words import lateness

COLUMNS_MAX = 90
"""Columns in a chart over days; a longer run is drawn in stretches of several days."""
ITEMS_MAX = 40
"""Items drawn as bars; the table has them all."""

ROUNDING = {
    "half-up-0.05-v1": "0.05 points are added, and it is rounded to a whole per cent, halves up",
    "half-up-v1": "it is rounded to a whole per cent, halves up",
    "two-places-down-v1": "it is rounded to two places, and then down to a whole per cent",
}
"""What each rounding rule does, in words."""


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
        axes.time_ticks(begin, end),
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
        axes.Tick((i + 0.5) / len(rows), label.split("–")[0].rstrip("%"), bool(i % 2))
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
    label = f"From enrolled to certificate in {run}"
    return charts.bars(rows, ("learners",), label, totals.enrolled)


def policy_rows(policy: GradingPolicy | None, late: LatePolicy | None) -> dict[str, Any] | None:
    """Put the grading policy into words: categories or groups, and cut-offs."""
    if policy is None:
        return None
    return {
        "categories": list(_parts(policy)),
        "cutoffs": [f"{cutoff.letter} from {cutoff.percent}%" for cutoff in policy.cutoffs],
        "rounding": ROUNDING.get(policy.rounding, policy.rounding),
        "late": None if late is None else late_words(late),
    }


def _parts(policy: GradingPolicy) -> Iterator[tuple[str, str, str]]:
    """Yield each category or group, its weight, and which of its items count."""
    match policy:
        case WeightedPolicy():
            for category in policy.categories:
                weight = formats.number(Fraction(category.weight) * 100)
                yield category.name, f"{weight}%", drop_words(category.drop, 0)
        case GroupedPolicy():
            for group in policy.groups:
                weight = formats.number(group.weight)
                yield group.name, f"{weight}%", drop_words(group.drop_lowest, group.drop_highest)
        case _:
            assert_never(policy)


def drop_words(lowest: int, highest: int) -> str:
    """Say which items do not count: "the lowest 2 dropped"."""
    said = [
        f"the {which} dropped" if number == 1 else f"the {which} {number} dropped"
        for which, number in (("lowest", lowest), ("highest", highest))
        if number
    ]
    return ", ".join(said) or "all count"


def late_words(late: LatePolicy) -> str:
    """Put what late and missing work costs into words."""
    said = []
    if Fraction(late.rate):
        interval = lateness(late.interval_seconds).removeprefix("1 ")
        floor = f", down to {formats.number(late.floor)}%" if Fraction(late.floor) else ""
        said.append(f"{formats.number(late.rate)}% for each {interval} late{floor}")
    if late.missing is not None:
        said.append(f"{formats.number(late.missing)}% where nothing is handed in")
    return "; ".join(said)
