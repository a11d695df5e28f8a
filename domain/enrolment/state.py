"""What must decisions know of one learner in one run?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never

import msgspec

from domain.assessment.facts import SubmissionReceived
from domain.assessment.state import Attempts, with_submission
from domain.catalogue.facts import Mode
from domain.credentials.facts import CertificateIssued, CertificateRevoked
from domain.credentials.state import Certificate, certificate_after
from domain.engagement.facts import ItemViewed
from domain.enrolment.facts import EnrolmentTransferred, LearnerEnrolled, LearnerWithdrawn
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    ResultTransferred,
    SubmissionGraded,
)
from domain.grading.state import GradingFact, Results, with_result
from domain.kernel import StreamKind

Standing = Literal["none", "active", "withdrawn", "transferred"]
EnrolmentFact = (
    SubmissionReceived
    | GradingFact
    | ItemViewed
    | LearnerEnrolled
    | LearnerWithdrawn
    | EnrolmentTransferred
    | CertificateIssued
    | CertificateRevoked
)


class Enrolment(msgspec.Struct, frozen=True):
    """One learner in one run: where they stand, and what they did and achieved.

    ``term`` counts how often the run was begun afresh; ``moved`` is the transfer out of this run.
    """

    standing: Standing = "none"
    mode: Mode | None = None
    satisfied_by: str | None = None
    term: int = 0
    moved: EnrolmentTransferred | None = None
    attempts: Attempts = msgspec.field(default_factory=dict)
    results: Results = msgspec.field(default_factory=Results)
    viewed: frozenset[str] = frozenset()
    certificate: Certificate | None = None

    @property
    def active(self) -> bool:
        """Whether the learner is in the run now."""
        return self.standing == "active"


def evolve_enrolment(state: Enrolment, fact: EnrolmentFact, _at: datetime) -> Enrolment:
    """Take one fact in. Never refuses: what happened, happened."""
    replace = msgspec.structs.replace
    match fact:
        case SubmissionReceived():
            return replace(state, attempts=with_submission(state.attempts, fact))
        case (
            SubmissionGraded()
            | OutcomeRecorded()
            | ResultTransferred()
            | CourseGradeComputed()
            | CoursePassed()
            | CourseFailed()
        ):
            return replace(state, results=with_result(state.results, fact))
        case ItemViewed(item=item):
            return replace(state, viewed=state.viewed | {item})
        case LearnerEnrolled(mode=mode, satisfied_by=satisfied_by, afresh=afresh):
            begun = replace(state, standing="active", mode=mode, satisfied_by=satisfied_by)
            return _afresh(begun) if afresh else begun
        case LearnerWithdrawn():
            return replace(state, standing="withdrawn")
        case EnrolmentTransferred(direction="out"):
            return replace(state, standing="transferred", moved=fact)
        case EnrolmentTransferred():
            return state  # LearnerEnrolled beside it says the rest
        case CertificateIssued() | CertificateRevoked():
            return replace(state, certificate=certificate_after(fact))
        case _:
            assert_never(fact)


def _afresh(state: Enrolment) -> Enrolment:
    """Leave earlier work and results behind; what was certified stays certified."""
    return msgspec.structs.replace(
        state, term=state.term + 1, attempts={}, results=Results(), viewed=frozenset()
    )


ENROLMENT = StreamKind(
    "enrolment",
    Enrolment(),
    evolve_enrolment,
    (
        LearnerEnrolled,
        LearnerWithdrawn,
        EnrolmentTransferred,
        ItemViewed,
        SubmissionReceived,
        SubmissionGraded,
        ResultTransferred,
        CourseGradeComputed,
        CoursePassed,
        CourseFailed,
        OutcomeRecorded,
        CertificateIssued,
        CertificateRevoked,
    ),
)
