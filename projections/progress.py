"""How far is each learner in each run, and in each of its items?"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
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
from projections.item_progress import (
    ITEM_PROGRESS,
    enrolment_keys,
    measure_item,
)
from projections.item_row import ItemProgress
from projections.reading import Documents, Key, Reading, Tally, View, columns, names
from projections.waiting import WAITING, Waiting


class Violation(Struct, frozen=True, gc=False, omit_defaults=True):
    """What was reported against the learner: ``finding`` is reported, upheld or dismissed."""

    violation: str
    kind: str
    item: str | None = None
    attempt: str | None = None
    reported_at: datetime | None = None
    finding: str = "reported"
    decided_at: datetime | None = None
    consequences: tuple[str, ...] = ()


class Refund(Struct, frozen=True, gc=False):
    """What was decided about an order's money; ``reasons`` where it is not given back."""

    order: str
    approved: bool
    ordered_at: datetime
    until: datetime
    decided_at: datetime
    reasons: tuple[str, ...] = ()


class Enrolment(Struct, frozen=True, gc=False):
    """One learner in one run.

    ``status`` is active, withdrawn or transferred, and unknown where the facts at hand do not say
    how it began. ``outcome`` is the board's, or what was computed while the board has not decided
    (``outcome_basis``). ``enrolled_fact`` is the id that ``demographics`` are sealed with.
    ``began_position`` is where the learner last began from nothing, ``began_at`` when they first
    enrolled since. ``version`` is that of the enrolment's stream. ``certificate_bars`` are the
    violations that bar a certificate, an empty text among them for a bar of its own. Access ends at
    ``access_until`` (None: never), and did at ``access_expired_at``.
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
    certificate_allowed: bool = False
    certificate_bars: tuple[str, ...] = ()
    honor_code: str | None = None
    identity_verified_at: datetime | None = None
    identity_expires: datetime | None = None
    violations: tuple[Violation, ...] = ()
    access_until: datetime | None = None
    access_expired_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()
    unlocked: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()


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


_SUMS = ("submissions", "graded", "late", "banked", "viewed", "completed", "watched_ms")
_BEFORE_SUMS = Enrolment.__struct_fields__.index("version") + 1
"""Columns that came later stand behind the sums: a view is only ever extended at its end."""

ENROLMENT = Documents(
    name="enrolment",
    row=Enrolment,
    key=("run", "subject"),
    facts=names(*STREAM.facts),
    keys=enrolment_keys,
    fold=fold_enrolment,
    indexes=("(subject)",),
)
PROGRESS = Reading(
    name="progress",
    version=3,
    documents=(ENROLMENT, ITEM_PROGRESS, WAITING),
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
            " on s.tenant = e.tenant and s.run = e.run and s.subject = e.subject",
            "e",
            analysts=(
                *("run", "subject", "status", "mode", "enrolled_at", "withdrawn_at", "outcome"),
                *("outcome_at", "outcome_basis", "percent", "letter", "last_occurred_at", *_SUMS),
            ),
        ),
        View(
            "item_progress",
            columns(ItemProgress),
            "{item_progress}",
            analysts=(
                *("run", "subject", "item", "attempts", "submitted_at", "first_submitted_at"),
                *("late_seconds", "score", "graded_at", "banked", "covered_ms", "completed_at"),
                *("viewed_at", "excused_at"),
            ),
        ),
        View("waitlist", columns(Waiting), "{waiting}"),
    ),
)
