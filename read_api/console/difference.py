"""What differs between a learner's record at two moments?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from read_api.console.formats import number
from read_api.queries.enrolments import Integrity, Terms
from read_api.queries.grade import Grade
from read_api.queries.learners import EnrolmentRow
from read_api.queries.peer_review import Duty
from read_api.queries.progress import Progress

ABSENT = "–"


class Standing(msgspec.Struct, frozen=True):
    """Where a learner stood in one run at one moment."""

    enrolment: EnrolmentRow
    progress: Progress
    grade: Grade
    integrity: Integrity
    terms: Terms
    reviews: list[Duty]


class Difference(NamedTuple):
    """One thing that is not the same: in which run, what, and how it was at both moments."""

    run: str
    what: str
    before: str
    after: str


def differences(before: Sequence[Standing], after: Sequence[Standing]) -> list[Difference]:
    """Compare two moments, run by run; what is the same is left out."""
    then = {standing.enrolment.run: _facts(standing) for standing in before}
    now = {standing.enrolment.run: _facts(standing) for standing in after}
    out = []
    for run in dict.fromkeys([*then, *now]):
        old, new = then.get(run, {}), now.get(run, {})
        for what in dict.fromkeys([*old, *new]):
            was, became = old.get(what, ABSENT), new.get(what, ABSENT)
            if was != became:
                out.append(Difference(run, what, was, became))
    return out


def _facts(standing: Standing) -> Mapping[str, str]:
    row, progress = standing.enrolment, standing.progress
    known: dict[str, str] = {
        "Status": row.status,
        "Mode": row.mode or ABSENT,
        "Grade": grade_words(standing.grade),
        "Completion": f"{progress.items_done} of {progress.items_total} items",
        "Submissions": f"{progress.submissions:,}, {progress.late:,} late",
        "Graded": f"{progress.graded:,}",
        "Carried over": f"{progress.banked:,}",
        "Watched": f"{progress.watched_ms // 60_000:,} min",
        "Certificate": row.certificate or ABSENT,
        "Honour code": standing.integrity.honor_code or ABSENT,
        "Identity": "verified" if standing.integrity.identity_verified_at else ABSENT,
        "Barred from a certificate": "yes" if standing.integrity.certificate_barred else ABSENT,
    } | {f"Violation {one.violation}": one.finding for one in standing.integrity.violations}
    known |= {
        f"Peer reviews on {one.item}": f"{one.done} of {one.owed}" for one in standing.reviews
    }
    scores = {
        item.title or item.item: f"{number(item.raw)} of {number(item.possible)}"
        for item in progress.items
        if item.raw is not None
    }
    return known | scores


def grade_words(grade: Grade) -> str:
    """Say which grade counts, shortly: the outcome, the official grade, or how it stands so far."""
    if grade.outcome is not None:
        return grade.outcome.result
    if grade.official is not None:
        return _share(grade.official.percent, grade.official.letter)
    if grade.current is not None:
        return f"{_share(grade.current.percent, grade.current.letter)} so far"
    return ABSENT


def _share(percent: int, letter: str | None) -> str:
    return f"{percent}%, {letter}" if letter else f"{percent}%"
