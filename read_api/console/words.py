"""What does a fact say, in words for a person?"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from domain.assessment.facts import SubmissionReceived
from domain.catalogue.facts import (
    ContentVersionPublished,
    CourseCreated,
    GradingPolicyPublished,
    PrerequisiteSet,
    RunArchived,
    RunRescheduled,
    RunScheduled,
    SeatsCounted,
    SeatsLimited,
)
from domain.credentials.facts import CertificateIssued, CertificateRevoked
from domain.engagement.facts import ItemCompleted, ItemViewed, VideoWatched
from domain.enrolment.facts import (
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    SeatReleased,
    SeatTaken,
)
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    ResultTransferred,
    SubmissionGraded,
)
from domain.kernel import Fact

Titles = Callable[[str], str]
"""Gives the title of an item by its id (the id itself where the title is not known)."""


class Words(NamedTuple):
    """A symbol of ``charts.SYMBOLS``, a sentence, and what qualifies it."""

    symbol: str
    sentence: str
    detail: str = ""


def duration(seconds: int) -> str:
    """Say a length of time roughly, in its largest unit: ``3 days``, ``1 hour``, ``40 s``."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count:,} {name}{'s' if count != 1 else ''}"
    return f"{seconds} s"


def late(seconds: int) -> str:
    """Say how late: ``3 days late``. Nothing is late by 0 seconds."""
    return f"{duration(seconds)} late" if seconds > 0 else "in time"


def clip(milliseconds: int) -> str:
    """Say a place in a video: ``1:02:03``."""
    seconds = milliseconds // 1_000
    hours, minutes = seconds // 3_600, seconds // 60 % 60
    head = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{head}:{seconds % 60:02}"


def number(text: str | Fraction | None) -> str:
    """Say an exact number shortly: ``72``, ``72.5``; at most two decimals, marked where cut."""
    if text is None:
        return "–"
    value = Fraction(text)
    cut = round(value, 2)
    shown = f"{float(cut):.2f}".rstrip("0").rstrip(".")
    return shown if cut == value else f"≈ {shown}"


def say(fact: Fact | None, kind: str, titles: Titles) -> Words:
    """Put a fact into words. A fact that this version does not know is named by its type."""
    if fact is None:
        return Words("outcome", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize())
    for said in (_learner(fact, titles), _catalogue(fact)):
        if said is not None:
            return said
    return say(None, kind, titles)


def _learner(fact: Any, titles: Titles) -> Words | None:
    match fact:
        case SubmissionReceived():
            how = "" if fact.due is None else f", {late(fact.late_seconds)}"
            again = "" if fact.number == 1 else f", for the {_ordinal(fact.number)} time"
            due = "" if fact.due is None else f"due {fact.due:%-d %b %Y %H:%M} UTC"
            return Words("submit", f"Submitted {titles(fact.item)}{again}{how}", due)
        case SubmissionGraded():
            return Words(
                "grade",
                f"{titles(fact.item)} graded {number(fact.raw)} of {number(fact.possible)}",
                f"by {fact.grader}",
            )
        case VideoWatched():
            shown = f"{clip(fact.start_ms)} to {clip(fact.end_ms)}"
            return Words("view", f"Watched {titles(fact.item)}", f"{shown} at {fact.rate}×")
        case ItemViewed():
            return Words("view", f"Opened {titles(fact.item)}")
        case ItemCompleted():
            return Words("view", f"Completed {titles(fact.item)}", f"by {fact.basis}")
        case LearnerEnrolled():
            known = "" if fact.day_known else "the day is not known; this is only a bound"
            return Words("enrol", f"Enrolled, mode {fact.mode}", known)
        case LearnerWithdrawn():
            return Words("leave", "Withdrew", "with a reason (sealed)" if fact.reason else "")
        case EnrolmentTransferred(direction="in"):
            carried = f"carrying {len(fact.carried)} results"
            return Words("enrol", f"Transferred in from {fact.from_run}", carried)
        case EnrolmentTransferred():
            return Words("leave", f"Transferred out to {fact.to_run}")
        case ResultTransferred():
            score = "score unknown" if fact.raw is None else f"{number(fact.raw)} of {number(fact.possible)}"
            origin = "an earlier run" if fact.from_run is None else fact.from_run
            return Words("grade", f"{titles(fact.item)} carried over from {origin}", score)
        case CourseGradeComputed():
            letter = f", {fact.letter}" if fact.letter else ""
            return Words(
                "grade", f"Course grade {fact.percent}%{letter}", f"policy {fact.policy_number}"
            )
        case CoursePassed():
            return Words("outcome", f"Passed the course with {fact.percent}%")
        case CourseFailed():
            return Words("outcome", f"Failed the course with {fact.percent}%")
        case OutcomeRecorded():
            return Words("outcome", f"Outcome: {fact.result}", "recorded by the exam board")
        case CertificateIssued():
            share = "" if fact.percent is None else f", {fact.percent}%"
            return Words("certificate", f"Certificate issued: {fact.result}{share}", fact.certificate)
        case CertificateRevoked():
            return Words("leave", "Certificate revoked", fact.certificate)
        case SeatTaken():
            return Words("enrol", f"Seat taken by {fact.subject}")
        case SeatReleased():
            return Words("leave", f"Seat released by {fact.subject}")
    return None


def _catalogue(fact: Any) -> Words | None:
    match fact:
        case CourseCreated():
            return Words("outcome", f"Course {fact.course} created", fact.title)
        case PrerequisiteSet(prerequisite=None):
            return Words("outcome", f"Course {fact.course} needs nothing before it any more")
        case PrerequisiteSet():
            return Words("outcome", f"Course {fact.course} now needs {fact.prerequisite.course}")
        case RunScheduled():
            window = f"{fact.starts:%-d %b %Y} to {fact.ends:%-d %b %Y}"
            return Words("outcome", f"Run {fact.run} scheduled", window)
        case RunRescheduled():
            window = f"{fact.starts:%-d %b %Y} to {fact.ends:%-d %b %Y}"
            return Words("outcome", f"Run {fact.run} rescheduled", window)
        case RunArchived():
            return Words("leave", f"Run {fact.run} archived")
        case ContentVersionPublished():
            said = f"Content version {fact.number} of {fact.run} published"
            return Words("view", said, f"{len(fact.items):,} items")
        case GradingPolicyPublished():
            return Words("grade", f"Grading policy {fact.number} of {fact.run} published")
        case SeatsLimited(capacity=None):
            return Words("enrol", f"Seats of {fact.run} no longer limited")
        case SeatsLimited():
            return Words("enrol", f"Seats of {fact.run} limited to {fact.capacity:,}")
        case SeatsCounted():
            return Words("enrol", f"Seats of {fact.run} counted: {len(fact.taken):,} taken")
    return None


def _ordinal(count: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(count % 10 if count % 100 not in (11, 12, 13) else 0)
    return f"{count:,}{ending or 'th'}"
