"""How is a grade explained to the learner who got it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from read_api.console import formats
from read_api.console.run_charts import ROUNDING, drop_words
from read_api.queries.explanation import ExplainedCategory, ExplainedItem, Explanation
from read_api.queries.progress import Attempt
from read_api.sentences.words import lateness


class Line(NamedTuple):
    """One item: what it scored, what it comes to, why, and whether it counts."""

    title: str
    score: str
    percent: str
    why: str
    counts: bool


class Part(NamedTuple):
    """One category: how its items make its share, and what it adds to the grade."""

    name: str
    share: str
    weight: str
    adds: str
    rule: str
    lines: Sequence[Line]


def parts(categories: Sequence[ExplainedCategory]) -> list[Part]:
    """Put each category into words."""
    return [
        Part(
            category.name,
            per_cent(category.share),
            per_cent(category.counts_for),
            points(category.contribution),
            ". ".join(_rules(category)),
            [_line(item) for item in category.items],
        )
        for category in categories
    ]


def summary(found: Explanation) -> list[tuple[str, Any]]:
    """Say how the parts make the letter, step by step."""
    added = " + ".join(points(category.contribution) for category in found.categories)
    steps: list[tuple[str, Any]] = [
        ("Together", f"{added} = {per_cent(found.exact)}"),
        ("Rounded", f"{found.percent}%: {ROUNDING.get(found.rounding, found.rounding)}"),
    ]
    if found.letter is not None:
        cutoffs = ", ".join(f"{cutoff.letter} from {cutoff.percent}%" for cutoff in found.cutoffs)
        steps.append(("Letter", f"{found.letter} ({cutoffs})"))
    if found.current is not None:
        so_far = f"{found.current.percent}%"
        steps.append(("So far", f"{so_far}, if only what is graded counted"))
    if found.excused:
        names = (item.title or item.item for item in found.excused)
        steps.append(("Excused", ", ".join(names)))
    steps.append(("Policy", f"number {found.policy_number}, {found.policy}"))
    return steps


def per_cent(share: str) -> str:
    """Write a share as per cent."""
    return f"{formats.number(Fraction(share) * 100)}%"


def points(share: str) -> str:
    """Write what a share adds to a grade of 100."""
    return formats.number(Fraction(share) * 100)


def _rules(category: ExplainedCategory) -> Iterator[str]:
    if not category.items:
        yield "Nothing counts here, so the other parts count for more"
    if category.drop or category.drop_highest:
        yield f"Of these items, {drop_words(category.drop, category.drop_highest)}"


def _line(item: ExplainedItem) -> Line:
    title = item.title or item.item or "Not there yet"
    score = "–" if item.raw is None else f"{formats.number(item.raw)} of "
    if item.raw is not None:
        score += formats.number(item.possible)
    return Line(title, score, per_cent(item.share), ", ".join(_reasons(item)), not item.dropped)


def _reasons(item: ExplainedItem) -> Iterator[str]:
    if item.item is None:
        yield "a zero for an item that is still to come"
    elif item.counts == "override":
        yield "set by a person"
    elif item.counts == "missing":
        yield "missing when it fell due"
    elif item.counts == "banked":
        yield f"carried over from {item.banked_from or 'an earlier run'}"
    elif item.counts == "attempt":
        scored = [attempt for attempt in item.attempts if attempt.raw is not None]
        if len(scored) > 1:
            yield f"the best of {len(scored)} attempts, after any penalty"
        for attempt in scored:
            if attempt.attempt == item.counts_attempt:
                yield from _penalty(attempt)
    elif any(attempt.voided for attempt in item.attempts):
        yield "void after a violation: counts zero"
    elif item.attempts:
        yield "handed in, not graded yet: counts zero"
    else:
        yield "nothing handed in: counts zero"
    if item.dropped:
        yield "dropped, so it does not count"


def _penalty(attempt: Attempt) -> Iterator[str]:
    if attempt.deducted != "0":
        lost, raw = formats.number(attempt.deducted), formats.number(attempt.raw)
        yield f"{lateness(attempt.late_seconds)} late: {lost} of {raw} points lost"
    elif attempt.late_seconds:
        yield f"{lateness(attempt.late_seconds)} late, which costs nothing"
