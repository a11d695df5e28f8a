"""How far is each learner in each run, and in each of its items?"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.credentials.facts import CertificateIssued
from domain.enrolment.facts import (
    CohortJoined,
    CohortLeft,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
)
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
)
from domain.kernel import Envelope
from projections.item_progress import (
    ITEM_PROGRESS,
    OF_ITEMS,
    ItemProgress,
    enrolment_keys,
    measure_item,
)
from projections.reading import Documents, Key, Reading, Tally, View, columns, names


class Enrolment(Struct, frozen=True, gc=False):
    """One learner in one run.

    ``status`` is active, withdrawn or transferred, and unknown where the facts at hand do not say
    how it began. ``outcome`` is the board's, or what was computed while the board has not decided
    (``outcome_basis``). ``enrolled_fact`` is the id that ``demographics`` are sealed with.
    ``began_position`` is where the learner last began from nothing, ``began_at`` when they first
    enrolled since. ``version`` is that of the enrolment's stream.
    """

    run: str
    subject: str
    status: str = "unknown"
    mode: str | None = None
    enrolled_at: datetime | None = None
    day_known: bool = True
    withdrawn_at: datetime | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    outcome_basis: str | None = None
    percent: int | None = None
    letter: str | None = None
    certificate: str | None = None
    demographics: str | None = None
    enrolled_fact: str | None = None
    began_position: int = 0
    last_occurred_at: datetime | None = None
    position: int = 0
    version: int = 0
    began_at: datetime | None = None
    cohorts: tuple[str, ...] = ()


def fold_enrolment(document: Enrolment | None, envelope: Envelope, key: Key) -> Enrolment:
    """Take one fact of the enrolment's stream in."""
    old = document or Enrolment(key[0], key[1])
    at = envelope.occurred_at
    old = replace(old, position=envelope.position, version=envelope.version, last_occurred_at=at)
    match envelope.fact:
        case LearnerEnrolled(mode=mode, day_known=known, demographics=told, afresh=afresh):
            begun = _afresh(old, envelope.position) if afresh else old
            if told is not None:
                begun = replace(begun, demographics=told.sealed, enrolled_fact=envelope.id)
            return replace(
                begun,
                status="active",
                mode=mode,
                enrolled_at=at,
                day_known=known,
                withdrawn_at=None,
                began_at=begun.began_at or at,
            )
        case CohortJoined(cohort=cohort):
            return replace(old, cohorts=tuple(sorted({*old.cohorts, cohort})))
        case CohortLeft(cohort=cohort):
            return replace(old, cohorts=tuple(one for one in old.cohorts if one != cohort))
        case LearnerWithdrawn():
            return replace(old, status="withdrawn", withdrawn_at=at)
        case EnrolmentTransferred(direction="out"):
            return replace(old, status="transferred", withdrawn_at=at)
        case OutcomeRecorded(result=result):
            return replace(old, outcome=result, outcome_at=at, outcome_basis="board")
        case CourseGradeComputed(percent=percent, letter=letter):
            return replace(old, percent=percent, letter=letter)
        case CoursePassed() if old.outcome_basis != "board":
            return replace(old, outcome="pass", outcome_at=at, outcome_basis="computed")
        case CourseFailed() if old.outcome_basis != "board":
            return replace(old, outcome="fail", outcome_at=at, outcome_basis="computed")
        case CertificateIssued(certificate=certificate):
            return replace(old, certificate=certificate)
        case _:
            return old


def _afresh(old: Enrolment, position: int) -> Enrolment:
    """Leave results behind, as the enrolment's decisions do; what was certified stays."""
    return Enrolment(
        old.run,
        old.subject,
        position=old.position,
        version=old.version,
        certificate=old.certificate,
        demographics=old.demographics,
        enrolled_fact=old.enrolled_fact,
        began_position=position,
        cohorts=old.cohorts,
    )


_SUMS = ("submissions", "graded", "late", "banked", "viewed", "completed", "watched_ms")
_BEFORE_SUMS = Enrolment.__struct_fields__.index("version") + 1
"""Columns that came later stand behind the sums: a view is only ever extended at its end."""

ENROLMENT = Documents(
    name="enrolment",
    row=Enrolment,
    key=("run", "subject"),
    facts=OF_ITEMS
    | names(LearnerEnrolled, LearnerWithdrawn, EnrolmentTransferred, OutcomeRecorded)
    | names(CohortJoined, CohortLeft)
    | names(CourseGradeComputed, CoursePassed, CourseFailed, CertificateIssued)
    | {"CertificateRevoked"},
    keys=enrolment_keys,
    fold=fold_enrolment,
    indexes=("(subject)",),
)
PROGRESS = Reading(
    name="progress",
    version=2,
    documents=(ENROLMENT, ITEM_PROGRESS),
    tallies=(
        Tally(
            name="enrolment_items",
            dimensions={"run": str, "subject": str},
            amounts=dict.fromkeys(_SUMS, int),
            measures={"item_progress": measure_item},
        ),
    ),
    views=(
        View(
            "enrolments",
            columns(Enrolment, "e")[:_BEFORE_SUMS]
            + tuple(f"coalesce(s.{name}, 0)::bigint as {name}" for name in _SUMS)
            + columns(Enrolment, "e")[_BEFORE_SUMS:],
            "{enrolment} e left join {enrolment_items} s"
            " on s.run = e.run and s.subject = e.subject",
        ),
        View("item_progress", columns(ItemProgress), "{item_progress}"),
    ),
)
