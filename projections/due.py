"""What falls due, and when?

What happens because time passes begins with facts that name a moment: an offer expires, a lease
ends. Here they are, one row for each, until another fact says that nothing will happen any more.
The scheduler sends their commands when the time has come; the command decides by what stands then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.assessment.facts import (
    AttemptAbandoned,
    AttemptDeadlineMoved,
    AttemptStarted,
    ExtensionGranted,
    ExtensionWithdrawn,
    SubmissionReceived,
)
from domain.catalogue.facts import (
    SUBMITTABLE,
    ContentVersionPublished,
    DueDateOverridden,
    DueOverrideRemoved,
    GradingPolicyPublished,
    RunRescheduled,
)
from domain.enrolment.facts import (
    AccessExpired,
    CohortJoined,
    CohortLeft,
    EnrolmentTransferred,
    LearnerEnrolled,
    LearnerWithdrawn,
    ModeChanged,
    SeatOffered,
    SeatOfferLapsed,
    SeatTaken,
    WaitlistLeft,
)
from domain.grading.facts import ExcuseWithdrawn, OverrideRemoved
from domain.kernel import Envelope, stream_ids
from domain.peer_review.facts import (
    PeerScoreFinalized,
    ReviewClaimed,
    ReviewLeaseExpired,
    ReviewSubmitted,
    SubmissionPooled,
)
from projections.due_entries import Entry, Kind, due
from projections.reading import names

_JUST_LATE = timedelta(microseconds=1)
"""A due moment itself is in time."""


def _offers(envelope: Envelope) -> Iterable[Entry]:
    """An offered seat lapses when it was not taken in time."""
    (run,), fact = stream_ids(envelope.stream), envelope.fact
    match fact:
        case SeatOffered(subject=subject, expires=expires):
            body = {"run": run, "subject": subject}
            yield Entry(run, subject, expires, "lapse-offer", body)
        case SeatTaken(subject=subject) | SeatOfferLapsed(subject=subject):
            yield Entry(run, subject, None)
        case WaitlistLeft(subject=subject):
            yield Entry(run, subject, None)


def _windows(envelope: Envelope) -> Iterable[Entry]:
    """Seats that are free when a window opens anew are offered to those who wait."""
    (run,), fact = stream_ids(envelope.stream), envelope.fact
    if isinstance(fact, RunRescheduled):
        at = fact.opens or envelope.occurred_at
        yield Entry(run, None, at, "offer-seats", {"run": run})


def _attempts(envelope: Envelope) -> Iterable[Entry]:
    """A timed attempt expires when its time is up, unless it has ended. Where it has another
    deadline, or a grace period, the command says until when."""
    (run, subject), fact = stream_ids(envelope.stream), envelope.fact
    match fact:
        case AttemptStarted(deadline=None):
            return
        case (
            AttemptStarted(item=item, attempt=attempt, deadline=deadline)
            | AttemptDeadlineMoved(item=item, attempt=attempt, deadline=deadline)
        ):
            body = {"run": run, "subject": subject, "item": item, "attempt": attempt}
            yield Entry(run, subject, deadline, "expire-attempt", body, f"{item}/{attempt}")
        case (
            SubmissionReceived(item=item, attempt=attempt)
            | AttemptAbandoned(item=item, attempt=attempt)
        ):
            yield Entry(run, subject, None, thing=f"{item}/{attempt}")


def _missing_work(envelope: Envelope) -> Iterable[Entry]:
    """Work is missing from just after its due date on, where the run's policy scores that.

    Learners for whom another date holds are asked for again then: so is everybody, at once, where
    dates counted from the enrolment are new or move. Who comes in, and for whom other dates hold
    from now on, or a score counts no more, is asked for at once by themselves: everybody may have
    been asked for without them.
    """
    (run, *_), fact = stream_ids(envelope.stream), envelope.fact
    match fact:
        case LearnerEnrolled(missing_from=dues, scores_missing=scores):
            for one in dues:
                yield _own_due(run, envelope.subject, one.item, one.due, f"{one.item}//enrolled")
            if scores:
                yield _all_of(run, envelope)
        case CohortJoined() | CohortLeft() | ExtensionWithdrawn():
            yield _all_of(run, envelope)
        case ExcuseWithdrawn() | OverrideRemoved():
            yield _all_of(run, envelope)
        case GradingPolicyPublished(missing_from=dues, missing_after=after):
            for one in dues:
                yield _item_due(run, one.item, one.due, one.item)
            yield from _at_once(run, envelope, after)
        case RunRescheduled(missing_after=after):
            yield from _at_once(run, envelope, after)
        case ContentVersionPublished(scores_missing=True, items=items):
            taking = [item for item in items if item.kind in SUBMITTABLE]
            for item in taking:
                if item.due is not None:
                    yield _item_due(run, item.item, item.due, item.item)
            after = tuple(item.item for item in taking if item.due_after_s is not None)
            yield from _at_once(run, envelope, after)
        case DueDateOverridden(scores_missing=True, item=name, cohort=cohort, due=due):
            yield _item_due(run, name, due, f"{name}/{cohort or ''}")
        case DueOverrideRemoved(item=name, cohort=cohort, scores_missing=scores):
            yield Entry(run, None, None, thing=f"{name}/{cohort or ''}")
            yield from _at_once(run, envelope, (name,) if scores else ())
        case ExtensionGranted(item=name, due=due, no_due=no_due):
            yield _own_due(run, envelope.subject, name, None if no_due else due, name)


def _at_once(run: str, envelope: Envelope, items: Iterable[str]) -> Iterable[Entry]:
    for item in items:
        yield _item_due(run, item, envelope.occurred_at - _JUST_LATE, f"{item}//enrolled")


def _all_of(run: str, envelope: Envelope) -> Entry:
    """All that has fallen due for a learner, whenever that was."""
    at = envelope.occurred_at - _JUST_LATE
    body = {"run": run, "subject": envelope.subject}
    return Entry(run, envelope.subject, at, "score-missing-work", body)


def _own_due(run: str, subject: str | None, item: str, due: datetime | None, thing: str) -> Entry:
    at = None if due is None else due + _JUST_LATE
    body = {"run": run, "subject": subject, "item": item}
    return Entry(run, subject, at, "score-missing-work", body, thing)


def _item_due(run: str, item: str, due: datetime | None, thing: str) -> Entry:
    at = None if due is None else due + _JUST_LATE
    return Entry(run, None, at, "score-missing-work", {"run": run, "item": item}, thing, each=True)


def _access(envelope: Envelope) -> Iterable[Entry]:
    """Who audits a run has access for a time; whoever leaves or changes mode is not concerned."""
    (run, subject), fact = stream_ids(envelope.stream), envelope.fact
    body = {"run": run, "subject": subject}
    match fact:
        case LearnerEnrolled(access_until=until) | ModeChanged(access_until=until):
            yield Entry(run, subject, until, "expire-access", body)
        case EnrolmentTransferred(direction="in"):
            pass  # LearnerEnrolled beside it says the rest
        case _:
            yield Entry(run, subject, None)


def _leases(envelope: Envelope) -> Iterable[Entry]:
    """A claimed review comes free when it was not made in time."""
    (run, item), fact = stream_ids(envelope.stream), envelope.fact
    match fact:
        case ReviewClaimed(subject=subject, review=review, expires=expires):
            body = {"run": run, "subject": subject, "item": item, "review": review}
            yield Entry(run, subject, expires, "expire-review-lease", body, f"{item}/{review}")
        case ReviewSubmitted(subject=subject, review=review):
            yield Entry(run, subject, None, thing=f"{item}/{review}")
        case ReviewLeaseExpired(subject=subject, review=review):
            yield Entry(run, subject, None, thing=f"{item}/{review}")


def _peer_scores(envelope: Envelope) -> Iterable[Entry]:
    """After some days fewer reviews are enough, where the task is flexible."""
    match envelope.fact:
        case SubmissionPooled(subject=subject, item=item, attempt=attempt, relaxes_at=at):
            run, _ = stream_ids(envelope.stream)
            body = {"run": run, "subject": subject, "item": item}
            yield Entry(run, subject, at, "finalize-peer-score", body, f"{item}/{attempt}")
        case PeerScoreFinalized(item=item, attempt=attempt):
            run, subject = stream_ids(envelope.stream)
            yield Entry(run, subject, None, thing=f"{item}/{attempt}")


KINDS: tuple[Kind, ...] = (
    Kind(
        "access",
        names(LearnerEnrolled, ModeChanged, LearnerWithdrawn, EnrolmentTransferred, AccessExpired),
        _access,
    ),
    Kind("review-lease", names(ReviewClaimed, ReviewSubmitted, ReviewLeaseExpired), _leases),
    Kind("peer-score", names(SubmissionPooled, PeerScoreFinalized), _peer_scores),
    Kind("offer", names(SeatOffered, SeatTaken, SeatOfferLapsed, WaitlistLeft), _offers),
    Kind("window", names(RunRescheduled), _windows),
    Kind(
        "attempt",
        names(AttemptStarted, AttemptDeadlineMoved, SubmissionReceived, AttemptAbandoned),
        _attempts,
    ),
    Kind(
        "missing-work",
        names(GradingPolicyPublished, ContentVersionPublished, DueDateOverridden)
        | names(DueOverrideRemoved, ExtensionGranted, LearnerEnrolled, RunRescheduled)
        | names(CohortJoined, CohortLeft, ExtensionWithdrawn, ExcuseWithdrawn, OverrideRemoved),
        _missing_work,
    ),
)


DUE = due(5, KINDS)
