"""How far is each learner in each run, and in each of its items?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from domain.assessment.facts import (
    ExtensionGranted,
    ExtensionWithdrawn,
    LatenessRedecided,
    SubmissionReceived,
)
from domain.credentials.facts import CertificateIssued
from domain.engagement.coverage import with_interval
from domain.engagement.facts import ItemCompleted, ItemViewed, VideoWatched
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
    ResultTransferred,
    SubmissionGraded,
)
from domain.kernel import Envelope
from projections.exact import score, share
from projections.reading import Amounts, Documents, Key, Reading, Tally, View, columns, names


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


class Extension(Struct, frozen=True, gc=False, omit_defaults=True):
    """The learner's own terms for an item, as ``ExtensionGranted`` has them."""

    due: datetime | None = None
    no_due: bool = False
    attempts: int = 0
    time_factor: str = "1"


class Attempt(Struct, frozen=True, gc=False, omit_defaults=True):
    """One attempt at an item. ``number`` is 0 where only its grade is known."""

    attempt: str
    number: int = 0
    submitted_at: datetime | None = None
    due: datetime | None = None
    late_seconds: int = 0
    raw: str | None = None
    possible: str | None = None
    graded_at: datetime | None = None


class ItemProgress(Struct, frozen=True, gc=False):
    """One learner and one item of a run.

    ``score`` is the best share of raw by possible among attempts (each with its latest grade) and
    the banked result, rounded to 6 decimals; ``raw``, ``possible`` and ``graded_at`` belong to it.
    ``submitted_at`` and ``late_seconds`` are the latest attempt's. ``covered`` are the milliseconds
    of video watched, as disjoint half-open intervals in order. ``extension`` are the learner's own
    terms.
    """

    run: str
    subject: str
    item: str
    attempts: int = 0
    submitted_at: datetime | None = None
    first_submitted_at: datetime | None = None
    late_seconds: int | None = None
    score: Decimal | None = None
    raw: str | None = None
    possible: str | None = None
    graded_at: datetime | None = None
    banked: bool = False
    banked_raw: str | None = None
    banked_possible: str | None = None
    banked_from: str | None = None
    banked_at: datetime | None = None
    covered: tuple[tuple[int, int], ...] = ()
    covered_ms: int = 0
    completed_at: datetime | None = None
    viewed_at: datetime | None = None
    attempts_detail: tuple[Attempt, ...] = ()
    term: int = 0
    position: int = 0
    extension: Extension | None = None


def fold_enrolment(document: Enrolment | None, envelope: Envelope, key: Key) -> Enrolment:
    """Take one fact of the enrolment's stream in."""
    old = document or Enrolment(key[0], key[1])
    at = envelope.occurred_at
    old = replace(old, position=envelope.position, version=envelope.version, last_occurred_at=at)
    match envelope.fact:
        case SubmissionReceived() | SubmissionGraded() | ItemViewed() | ResultTransferred():
            return old
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


def fold_item(document: ItemProgress | None, envelope: Envelope, key: Key) -> ItemProgress:
    """Take one fact about an item in."""
    old = document or ItemProgress(*key)
    at, position = envelope.occurred_at, envelope.position
    match envelope.fact:
        case SubmissionReceived(number=number) as fact:
            before = () if number == 1 else old.attempts_detail
            made = Attempt(fact.attempt, number, at, fact.due, fact.late_seconds)
            known = next((a for a in before if a.attempt == fact.attempt), None)
            if known is not None:
                made = replace(
                    made, raw=known.raw, possible=known.possible, graded_at=known.graded_at
                )
            attempts = (*(a for a in before if a.attempt != fact.attempt), made)
            return _with_attempts(replace(old, position=position), attempts)
        case SubmissionGraded(attempt=attempt, raw=raw, possible=possible):
            share(raw, possible)  # a score that is no number is put aside here, not later
            detail = old.attempts_detail
            if all(a.attempt != attempt for a in detail):
                detail = (*detail, Attempt(attempt))
            return _with_attempts(
                replace(old, position=position),
                tuple(
                    replace(a, raw=raw, possible=possible, graded_at=at)
                    if a.attempt == attempt
                    else a
                    for a in detail
                ),
            )
        case LatenessRedecided(attempt=attempt, due=due, late_seconds=late):
            judged = tuple(
                replace(a, due=due, late_seconds=late) if a.attempt == attempt else a
                for a in old.attempts_detail
            )
            return _with_attempts(replace(old, position=position), judged)
        case ExtensionGranted(due=due, no_due=no_due, attempts=extra, time_factor=factor):
            terms = Extension(due, no_due, extra, factor)
            return replace(old, extension=terms, position=position)
        case ExtensionWithdrawn():
            return replace(old, extension=None, position=position)
        case ResultTransferred(raw=raw, possible=possible, from_run=from_run):
            if raw is not None:
                share(raw, possible)
            new = replace(
                old,
                banked=True,
                banked_raw=raw,
                banked_possible=possible,
                banked_from=from_run,
                banked_at=at,
                position=position,
            )
            return _with_attempts(new, old.attempts_detail)
        case VideoWatched(start_ms=start, end_ms=end, term=term):
            if term < old.term:
                return old
            covered = with_interval(old.covered if term == old.term else (), start, end)
            return replace(
                old,
                covered=covered,
                covered_ms=sum(b - a for a, b in covered),
                term=term,
                position=position,
            )
        case ItemViewed():
            return replace(old, viewed_at=old.viewed_at or at, position=position)
        case ItemCompleted():
            return replace(old, completed_at=old.completed_at or at, position=position)
        case _:
            return old


