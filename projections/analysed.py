"""What of a learner, and of their work at an item, goes into the sums of a run?"""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.assessment.facts import LatenessRedecided, SubmissionReceived
from domain.credentials.facts import CertificateIssued, CertificateReissued, CertificateRevoked
from domain.enrolment.facts import EnrolmentTransferred, LearnerEnrolled, LearnerWithdrawn
from domain.grading.facts import (
    CourseFailed,
    CoursePassed,
    LatePenaltyApplied,
    MissingWorkCleared,
    MissingWorkScored,
    OutcomeRecorded,
    OverrideRemoved,
    ResultTransferred,
    ScoreOverridden,
    SubmissionGraded,
)
from domain.integrity.facts import AttemptRestored, AttemptVoided
from domain.kernel import Envelope
from domain.peer_review.facts import PeerScoreFinalized
from projections.exact import number, share
from projections.item_progress import enrolment_keys, item_keys
from projections.reading import Documents, Key, names


class Learner(Struct, frozen=True, gc=False):
    """What one learner in one run adds to the sums. Days are UTC; None: unknown."""

    run: str
    subject: str
    status: str = "unknown"
    enrolled: tuple[date | None, ...] = ()
    left: tuple[date, ...] = ()
    outcome: str | None = None
    outcome_basis: str | None = None
    certificates: tuple[date, ...] = ()
    revoked: int = 0


class Try(Struct, frozen=True, gc=False, omit_defaults=True):
    """One attempt: the days of submission and latest grade, the latest score, what of it was
    deducted for being late, and whether it counts for nothing."""

    attempt: str
    day: date | None = None
    late: bool = False
    graded: date | None = None
    raw: str | None = None
    possible: str | None = None
    deducted: str = "0"
    voided: bool = False


class Work(Struct, frozen=True, gc=False):
    """What one learner's work on one item adds to the sums."""

    run: str
    subject: str
    item: str
    tries: tuple[Try, ...] = ()
    banked: bool = False
    banked_raw: str | None = None
    banked_possible: str | None = None
    override_raw: str | None = None
    override_possible: str | None = None
    missing_raw: str | None = None
    missing_possible: str | None = None


def fold_learner(document: Learner | None, envelope: Envelope, key: Key) -> Learner:
    """Take one fact of the enrolment's stream in."""
    old = document or Learner(*key)
    match envelope.fact:
        case LearnerEnrolled(day_known=known):
            day = _day(envelope.occurred_at) if known else None
            return replace(old, status="active", enrolled=(*old.enrolled, day))
        case LearnerWithdrawn():
            return replace(old, status="withdrawn", left=(*old.left, _day(envelope.occurred_at)))
        case EnrolmentTransferred(direction="out"):
            return replace(old, status="transferred", left=(*old.left, _day(envelope.occurred_at)))
        case OutcomeRecorded(result=result):
            return replace(old, outcome=result, outcome_basis="board")
        case CoursePassed() if old.outcome_basis != "board":
            return replace(old, outcome="pass", outcome_basis="computed")
        case CourseFailed() if old.outcome_basis != "board":
            return replace(old, outcome="fail", outcome_basis="computed")
        case CertificateIssued():
            return replace(old, certificates=(*old.certificates, _day(envelope.occurred_at)))
        case CertificateRevoked():
            return replace(old, revoked=old.revoked + 1)
        case CertificateReissued():
            return replace(old, revoked=0)  # another one is valid in its place
        case _:
            return old


def fold_work(document: Work | None, envelope: Envelope, key: Key) -> Work:
    """Take one submission, grade or banked result in."""
    old = document or Work(*key)
    day = _day(envelope.occurred_at)
    match envelope.fact:
        case SubmissionReceived(attempt=attempt, late_seconds=late):
            return _tried(old, attempt, day=day, late=late > 0)
        case LatenessRedecided(attempt=attempt, late_seconds=late):
            return _tried(old, attempt, late=late > 0)
        case (
            SubmissionGraded(attempt=attempt, raw=raw, possible=possible)
            | PeerScoreFinalized(attempt=attempt, raw=raw, possible=possible)
        ):
            share(raw, possible)
            number(raw), number(possible)
            return _tried(old, attempt, graded=day, raw=raw, possible=possible, deducted="0")
        case LatePenaltyApplied(attempt=attempt, raw=raw, possible=possible, deducted=deducted):
            share(raw, possible)
            number(raw), number(possible), number(deducted)
            return _tried(old, attempt, raw=raw, possible=possible, deducted=deducted)
        case AttemptVoided(attempt=attempt):
            return _tried(old, attempt, voided=True)
        case AttemptRestored(attempt=attempt):
            return _tried(old, attempt, voided=False)
        case ScoreOverridden(new=new, possible=possible):
            share(new, possible)
            number(new), number(possible)
            return replace(old, override_raw=new, override_possible=possible)
        case MissingWorkScored(raw=raw, possible=possible):
            share(raw, possible)
            number(raw), number(possible)
            return replace(old, missing_raw=raw, missing_possible=possible)
        case MissingWorkCleared():
            return replace(old, missing_raw=None, missing_possible=None)
        case OverrideRemoved():
            return replace(old, override_raw=None, override_possible=None)
        case ResultTransferred(raw=raw, possible=possible):
            if raw is not None:
                share(raw, possible)
                number(raw), number(possible)
            return replace(old, banked=True, banked_raw=raw, banked_possible=possible)
        case _:
            return old


def _tried(old: Work, attempt: str, **fields: object) -> Work:
    for at, one in enumerate(old.tries):
        if one.attempt == attempt:
            mended = replace(one, **fields)
            return replace(old, tries=(*old.tries[:at], mended, *old.tries[at + 1 :]))
    return replace(old, tries=(*old.tries, replace(Try(attempt), **fields)))


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


LEARNER = Documents(
    name="learner",
    row=Learner,
    key=("run", "subject"),
    facts=names(LearnerEnrolled, LearnerWithdrawn, EnrolmentTransferred, OutcomeRecorded)
    | names(CoursePassed, CourseFailed)
    | names(CertificateIssued, CertificateReissued, CertificateRevoked),
    keys=enrolment_keys,
    fold=fold_learner,
)
WORK = Documents(
    name="work",
    row=Work,
    key=("run", "subject", "item"),
    facts=names(SubmissionReceived, LatenessRedecided, SubmissionGraded, ResultTransferred)
    | names(AttemptVoided, AttemptRestored, PeerScoreFinalized)
    | names(LatePenaltyApplied, ScoreOverridden, OverrideRemoved)
    | names(MissingWorkScored, MissingWorkCleared),
    keys=item_keys,
    fold=fold_work,
)
