"""What must decisions know of one learner in one run?"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never, get_args

import msgspec

from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptExpired,
    AttemptStarted,
    ExtensionGranted,
    ExtensionWithdrawn,
    GraderFailed,
    LatenessRedecided,
    SubmissionReceived,
    WorkSaved,
)
from domain.assessment.state import AttemptFact, Attempts, Extensions, with_attempt, with_grade
from domain.catalogue.facts import Mode
from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarLifted,
    CertificateBarred,
    CertificateIssued,
    CertificateReissued,
    CertificateRevoked,
)
from domain.credentials.state import CredentialFact, Credentials, with_credential
from domain.engagement.facts import (
    ItemViewed,
    ModuleRelocked,
    ModuleUnlocked,
    ModuleWaived,
    ModuleWaiverWithdrawn,
)
from domain.enrolment.facts import (
    AccessExpired,
    CohortJoined,
    CohortLeft,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    ModeChanged,
    RefundApproved,
    RefundDenied,
)
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    ExcuseWithdrawn,
    ItemExcused,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OutcomeRecorded,
    OverrideRemoved,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.grading.state import GradingFact, Results, with_result, with_voiding
from domain.growing import Growing
from domain.integrity.facts import (
    AttemptRestored,
    AttemptVoided,
    HonorCodeAccepted,
    IdentityVerified,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)
from domain.integrity.state import Integrity, IntegrityFact, with_integrity
from domain.kernel import StreamKind
from domain.peer_review.facts import PeerScoreFinalized

Standing = Literal["none", "active", "withdrawn", "transferred"]
EnrolmentFact = (
    LearnerEnrolled
    | LearnerWithdrawn
    | EnrolmentTransferred
    | ModeChanged
    | AccessExpired
    | RefundApproved
    | RefundDenied
    | CohortJoined
    | CohortLeft
    | ItemViewed
    | ModuleUnlocked
    | ModuleRelocked
    | ModuleWaived
    | ModuleWaiverWithdrawn
    | ExtensionGranted
    | ExtensionWithdrawn
    | AttemptFact
    | GradingFact
    | CredentialFact
    | IntegrityFact
)


class Enrolment(msgspec.Struct, frozen=True, gc=False):
    """One learner in one run: where they stand, and what they did and achieved.

    ``term`` counts how often the run was begun afresh, and ``began_at`` is when the learner first
    enrolled in it; ``moved`` is the transfer out of this run. Access ends at ``access_until``
    (None: never), and has ``expired`` where that was noted. ``refunds`` are the orders decided
    about.
    """

    standing: Standing = "none"
    mode: Mode | None = None
    satisfied_by: str | None = None
    term: int = 0
    began_at: datetime | None = None
    access_until: datetime | None = None
    expired: datetime | None = None
    refunds: frozenset[str] = frozenset()
    cohorts: frozenset[str] = frozenset()
    moved: EnrolmentTransferred | None = None
    attempts: Attempts = msgspec.field(default_factory=dict)
    extensions: Extensions = msgspec.field(default_factory=dict)
    results: Results = msgspec.field(default_factory=Results)
    viewed: Growing = Growing()
    unlocked: frozenset[str] = frozenset()
    waived: frozenset[str] = frozenset()
    credentials: Credentials = Credentials()
    integrity: Integrity = msgspec.field(default_factory=Integrity)

    @property
    def active(self) -> bool:
        """Whether the learner is in the run now."""
        return self.standing == "active"


def evolve_enrolment(state: Enrolment, fact: EnrolmentFact, at: datetime) -> Enrolment:
    """Take one fact in. Never refuses: what happened, happened."""
    replace = msgspec.structs.replace
    match fact:
        case ItemViewed(item=item):
            return replace(state, viewed=state.viewed.with_one(item))
        case SubmissionReceived():
            return replace(state, attempts=with_attempt(state.attempts, fact, at))
        case SubmissionGraded():
            return replace(
                state,
                attempts=with_grade(state.attempts, fact),
                results=with_result(state.results, fact),
            )
        case (
            PeerScoreFinalized()
            | LatePenaltyApplied()
            | OutcomeRecorded()
            | ResultTransferred()
            | CourseGradeComputed()
            | CoursePassed()
            | CourseFailed()
            | ScoreOverridden()
            | OverrideRemoved()
            | ItemExcused()
            | ExcuseWithdrawn()
            | MissingWorkScored()
            | MissingWorkCleared()
        ):
            return replace(state, results=with_result(state.results, fact))
        case ModuleUnlocked(module=module):
            return replace(state, unlocked=state.unlocked | {module})
        case ModuleRelocked(module=module):
            return replace(state, unlocked=state.unlocked - {module})
        case ModuleWaived(module=module):
            return replace(state, waived=state.waived | {module})
        case ModuleWaiverWithdrawn(module=module):
            return replace(state, waived=state.waived - {module})
        case LearnerEnrolled():
            old = _afresh(state) if fact.afresh else state
            return replace(
                old,
                standing="active",
                mode=fact.mode,
                satisfied_by=fact.satisfied_by,
                began_at=old.began_at or at,
                access_until=fact.access_until,
                expired=None,
            )
        case LearnerWithdrawn():
            return replace(state, standing="withdrawn")
        case (
            AttemptStarted()
            | WorkSaved()
            | AttemptDeadlineMoved()
            | AttemptExpired()
            | AttemptAbandoned()
            | LatenessRedecided()
            | GraderFailed()
        ):
            return replace(state, attempts=with_attempt(state.attempts, fact, at))
        case ModeChanged(mode=mode, access_until=until):
            return replace(state, mode=mode, access_until=until, expired=None)
        case AccessExpired(access_until=until):
            return replace(state, expired=until)
        case RefundApproved(order=order) | RefundDenied(order=order):
            return replace(state, refunds=state.refunds | {order})
        case ExtensionGranted(item=item):
            return replace(state, extensions={**state.extensions, item: fact})
        case ExtensionWithdrawn(item=item):
            left = {key: terms for key, terms in state.extensions.items() if key != item}
            return replace(state, extensions=left)
        case CohortJoined(cohort=cohort):
            return replace(state, cohorts=state.cohorts | {cohort})
        case CohortLeft(cohort=cohort):
            return replace(state, cohorts=state.cohorts - {cohort})
        case EnrolmentTransferred(direction="out"):
            return replace(state, standing="transferred", moved=fact)
        case EnrolmentTransferred():
            return state  # LearnerEnrolled beside it says the rest
        case (
            CertificateIssued()
            | CertificateReissued()
            | CertificateRevoked()
            | CertificateAllowed()
            | CertificateBarred()
            | CertificateBarLifted()
        ):
            return replace(state, credentials=with_credential(state.credentials, fact))
        case (
            HonorCodeAccepted()
            | IdentityVerified()
            | ViolationReported()
            | ViolationUpheld()
            | ViolationDismissed()
        ):
            return replace(state, integrity=with_integrity(state.integrity, fact))
        case AttemptVoided() | AttemptRestored():
            integrity = with_integrity(state.integrity, fact)
            results = with_voiding(state.results, integrity.voided)
            return replace(state, integrity=integrity, results=results)
        case _:
            assert_never(fact)


def _afresh(state: Enrolment) -> Enrolment:
    """Leave earlier work, its terms and results behind; what was certified stays certified."""
    return msgspec.structs.replace(
        state,
        term=state.term + 1,
        began_at=None,
        attempts={},
        extensions={},
        results=Results(),
        viewed=Growing(),
        unlocked=frozenset(),
        waived=frozenset(),
    )


ENROLMENT = StreamKind("enrolment", Enrolment(), evolve_enrolment, get_args(EnrolmentFact))