def _with_attempts(old: ItemProgress, attempts: tuple[Attempt, ...]) -> ItemProgress:
    """Work out what rests on the attempts and the banked result."""
    made = [a for a in attempts if a.submitted_at is not None]
    first, latest = (made[0], made[-1]) if made else (None, None)
    raw, possible, graded_at = old.banked_raw, old.banked_possible, old.banked_at
    for one in attempts:
        if one.raw is not None and (raw is None or _better(one, raw, possible)):
            raw, possible, graded_at = one.raw, one.possible, one.graded_at
    submitted_at = first.submitted_at if first else None
    return replace(
        old,
        attempts_detail=attempts,
        attempts=len(made),
        completed_at=old.completed_at or submitted_at,
        submitted_at=latest.submitted_at if latest else None,
        first_submitted_at=submitted_at,
        late_seconds=latest.late_seconds if latest else None,
        score=None if raw is None or possible is None else score(raw, possible),
        raw=raw,
        possible=possible,
        graded_at=graded_at if raw is not None else None,
    )


def _better(one: Attempt, raw: str, possible: str | None) -> bool:
    new = share(one.raw, one.possible) if one.raw is not None and one.possible is not None else None
    best = share(raw, possible) if possible is not None else None
    return new is not None and (best is None or new > best)


def measure_item(item: ItemProgress) -> Mapping[Key, Amounts]:
    """What one item adds to the sums of its enrolment."""
    graded = late = 0
    for one in item.attempts_detail:
        graded += one.raw is not None
        late += one.late_seconds > 0
    return {
        (item.run, item.subject): (
            item.attempts,
            graded,
            late,
            int(item.banked),
            int(item.viewed_at is not None),
            int(item.completed_at is not None),
            item.covered_ms,
        )
    }


def enrolment_keys(envelope: Envelope) -> Iterable[Key]:
    """Run and subject, from the name of the stream."""
    return (_run_and_subject(envelope.stream),)


def item_keys(envelope: Envelope) -> Iterable[Key]:
    """Run, subject and item."""
    return ((*_run_and_subject(envelope.stream), envelope.fact.item),)  # type: ignore[attr-defined]


@lru_cache(maxsize=65_536)
def _run_and_subject(stream: str) -> tuple[str, str]:
    _, _, run, subject = stream.split("/")
    return run, subject


_OF_ITEMS = names(SubmissionReceived, SubmissionGraded, ResultTransferred, ItemViewed) | names(
    LatenessRedecided, ExtensionGranted, ExtensionWithdrawn
)
_OF_VIDEOS = names(VideoWatched, ItemCompleted)
_SUMS = ("submissions", "graded", "late", "banked", "viewed", "completed", "watched_ms")
_BEFORE_SUMS = Enrolment.__struct_fields__.index("version") + 1
"""Columns that came later stand behind the sums: a view is only ever extended at its end."""

ENROLMENT = Documents(
    name="enrolment",
    row=Enrolment,
    key=("run", "subject"),
    facts=_OF_ITEMS
    | names(LearnerEnrolled, LearnerWithdrawn, EnrolmentTransferred, OutcomeRecorded)
    | names(CohortJoined, CohortLeft)
    | names(CourseGradeComputed, CoursePassed, CourseFailed, CertificateIssued)
    | {"CertificateRevoked"},
    keys=enrolment_keys,
    fold=fold_enrolment,
    indexes=("(subject)",),
)
ITEM_PROGRESS = Documents(
    name="item_progress",
    row=ItemProgress,
    key=("run", "subject", "item"),
    facts=_OF_ITEMS | _OF_VIDEOS,
    keys=item_keys,
    fold=fold_item,
    indexes=("(subject)", "(run, item)"),
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
