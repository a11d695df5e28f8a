"""What is shown of a learner's record, as of a moment?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from domain.catalogue.facts import SUBMITTABLE
from read_api.answers import Answer
from read_api.console import timeline
from read_api.console.asked import Asked
from read_api.console.difference import Standing, differences, grade_words
from read_api.console.moments import Axis, Instant
from read_api.console.rows import entry_row
from read_api.console.symbols import symbol_of
from read_api.queries import history
from read_api.queries.erasures import LearnerErasure
from read_api.queries.profiles import Profile
from read_api.queries.waitlist import WaitingRow

FACTS_SHOWN = 80
"""Facts on one page of the list."""
AXES: tuple[tuple[Axis, str], ...] = (("occurred", "Occurred by"), ("known", "Known by"))

DUE_BECAUSE = {
    "relative": "counted from enrolling",
    "run": "moved for all",
    "cohort": "for cohort",
    "learner": "extended",
}
"""Why an item is due when it is, where that is not its own date."""


class LearnerData(msgspec.Struct, frozen=True):
    """All that the page is drawn from: every fact, where the learner stood at the moment asked, and
    at the one that it is compared with."""

    subject: str
    standings: list[Standing]
    waitlist: list[WaitingRow]
    compared: list[Standing] | None
    facts: list[history.Entry]
    older_left_out: bool
    person: Profile | None
    erasure: LearnerErasure | None = None


def draw(asked: Asked, data: LearnerData, about: Answer) -> dict[str, Any]:
    drawn = timeline.draw(data.facts, asked.instant, asked.other, asked.subject)
    ordered = sorted(
        data.facts,
        key=lambda fact: (timeline.axis_time(fact, asked.instant.axis), fact.position),
        reverse=True,
    )
    shown = ordered[asked.skip : asked.skip + FACTS_SHOWN]
    older = asked.skip + FACTS_SHOWN
    runs = {fact.run for fact in data.facts}
    return {
        "subject": asked.subject,
        "run": asked.run,
        "person": data.person,
        "answer": about,
        "as_of": data.standings[0].progress.as_of if data.standings else about.as_of,
        "instant": asked.instant,
        "other": asked.other,
        "drawn": drawn,
        "symbols": sorted({symbol_of(fact.type) for fact in data.facts}),
        "axes": [(a, name, asked.link(instant=Instant(a, None))) for a, name in AXES],
        "links": _links(asked, ordered),
        "why": asked.why,
        "explained": asked.grade,
        "due_because": DUE_BECAUSE,
        "standings": [_card(standing) for standing in data.standings],
        "waits": [row for row in data.waitlist if row.status != "enrolled"],
        "difference": _difference(asked, data),
        "rows": [entry_row(fact, asked.instant, one_run=len(runs) < 2) for fact in shown],
        "revoked": _revoked(asked.instant, data.facts),
        "total": len(data.facts),
        "within": sum(asked.instant.counts(f.occurred_at, f.recorded_at) for f in data.facts),
        "older": asked.link(skip=older) if older < len(ordered) else None,
        "newer": asked.link(skip=max(0, asked.skip - FACTS_SHOWN)) if asked.skip else None,
        "cut": data.older_left_out,
    }


def _revoked(instant: Instant, facts: Sequence[history.Entry]) -> set[str]:
    return {
        fact.data["certificate"]
        for fact in facts
        if fact.type == "CertificateRevoked" and instant.counts(fact.occurred_at, fact.recorded_at)
    }


def _links(asked: Asked, newest_first: Sequence[history.Entry]) -> dict[str, str | None]:
    instant = asked.instant
    times = [timeline.axis_time(fact, instant.axis) for fact in newest_first]
    before = [at for at in times if instant.at is None or at < instant.at]
    if instant.at is None:
        before = [at for at in before if at < times[0]]
    after = [at for at in times if instant.at is not None and at > instant.at]

    def to(times: Sequence[Any], index: int) -> str | None:
        return asked.link(instant=instant._replace(at=times[index])) if times else None

    return {
        "previous": to(before, 0),
        "next": to(after, -1),
        "now": asked.link(instant=instant._replace(at=None)) if instant.at else None,
        "compare": None if asked.other else asked.link(other=instant),
        "alone": asked.link(other=None) if asked.other else None,
        "swap": asked.link(instant=asked.other, other=instant) if asked.other else None,
    }


def _card(standing: Standing) -> dict[str, Any]:
    done = standing.progress
    touched = [
        item
        for item in done.items
        if item.attempts
        or item.banked
        or item.covered_ms
        or item.viewed_at
        or item.completed_at
        or item.kind in SUBMITTABLE
    ]
    return {
        "row": standing.enrolment,
        "progress": done,
        "items": touched,
        "untouched": len(done.items) - len(touched),
        "grade": standing.grade,
        "grade_words": grade_words(standing.grade),
        "integrity": standing.integrity,
        "terms": standing.terms,
        "reviews": standing.reviews,
        "titles": {item.item: item.title or item.item for item in done.items},
    }


def _difference(asked: Asked, data: LearnerData) -> dict[str, Any] | None:
    if asked.other is None or data.compared is None:
        return None
    sides = [(asked.other, data.compared), (asked.instant, data.standings)]
    if asked.other.axis == asked.instant.axis and _later(asked.other, asked.instant):
        sides.reverse()
    (first, before), (second, after) = sides
    between = sum(
        second.counts(fact.occurred_at, fact.recorded_at)
        and not first.counts(fact.occurred_at, fact.recorded_at)
        for fact in data.facts
    )
    return {
        "first": first,
        "second": second,
        "rows": differences(before, after),
        "between": between,
    }


def _later(one: Instant, other: Instant) -> bool:
    if one.at is None:
        return other.at is not None
    return other.at is not None and one.at > other.at
