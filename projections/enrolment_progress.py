"""How far is each learner in each run?"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from domain.assessment.facts import SubmissionReceived
from domain.credentials.facts import (
    CertificateAllowed,
    CertificateBarLifted,
    CertificateBarred,
    CertificateIssued,
    CertificateReissued,
)
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
from domain.enrolment.state import ENROLMENT as STREAM
from domain.grading.facts import (
    CourseFailed,
    CourseGradeComputed,
    CoursePassed,
    OutcomeRecorded,
    SubmissionGraded,
)
from domain.integrity.facts import (
    HonorCodeAccepted,
    IdentityVerified,
    ViolationDismissed,
    ViolationReported,
    ViolationUpheld,
)
from domain.kernel import Envelope
from projections.enrolment_row import Enrolment, Refund, Violation
from projections.item_progress import enrolment_keys
from projections.reading import Documents, Key, names


def fold_enrolment(document: Enrolment | None, envelope: Envelope, key: Key) -> Enrolment:
    """Take one fact of the enrolment's stream in."""
    old = document or Enrolment(key[0], key[1])
    at = envelope.occurred_at
    old = replace(old, position=envelope.position, version=envelope.version, last_occurred_at=at)
    match envelope.fact:
        case SubmissionReceived() | SubmissionGraded() | ItemViewed():
            return old  # the commonest; what they say stands with the item
        case LearnerEnrolled() as fact:
            begun = _afresh(old, envelope.position) if fact.afresh else old
            if fact.demographics is not None:
                told = fact.demographics.sealed
                begun = replace(begun, demographics=told, enrolled_fact=envelope.id)
            return replace(
                begun,
                status="active",
                mode=fact.mode,
                enrolled_at=at,
                day_known=fact.day_known,
                withdrawn_at=None,
                began_at=begun.began_at or at,
                access_until=fact.access_until,
                access_expired_at=None,
            )
        case ModeChanged(mode=mode, access_until=until):
            return replace(old, mode=mode, access_until=until, access_expired_at=None)
        case AccessExpired(access_until=until):
            return replace(old, access_until=until, access_expired_at=at)
        case RefundApproved(order=order, ordered_at=ordered_at, until=until):
            return replace(old, refunds=(*old.refunds, Refund(order, True, ordered_at, until, at)))
        case RefundDenied(order=order, ordered_at=ordered_at, until=until, reasons=reasons):
            denied = Refund(order, False, ordered_at, until, at, reasons)
            return replace(old, refunds=(*old.refunds, denied))
        case ModuleUnlocked(module=module):
            return replace(old, unlocked=tuple(sorted({*old.unlocked, module})))
        case ModuleRelocked(module=module):
            return replace(old, unlocked=tuple(one for one in old.unlocked if one != module))
        case ModuleWaived(module=module):
            return replace(old, waived=tuple(sorted({*old.waived, module})))
        case ModuleWaiverWithdrawn(module=module):
            return replace(old, waived=tuple(one for one in old.waived if one != module))
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
        case CertificateReissued(certificate=certificate):
            return replace(old, certificate=certificate)
        case _:
            return _with_credential(_with_integrity(old, envelope), envelope)


def _with_credential(old: Enrolment, envelope: Envelope) -> Enrolment:
    match envelope.fact:
        case CertificateAllowed():
            return replace(old, certificate_allowed=True)
        case CertificateBarred(violation=violation):
            bars = tuple(sorted({*old.certificate_bars, violation or ""}))
            return replace(old, certificate_bars=bars)
        case CertificateBarLifted(violation=violation):
            left = () if violation is None else old.certificate_bars
            return replace(old, certificate_bars=tuple(bar for bar in left if bar != violation))
        case _:
            return old


def _with_integrity(old: Enrolment, envelope: Envelope) -> Enrolment:
    at = envelope.occurred_at
    match envelope.fact:
        case HonorCodeAccepted(version=version):
            return replace(old, honor_code=version)
        case IdentityVerified(expires=expires):
            return replace(old, identity_verified_at=at, identity_expires=expires)
        case ViolationReported(violation=violation, kind=kind, item=item, attempt=attempt):
            new = Violation(violation, kind, item, attempt, at)
            others = tuple(one for one in old.violations if one.violation != violation)
            return replace(old, violations=(*others, new))
        case ViolationUpheld(violation=violation, consequences=consequences):
            return _found(old, violation, "upheld", at, consequences)
        case ViolationDismissed(violation=violation):
            return _found(old, violation, "dismissed", at, ())
        case _:
            return old


def _found(
    old: Enrolment, violation: str, finding: str, at: datetime, consequences: tuple[str, ...]
) -> Enrolment:
    return replace(
        old,
        violations=tuple(
            replace(one, finding=finding, decided_at=at, consequences=consequences)
            if one.violation == violation
            else one
            for one in old.violations
        ),
    )


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
        certificate_allowed=old.certificate_allowed,
        certificate_bars=old.certificate_bars,
        honor_code=old.honor_code,
        identity_verified_at=old.identity_verified_at,
        identity_expires=old.identity_expires,
        violations=old.violations,
    )


ENROLMENT = Documents(
    name="enrolment",
    row=Enrolment,
    key=("run", "subject"),
    facts=names(*STREAM.facts),
    keys=enrolment_keys,
    fold=fold_enrolment,
    indexes=("(subject)",),
)
